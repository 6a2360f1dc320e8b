//! From whoever logs to the thread that writes: a bounded buffer, handed over whole.
//!
//! Who logs copies a line's bytes under a lock and goes on; nothing is allocated once the buffers have grown. What doesn't
//! fit is dropped, and counted: the log must not hold up an order, and must not hide that it didn't.

use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use ports::trace::Name;

use super::files::{Files, now_ms};
use crate::metrics::Handle;

/// The most bytes that wait to be written.
const MAX_WAITING: usize = 8 << 20;
/// How long lines may gather before they are written.
const GATHER: Duration = Duration::from_millis(50);

/// Lines that wait: their bytes one after the other, and for each its group and length.
#[derive(Debug, Default)]
struct Lines {
    bytes: Vec<u8>,
    lines: Vec<(Name, usize)>,
}

#[derive(Debug, Default)]
struct State {
    waiting: Lines,
    ended: bool,
    /// Hand-overs that were written.
    written: u64,
    /// Hand-overs that were asked for.
    asked: u64,
}

/// The buffer.
#[derive(Debug, Default)]
pub(super) struct Pipe {
    state: Mutex<State>,
    wake: Condvar,
    done: Condvar,
    dropped: AtomicU64,
    /// Where that is counted as well.
    counter: OnceLock<Handle>,
}

impl Pipe {
    /// Hands a line over, its end included.
    pub(super) fn push(&self, group: Name, line: &[u8]) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.ended || state.waiting.bytes.len() + line.len() > MAX_WAITING {
            self.dropped.fetch_add(1, Ordering::Relaxed);
            if let Some(counter) = self.counter.get() {
                counter.count(1);
            }
            return;
        }
        state.waiting.bytes.extend_from_slice(line);
        state.waiting.lines.push((group, line.len()));
    }

    /// Lines that were dropped.
    #[cfg(test)]
    pub(super) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Counts dropped lines there as well, those before included. Only the first counter counts.
    pub(super) fn count_with(&self, counter: &Handle) {
        // Nobody drops a line between the two.
        let _state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.dropped.load(Ordering::Relaxed);
        if self.counter.set(counter.clone()).is_ok() {
            counter.count(before);
        }
    }

    /// Returns once everything that was handed over before is written.
    pub(super) fn flush(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.ended {
            return;
        }
        state.asked += 1;
        let asked = state.asked;
        self.wake.notify_all();
        while state.written < asked && !state.ended {
            state = self.done.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Starts the thread that writes: to `stream`, if there's one, and to the files, once they are there.
    pub(super) fn start(
        self: &Arc<Self>,
        mut stream: Option<Box<dyn Write + Send>>,
        files: Arc<Mutex<Option<Files>>>,
    ) -> std::io::Result<JoinHandle<()>> {
        let pipe = Arc::clone(self);
        std::thread::Builder::new().name("log".into()).spawn(move || {
            let mut lines = Lines::default();
            loop {
                let (asked, ended) = pipe.take(&mut lines);
                if let Some(stream) = &mut stream {
                    // Nobody is left to tell that standard error is closed.
                    let _ = stream.write_all(&lines.bytes).and_then(|()| stream.flush());
                }
                write(&lines, &mut files.lock().unwrap_or_else(PoisonError::into_inner));
                lines.bytes.clear();
                lines.lines.clear();
                let mut state = pipe.state.lock().unwrap_or_else(PoisonError::into_inner);
                state.written = asked;
                pipe.done.notify_all();
                if ended {
                    return;
                }
            }
        })
    }

    /// Waits for lines, and takes all there are.
    fn take(&self, lines: &mut Lines) -> (u64, bool) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.asked == state.written && !state.ended {
            // A plain pause that a flush cuts short; how it ended makes no difference.
            state = match self.wake.wait_timeout(state, GATHER) {
                Ok((state, _)) => state,
                Err(poisoned) => poisoned.into_inner().0,
            };
        }
        std::mem::swap(&mut state.waiting, lines);
        (state.asked, state.ended)
    }
}

fn write(lines: &Lines, files: &mut Option<Files>) {
    let Some(files) = files else { return };
    let mut at = 0;
    for (group, length) in &lines.lines {
        if let Some(line) = lines.bytes.get(at..at + length) {
            files.append(*group, line);
        }
        at += length;
    }
    files.flush();
    files.expire_when_due(now_ms());
}
