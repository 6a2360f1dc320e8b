//! Kept spans sent on, to whatever takes the OpenTelemetry protocol over HTTP (OTLP 1.x, "OTLP/HTTP").
//!
//! The collector of traces hands its batches to [`Exporter`], which puts them into a bounded queue and returns. One thread
//! takes them from there, turns them into OpenTelemetry's messages and posts them. What a slow or dead receiver leaves no
//! room for is dropped and counted (`SpansNotExported`), so nobody else notices.

mod backoff;
mod encode;
mod post;
mod queue;
mod settings;
#[cfg(test)]
mod tests;
mod worker;

use std::sync::Arc;
use std::time::{Duration, Instant};

use ports::trace::{SpanData, SpanSink};

use crate::metrics::{Handle, Registry};
use queue::Queue;
pub use settings::{OtlpError, OtlpSettings, Protocol};

/// Sends spans. Share it behind an `Arc`.
#[derive(Debug)]
pub struct Exporter {
    queue: Arc<Queue>,
    counts: Counts,
}

/// What became of the spans.
#[derive(Debug, Clone)]
struct Counts {
    exported: Handle,
    not_exported: Handle,
}

impl Exporter {
    /// Starts the thread that sends. Its counts, `SpansExported` and `SpansNotExported`, are in the registry.
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn start(settings: OtlpSettings, registry: &Registry) -> std::io::Result<Self> {
        let counts = Counts {
            exported: registry.counter("SpansExported", &[]),
            not_exported: registry.counter("SpansNotExported", &[]),
        };
        let queue = Arc::new(Queue::default());
        tracing::info!(event_type = "otlp_export_started", url = settings.url());
        let worker = worker::Worker::new(settings, Arc::clone(&queue), counts.clone());
        std::thread::Builder::new()
            .name("otlp".into())
            .spawn(move || worker.run())?;
        Ok(Self { queue, counts })
    }

    /// Sends what still waits, for at most so long. What isn't sent by then is dropped and counted.
    pub fn end(&self, within: Duration) {
        self.queue.end(Instant::now() + within);
        if !self.queue.has_ended(within) {
            let spans = self.queue.close();
            self.counts.not_exported.count(spans);
            tracing::warn!(
                event_type = "otlp_spans_dropped",
                spans,
                "the receiver took too long at the end"
            );
        }
    }
}

impl SpanSink for Exporter {
    fn accept(&self, spans: &[SpanData]) {
        let dropped = self.queue.push(spans);
        if dropped.count > 0 {
            self.counts.not_exported.count(dropped.count);
        }
        if dropped.is_first {
            tracing::warn!(
                event_type = "otlp_spans_dropped",
                spans = dropped.count,
                "the receiver of traces is too slow or not there; SpansNotExported counts what follows"
            );
        }
    }
}
