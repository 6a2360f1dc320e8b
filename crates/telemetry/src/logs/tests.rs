//! Lines as they are written.

use std::io::Write;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tracing_subscriber::fmt::MakeWriter;

use super::{JsonLines, LogError, LogSettings, init};

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Lines {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

/// The lines that `log` writes, without their times, which are checked here.
fn lines(log: impl FnOnce()) -> Vec<Value> {
    let written = Lines::default();
    let subscriber = tracing_subscriber::fmt()
        .with_writer(written.clone())
        .event_format(JsonLines)
        .finish();
    tracing::subscriber::with_default(subscriber, log);
    let bytes = written.0.lock().unwrap().clone();
    let text = String::from_utf8(bytes).unwrap();
    let without_time = |line: &str| {
        let mut line: Value = serde_json::from_str(line).unwrap();
        let time = line.as_object_mut().unwrap().remove("timestamp").unwrap();
        let time = time.as_str().unwrap();
        assert!(
            time.parse::<jiff::Timestamp>().is_ok() && time.len() == 24,
            "{time}"
        );
        line
    };
    text.lines().map(without_time).collect()
}

#[derive(Debug, thiserror::Error)]
#[error("outer")]
struct Outer(#[source] Inner);

#[derive(Debug, thiserror::Error)]
#[error("inner")]
struct Inner;

#[test]
fn an_event_is_a_line_of_the_seeds_form() {
    let written = lines(|| {
        tracing::info!(
            event_type = "order_created",
            orderId = "01939f7c",
            totalAmount = %"59.98",
            items = 2_usize,
            ok = true,
            rate = 0.5,
            nan = f64::NAN,
            below = -3,
            note = "a\n\"b\"",
        );
        let error = Outer(Inner);
        tracing::error!(
            event_type = "request_failed",
            error = &error as &dyn std::error::Error
        );
        tracing::warn!("only a {}", "message");
    });
    assert_eq!(
        written,
        [
            json!({"level": "INFO", "event_type": "order_created", "data":
                {"orderId": "01939f7c", "totalAmount": "59.98", "items": 2, "ok": true, "rate": 0.5, "nan": "NaN", "below": -3, "note": "a\n\"b\""}}),
            json!({"level": "ERROR", "event_type": "request_failed", "data": {"error": "outer: inner"}}),
            json!({"level": "WARN", "event_type": "telemetry::logs::tests", "data": {"message": "only a message"}}),
        ]
    );
}

#[test]
fn what_cannot_be_set_up_says_why() {
    let filter = LogSettings {
        filter: "functions=loud".to_owned(),
        ..LogSettings::default()
    };
    assert!(matches!(init(&filter), Err(LogError::Filter { .. })));
    let file = LogSettings {
        file: Some("/nowhere/at/all.log".into()),
        ..LogSettings::default()
    };
    assert!(matches!(init(&file), Err(LogError::File { .. })));
}
