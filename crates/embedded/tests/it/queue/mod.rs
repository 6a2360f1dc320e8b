//! Queues: at least once, in batches, hidden while they are handled, counted, and kept for a bounded time.

mod backlog;
mod crash;
mod dead_letters;
mod delivery;
mod random;
mod upkeep;

use std::sync::Arc;
use std::time::Duration;

use embedded::Settings;
use ports::function::Handler;

use crate::support::{Calls, Running, Setup, handlers};

const QUEUE: &str = "OrderProcessingQueue";
const DEAD: &str = "OrderProcessingDLQ";
/// The template's.
const VISIBILITY: Duration = Duration::from_secs(180);
const MAX_RECEIVES: u32 = 3;

/// One batch at a time, so that a test knows which comes next.
fn one_at_a_time() -> Setup {
    Setup::new().with(|settings| settings.limits.concurrent_batches = 1)
}

/// How the processing function takes from its queue.
fn source(settings: &mut Settings, edit: impl FnOnce(&mut embedded::QueueSourceSettings)) {
    let mut sources = settings
        .functions
        .iter_mut()
        .flat_map(|function| &mut function.queue_sources);
    edit(sources.next().unwrap());
}

/// Starts an engine whose batches the test takes.
async fn start(setup: Setup) -> (Running, Calls) {
    let (function, calls) = consumer(&setup);
    (setup.start(handlers([function])).await, calls)
}

fn consumer(setup: &Setup) -> ((&'static str, Arc<dyn Handler>), Calls) {
    let (function, calls) = Calls::of_function(&setup.time);
    (("order-processing", function), calls)
}
