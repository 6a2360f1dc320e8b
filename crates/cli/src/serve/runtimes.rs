//! The two runtimes of a server: one answers requests, the other sees orders through and gives way to it.
//!
//! A customer waits for the answer to a request, and for no step that an order takes afterwards. On a machine with few
//! cores both want the same ones, so the threads of the second have a lower priority: under load orders are taken
//! quickly and wait in their queue, as they do between an API and its workers that are machines of their own.

use std::io;
use std::num::NonZero;
use std::thread::available_parallelism;

use tokio::runtime::{Builder, Handle, Runtime};

/// How much lower the priority is. At 10, a thread gets a tenth of what one at 0 gets while both want the same core.
const NICENESS: i32 = 10;

/// The runtimes; dropping them ends what still runs there.
#[derive(Debug)]
pub struct Runtimes {
    front: Runtime,
    back: Runtime,
}

impl Runtimes {
    /// Starts their threads. A thread for each core answers requests: the answers of a commit come all at once, and are soon
    /// given. Half as many, and one at least, see orders through; besides them the writer wants a core, and more threads would
    /// only pass orders from one core's cache to another's.
    ///
    /// # Errors
    /// When the system has no thread or no poller to give.
    pub fn start() -> io::Result<Self> {
        let cores = available_parallelism().map_or(1, NonZero::get);
        let front = Builder::new_multi_thread()
            .worker_threads(cores)
            .thread_name("requests")
            .enable_all()
            .build()?;
        let back = Builder::new_multi_thread()
            .worker_threads(cores.div_ceil(2))
            .thread_name("orders")
            .on_thread_start(give_way)
            .enable_all()
            .build()?;
        Ok(Self { front, back })
    }

    /// Where orders are seen through.
    pub fn back(&self) -> Handle {
        self.back.handle().clone()
    }

    /// Runs a future where requests are answered.
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.front.block_on(future)
    }
}

/// Lowers the priority of the calling thread, and of threads that it starts. Where that is refused, or a priority is the whole process's, all share
/// alike.
fn give_way() {
    #[cfg(target_os = "linux")]
    let _ = rustix::process::setpriority_process(None, NICENESS);
}
