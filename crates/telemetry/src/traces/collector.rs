//! From the tracer to the sinks: a bounded buffer, and the thread that empties it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use ports::trace::{SpanData, SpanSink};

use crate::metrics::Handle;

/// The most spans that wait for the sinks.
const MAX_WAITING: usize = 65_536;
/// How long the thread lets spans gather before it takes them.
const GATHER: Duration = Duration::from_millis(200);

/// Spans that wait for the sinks.
#[derive(Debug, Default)]
pub(super) struct Outgoing {
    waiting: Mutex<Vec<SpanData>>,
    ended: AtomicBool,
    wake: Condvar,
    dropped: Handle,
}

impl Outgoing {
    /// A buffer that counts what has no room in it.
    pub(super) fn new(dropped: Handle) -> Self {
        Self {
            dropped,
            ..Self::default()
        }
    }

    pub(super) fn push(&self, span: SpanData) {
        self.push_all([span]);
    }

    pub(super) fn push_all(&self, spans: impl IntoIterator<Item = SpanData>) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        for span in spans {
            if waiting.len() < MAX_WAITING {
                waiting.push(span);
            } else {
                self.dropped.count(1);
            }
        }
    }

    fn take(&self) -> Vec<SpanData> {
        std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Hands kept spans to sinks.
#[derive(Debug)]
pub struct Collector {
    outgoing: Arc<Outgoing>,
    thread: Option<JoinHandle<()>>,
}

impl Collector {
    pub(super) fn new(outgoing: Arc<Outgoing>) -> Self {
        Self {
            outgoing,
            thread: None,
        }
    }

    /// Hands everything that waits to the sinks, now and on this thread.
    pub fn hand_over(&self, sinks: &[Arc<dyn SpanSink>]) {
        let spans = self.outgoing.take();
        if !spans.is_empty() {
            sinks.iter().for_each(|sink| sink.accept(&spans));
        }
    }

    /// Starts the thread that does so until [`Collector::end`].
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn start(self, sinks: Vec<Arc<dyn SpanSink>>) -> std::io::Result<Self> {
        let worker = Self::new(Arc::clone(&self.outgoing));
        let run = move || {
            while !worker.outgoing.ended.load(Ordering::Acquire) {
                let waiting = worker
                    .outgoing
                    .waiting
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner);
                // A plain pause that the end can cut short; how it ended makes no difference.
                drop(worker.outgoing.wake.wait_timeout(waiting, GATHER));
                worker.hand_over(&sinks);
            }
            worker.hand_over(&sinks);
        };
        let thread = std::thread::Builder::new().name("traces".into()).spawn(run)?;
        Ok(Self {
            thread: Some(thread),
            ..self
        })
    }

    /// Hands over what still waits, then ends the thread.
    pub fn end(self) {
        self.outgoing.ended.store(true, Ordering::Release);
        self.outgoing.wake.notify_all();
        if let Some(thread) = self.thread {
            // Whoever panicked there has said so already.
            let _ = thread.join();
        }
    }
}
