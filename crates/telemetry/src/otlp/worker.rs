//! The thread that sends: a batch after the other, each as often as it takes, until it is given up.

use std::sync::Arc;

use super::backoff;
use super::encode::Encoder;
use super::post::{Posted, Poster};
use super::queue::Queue;
use super::settings::OtlpSettings;
use super::{Counts, SpanData};

pub(super) struct Worker {
    queue: Arc<Queue>,
    counts: Counts,
    encoder: Encoder,
    poster: Poster,
    settings: OtlpSettings,
    /// Whether the last request was not taken, and that was said.
    is_failing: bool,
}

impl Worker {
    pub(super) fn new(settings: OtlpSettings, queue: Arc<Queue>, counts: Counts) -> Self {
        Self {
            queue,
            counts,
            encoder: Encoder::new(&settings),
            poster: Poster::new(settings.clone()),
            settings,
            is_failing: false,
        }
    }

    /// Sends until the queue has come to its end.
    pub(super) fn run(mut self) {
        while let Some(batch) = self.queue.take() {
            self.send(&batch);
        }
        let left = self.queue.close();
        self.counts.not_exported.count(left);
    }

    fn send(&mut self, batch: &[SpanData]) {
        let request = self.encoder.encode(batch);
        let count = batch.len() as u64;
        for attempt in 1.. {
            let pause = match self.poster.post(&request, self.queue.time_left()) {
                Posted::Taken { rejected, why } => return self.taken(count, rejected, &why),
                Posted::Refused { why } => {
                    self.failing(&why);
                    break;
                }
                Posted::Later { why, asked } => {
                    self.failing(&why);
                    backoff::pause(self.settings.first_pause, attempt, asked, rand::random())
                }
            };
            // At the end there is one attempt for each batch and no waiting.
            if !pause.is_some_and(|pause| self.queue.pause(pause)) {
                break;
            }
        }
        self.counts.not_exported.count(count);
    }

    fn taken(&mut self, count: u64, rejected: u64, why: &str) {
        let rejected = rejected.min(count);
        self.counts.exported.count(count - rejected);
        self.counts.not_exported.count(rejected);
        if rejected > 0 {
            self.failing(why);
        } else if std::mem::take(&mut self.is_failing) {
            tracing::info!(event_type = "otlp_export_resumed");
        }
    }

    /// Says so once, until it works again.
    fn failing(&mut self, why: &str) {
        if !std::mem::replace(&mut self.is_failing, true) {
            tracing::warn!(
                event_type = "otlp_export_failed",
                url = self.settings.url(),
                error = why
            );
        }
    }
}
