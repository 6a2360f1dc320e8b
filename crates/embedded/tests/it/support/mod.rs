//! What the tests share: a data directory to open engines on, functions that answer when a test says so, and orders.

mod calls;
mod engine;
mod orders;

pub use calls::{Call, Calls, Message, answers, does};
pub use engine::{Handlers, NoMetrics, Running, Setup, handlers};
pub use orders::{amount, order};

/// How often to look for something that another thread writes before it is taken for lost.
const MAX_LOOKS: usize = 100_000;

/// Looks until it holds, and lets everything else run in between.
pub async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    for _ in 0..MAX_LOOKS {
        if holds().await {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("never: {what}");
}

/// An error with all its causes, one a line.
pub fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(&format!("\n{cause}"));
        source = cause.source();
    }
    text
}
