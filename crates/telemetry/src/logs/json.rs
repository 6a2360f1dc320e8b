//! The format of one line, and the layer that writes it: into buffers that each thread keeps, so that a line allocates
//! nothing.

use std::cell::RefCell;
use std::error::Error;
use std::fmt::{self, Write};
use std::sync::Arc;

use ports::trace::{self, Name, Scope, Service, ServiceKind};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;

use super::pipe::Pipe;

/// The group of lines that no part of the system in particular wrote.
pub const SERVER_GROUP: &str = "/ordermill/server";
/// A line longer than this gives its buffer back, so that one huge line doesn't cost every thread its size for ever.
const KEPT_CAPACITY: usize = 16 << 10;

thread_local! {
    static BUFFERS: RefCell<Buffers> = RefCell::new(Buffers::default());
}

#[derive(Debug, Default)]
struct Buffers {
    line: String,
    fields: Fields,
    /// The second that `date` is of.
    second: i64,
    /// Such as `2026-01-15T09:00:00`.
    date: String,
}

/// Writes each event as one line of JSON, wherever the subscriber writes: for a process whose lines somebody else takes.
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
        let mut buffers = Buffers::default();
        buffers.format(event, trace::current().as_ref());
        writer.write_str(&buffers.line)
    }
}

/// Hands each event to the pipe as one line of JSON.
#[derive(Debug)]
pub(super) struct GroupedLines(pub(super) Arc<Pipe>);

impl<S: Subscriber> Layer<S> for GroupedLines {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let scope = trace::current();
        let group = group_of(scope.as_ref());
        // An event that is written while another one is being formatted would be one about a field's own Debug.
        BUFFERS.with(|buffers| {
            if let Ok(mut buffers) = buffers.try_borrow_mut() {
                buffers.format(event, scope.as_ref());
                self.0.push(group, buffers.line.as_bytes());
                if buffers.line.capacity() > KEPT_CAPACITY {
                    *buffers = Buffers::default();
                }
            }
        });
    }
}

/// The log group of work in this scope, as it is called on AWS.
fn group_of(scope: Option<&Scope>) -> Name {
    thread_local! {
        static SERVER: Name = Name::of(SERVER_GROUP);
        /// Those that were asked for, which are as many as there are functions and the like: a few.
        static GROUPS: RefCell<Vec<(Service, Name)>> = const { RefCell::new(Vec::new()) };
    }
    let Some(service) = scope.map(Scope::service) else {
        return SERVER.with(|server| *server);
    };
    GROUPS.with_borrow_mut(
        |groups| match groups.iter().find(|(known, _)| *known == service) {
            Some((_, group)) => *group,
            None => {
                let group = group_of_service(service);
                groups.push((service, group));
                group
            }
        },
    )
}

/// The log group of a part of the system.
fn group_of_service(service: Service) -> Name {
    let name = service.name.as_str();
    match service.kind {
        ServiceKind::Function => Name::of(&format!("/aws/lambda/{name}")),
        ServiceKind::Api => Name::of(&format!("/aws/apigateway/{name}")),
        ServiceKind::StateMachine => Name::of(&format!(
            "/aws/vendedlogs/states/{}",
            name.trim_end_matches(" workflow")
        )),
        ServiceKind::Client
        | ServiceKind::Table
        | ServiceKind::Stream
        | ServiceKind::Queue
        | ServiceKind::Topic
        | ServiceKind::External => Name::of(SERVER_GROUP),
    }
}

impl Buffers {
    fn format(&mut self, event: &Event<'_>, scope: Option<&Scope>) {
        self.line.clear();
        self.fields.clear();
        event.record(&mut self.fields);
        self.push_time(jiff::Timestamp::now());
        let (line, level) = (&mut self.line, event.metadata().level());
        // Piece by piece: the formatter takes its time, and an order has seven lines.
        line.push_str(r#"","level":""#);
        line.push_str(level.as_str());
        line.push_str(r#"","event_type":"#);
        // An event of a library has no name; where it comes from tells what it is.
        let event_type = match self.fields.event_type.as_str() {
            "" => event.metadata().target(),
            event_type => event_type,
        };
        push_text(line, event_type);
        if let Some(scope) = scope {
            line.push_str(r#","requestId":"#);
            push_text(line, scope.request_id());
            if let Some(trace) = scope.trace() {
                line.push_str(r#","traceId":""#);
                // Writing to a String can't fail.
                let _ = write!(line, "{trace}");
                line.push('"');
            }
        }
        if !self.fields.data.is_empty() {
            line.push_str(r#","data":{"#);
            line.push_str(&self.fields.data);
            line.push('}');
        }
        line.push_str("}\n");
    }

    fn push_time(&mut self, now: jiff::Timestamp) {
        let second = now.as_second();
        if second != self.second || self.date.is_empty() {
            self.date.clear();
            let _ = write!(self.date, "{now:.0}");
            self.date.truncate(self.date.len().saturating_sub(1));
            self.second = second;
        }
        let ms = now.subsec_millisecond();
        self.line.push_str(r#"{"timestamp":""#);
        self.line.push_str(&self.date);
        self.line.push('.');
        for unit in [100, 10, 1] {
            self.line.push(char::from(b'0' + (ms / unit % 10) as u8));
        }
        self.line.push('Z');
    }
}

/// An event's fields: its name, and the members of its data as JSON, written as they come.
#[derive(Debug, Default)]
struct Fields {
    event_type: String,
    data: String,
    scratch: String,
}

impl Fields {
    fn clear(&mut self) {
        self.event_type.clear();
        self.data.clear();
    }

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
        let _ = write!(self.data, "{value}");
    }

    fn add_formatted(&mut self, field: &Field, value: fmt::Arguments<'_>) {
        let mut scratch = std::mem::take(&mut self.scratch);
        scratch.clear();
        let _ = scratch.write_fmt(value);
        self.add_text(field, &scratch);
        self.scratch = scratch;
    }
}

/// The text as a JSON string.
fn push_text(json: &mut String, text: &str) {
    // Without an early exit the compiler looks at many bytes at a time.
    let has_escapes = text.bytes().fold(false, |found, byte| {
        found | (byte < 0x20) | (byte == b'"') | (byte == b'\\')
    });
    if !has_escapes {
        json.push('"');
        json.push_str(text);
        json.push('"');
    } else {
        // A string always serialises.
        json.push_str(&serde_json::to_string(text).unwrap_or_default());
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "event_type" {
            self.event_type.push_str(value);
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
        self.add_formatted(field, format_args!("{value:?}"));
    }
}
