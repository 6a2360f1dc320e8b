//! Lines as they are written.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::{Arc, Mutex};

use ports::metrics::MetricSource;
use ports::observability::{LogQuery, ObserveError};
use ports::trace::{Name, NoRecorder, Scope, Service, ServiceKind, SpanId, TraceId};
use serde_json::{Value, json};
use tracing_subscriber::layer::SubscriberExt;

use super::files::Files;
use super::json::GroupedLines;
use super::pipe::Pipe;
use super::{Groups, LogError, LogSettings, Logging, SERVER_GROUP, init};

const CREATION: &str = "/aws/lambda/order-creation";

/// A log below `dir`, with what `log` wrote to it.
fn logged(dir: &std::path::Path, log: impl FnOnce()) -> Logging {
    let logging = Logging::default();
    let retention = vec![(CREATION.to_owned(), Some(7))];
    logging.store_in(dir, retention).unwrap();
    let writer = logging.pipe.start(None, Arc::clone(&logging.files)).unwrap();
    let subscriber = tracing_subscriber::registry().with(GroupedLines(Arc::clone(&logging.pipe)));
    tracing::subscriber::with_default(subscriber, log);
    logging.pipe.flush();
    drop(writer);
    logging
}

fn messages(logging: &Logging, query: LogQuery) -> Vec<Value> {
    let table = logging.search(&LogQuery { limit: 100, ..query }).unwrap();
    table.rows.into_iter().map(|row| row.values[0].clone()).collect()
}

/// The lines that `log` writes, oldest first, without their times, which are checked here.
fn lines(log: impl FnOnce()) -> Vec<Value> {
    let dir = tempfile::tempdir().unwrap();
    let logging = logged(dir.path(), log);
    let mut lines = messages(&logging, LogQuery::default());
    lines.reverse();
    for line in &mut lines {
        let time = line.as_object_mut().unwrap().remove("timestamp").unwrap();
        let time = time.as_str().unwrap();
        assert!(
            time.parse::<jiff::Timestamp>().is_ok() && time.len() == 24,
            "{time}"
        );
    }
    lines
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

#[test]
fn what_a_function_logs_is_in_its_group_with_its_ids() {
    let dir = tempfile::tempdir().unwrap();
    let trace = TraceId::parse("4bf92f3577b34da6a3ce929d0e0e4736").unwrap();
    let scope = Scope::new(
        Arc::new(NoRecorder),
        Service::new("order-creation", ServiceKind::Function),
        "r-1".to_owned(),
        vec![(trace, SpanId::new(7))],
    );
    let logging = logged(dir.path(), || {
        let work = pin!(async { tracing::info!(event_type = "order_created", orderId = "A") });
        let mut work = pin!(scope.run(work));
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(work.as_mut().poll(&mut context).is_ready());
        tracing::info!(event_type = "elsewhere");
    });
    let groups = vec![CREATION.to_owned()];
    let mut found = messages(
        &logging,
        LogQuery {
            groups,
            ..LogQuery::default()
        },
    );
    assert!(found[0].as_object_mut().unwrap().remove("timestamp").is_some());
    assert_eq!(
        found,
        [
            json!({"level": "INFO", "event_type": "order_created", "requestId": "r-1",
            "traceId": "4bf92f3577b34da6a3ce929d0e0e4736", "data": {"orderId": "A"}})
        ]
    );
    let groups = vec![SERVER_GROUP.to_owned()];
    assert_eq!(
        messages(
            &logging,
            LogQuery {
                groups,
                ..LogQuery::default()
            }
        )[0]["event_type"],
        "elsewhere"
    );
    let unknown = LogQuery {
        groups: vec!["/nowhere".to_owned()],
        ..LogQuery::default()
    };
    assert!(matches!(
        logging.search(&unknown),
        Err(ObserveError::NotFound { .. })
    ));
}

#[test]
fn who_follows_gets_each_line_once_and_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let logging = logged(dir.path(), || {
        (0..5).for_each(|n| tracing::info!(event_type = "n", n));
    });
    let follow = |after: &str| {
        let query = LogQuery {
            query: "fields data.n".to_owned(),
            after: Some(after.to_owned()),
            limit: 2,
            ..LogQuery::default()
        };
        let table = logging.search(&query).unwrap();
        let seen: Vec<Value> = table.rows.iter().map(|row| row.values[0].clone()).collect();
        (seen, table.rows.last().map(|row| row.cursor.clone()))
    };
    let (first, cursor) = follow("0:0:0:");
    let (second, cursor) = follow(&cursor.unwrap());
    let (third, cursor) = follow(&cursor.unwrap());
    let (end, _) = follow(&cursor.unwrap());
    assert_eq!(
        Value::from([first, second, third, end].concat()),
        json!([0, 1, 2, 3, 4])
    );
}

