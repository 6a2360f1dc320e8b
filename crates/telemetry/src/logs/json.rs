//! The format of one line.

use std::error::Error;
use std::fmt::{self, Write};

use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// Writes each event as one line of JSON.
#[derive(Debug, Clone, Copy, Default)]
pub struct JsonLines;

impl<S, N> FormatEvent<S, N> for JsonLines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let mut line = String::with_capacity(256);
        // An event of a library has no name; where it comes from tells what it is.
        let event_type = fields.event_type.as_deref().unwrap_or(event.metadata().target());
        let (now, level) = (jiff::Timestamp::now(), event.metadata().level());
        write!(
            line,
            r#"{{"timestamp":"{now:.3}","level":"{level}","event_type":"#
        )?;
        push_text(&mut line, event_type);
        if !fields.data.is_empty() {
            line.push_str(r#","data":{"#);
            line.push_str(&fields.data);
            line.push('}');
        }
        line.push_str("}\n");
        writer.write_str(&line)
    }
}

/// An event's fields: its name, and the members of its data as JSON, written as they come.
#[derive(Default)]
struct Fields {
    event_type: Option<String>,
    data: String,
}

impl Fields {
    /// Begins the member of this field.
    fn begin(&mut self, field: &Field) {
        if !self.data.is_empty() {
            self.data.push(',');
        }
        push_text(&mut self.data, field.name());
        self.data.push(':');
    }

    fn add_text(&mut self, field: &Field, text: &str) {
        self.begin(field);
        push_text(&mut self.data, text);
    }

    /// A number or a boolean, which JSON writes as Rust does.
    fn add_plain(&mut self, field: &Field, value: impl fmt::Display) {
        self.begin(field);
        // Writing to a String can't fail.
        let _ = write!(self.data, "{value}");
    }
}

/// The text as a JSON string.
fn push_text(json: &mut String, text: &str) {
    // A string always serialises.
    json.push_str(&serde_json::to_string(text).unwrap_or_default());
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "event_type" {
            self.event_type = Some(value.to_owned());
        } else {
            self.add_text(field, value);
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add_plain(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add_plain(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        if value.is_finite() {
            self.add_plain(field, value);
        } else {
            self.add_text(field, &value.to_string());
        }
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add_plain(field, value);
    }

    /// The error with its causes, outermost first.
    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        let mut causes = vec![value.to_string()];
        let mut cause = value.source();
        while let Some(error) = cause {
            causes.push(error.to_string());
            cause = error.source();
        }
        self.add_text(field, &causes.join(": "));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.add_text(field, &format!("{value:?}"));
    }
}