/// A log with two groups, in each 2,000 lines of 1 KiB, a millisecond apart.
fn long_log(dir: &std::path::Path) -> Logging {
    let logging = Logging::default();
    let groups = [CREATION, SERVER_GROUP].map(|group| (group.to_owned(), Some(7)));
    logging.store_in(dir, groups.to_vec()).unwrap();
    for group in [CREATION, SERVER_GROUP] {
        let folder = super::files::group_dir(dir, group);
        std::fs::create_dir_all(&folder).unwrap();
        let line = |ms: i64| {
            let (at, filler) = (domain::Timestamp::from_ms(ms), "x".repeat(1_000));
            format!("{{\"timestamp\":\"{at}\",\"level\":\"INFO\",\"filler\":\"{filler}\"}}\n")
        };
        let text: String = (0..2_000).map(line).collect();
        std::fs::write(folder.join("0.jsonl"), text).unwrap();
    }
    logging
}

#[test]
fn a_search_that_takes_too_long_says_how_far_it_came() {
    let dir = tempfile::tempdir().unwrap();
    let logging = long_log(dir.path());
    let ask = |query: &str, within| {
        let query = LogQuery {
            query: query.to_owned(),
            from: Some(domain::Timestamp::from_ms(0)),
            limit: 3,
            within,
            ..LogQuery::default()
        };
        logging.search(&query).unwrap()
    };
    let none = Some(std::time::Duration::ZERO);
    // A block of each group is read in any case.
    for query in ["stats count(*) by @log", r#"filter level = "WARN""#, "sort level"] {
        let table = ask(query, None);
        assert_eq!((table.scanned, table.scanned_until), (4_000, None), "{query}");
        let table = ask(query, none);
        assert!(
            table.scanned > 200 && table.scanned < 600,
            "{query}: {}",
            table.scanned
        );
        assert!(table.truncated, "{query}");
        let until = table.scanned_until.unwrap().as_ms();
        // Each group came as far as that.
        let reached = 2_000 - i64::try_from(table.scanned / 2).unwrap();
        assert!(
            (reached - 1..=reached + 1).contains(&until),
            "{query}: {until}, {reached}"
        );
    }
    // What is found in time is whole.
    let table = ask("", none);
    assert_eq!((table.rows.len(), table.scanned_until), (3, None));
}

#[test]
fn what_does_not_fit_is_dropped_and_counted() {
    let pipe = Arc::new(Pipe::default());
    let line = vec![b'x'; 1 << 20];
    (0..10).for_each(|_| pipe.push(Name::of(SERVER_GROUP), &line));
    assert_eq!(pipe.dropped(), 2);
    // What was dropped before anybody counted is counted, and kept in the metrics' history with the rest.
    let registry = crate::Registry::new();
    pipe.count_with(&registry.counter("LogLinesDropped", &[]));
    pipe.push(Name::of(SERVER_GROUP), &line);
    let counted: Vec<f64> = registry.take().iter().map(|sample| sample.values.sum).collect();
    assert_eq!((counted, pipe.dropped()), (vec![3.0], 3));
    let dir = tempfile::tempdir().unwrap();
    let files = Files::new(dir.path(), HashMap::new()).unwrap();
    pipe.start(None, Arc::new(Mutex::new(Some(files)))).unwrap();
    pipe.flush();
    pipe.push(Name::of(SERVER_GROUP), &line);
    pipe.flush();
    assert_eq!(pipe.dropped(), 3);
    let bytes: u64 = super::files::list(dir.path(), SERVER_GROUP)
        .iter()
        .map(|file| file.bytes)
        .sum();
    assert_eq!(bytes, 9 << 20);
}

#[test]
fn without_a_place_to_keep_them_there_are_no_groups() {
    assert!(Groups::default().retention.is_empty());
    assert_eq!(
        messages(&Logging::default(), LogQuery::default()),
        Vec::<Value>::new()
    );
}
