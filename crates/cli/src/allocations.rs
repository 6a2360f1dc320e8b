//! The process's allocator, and how often it was asked.
//!
//! With the feature `count-allocations` every allocation is counted, by the thread that makes it; without it nothing is
//! in the way. `ordermill bench` reads the count of the server that it measures from `/admin/status`.

// What one thread allocates another one often frees here, which the system's allocator is slow at: a third of the time
// went there (docs/performance.md). So mimalloc stands in the place of `malloc`, for Rust and for SQLite alike (its feature
// `override`). Rust's `System` calls `malloc`; `mimalloc::MiMalloc` would ask for an alignment at each allocation, for which
// mimalloc takes a larger block whenever the one at hand is spent and its size is no power of two.
use mimalloc as _;

/// The allocator, counted.
#[cfg(feature = "count-allocations")]
#[global_allocator]
static ALLOCATOR: alloc_tracker::Allocator<std::alloc::System> =
    alloc_tracker::Allocator::new(std::alloc::System);

/// How often memory was allocated or made larger by all threads since this was first asked; `None` in a build that
/// doesn't count.
#[cfg(not(feature = "count-allocations"))]
pub fn counted() -> Option<u64> {
    None
}

/// How often memory was allocated or made larger by all threads since this was first asked; `None` in a build that
/// doesn't count.
#[cfg(feature = "count-allocations")]
pub fn counted() -> Option<u64> {
    use std::sync::{LazyLock, Mutex, PoisonError};

    use alloc_tracker::{Operation, ProcessSpan, Session};

    /// A session with its only operation, and the span that is open. A span counts when it is closed.
    static COUNT: LazyLock<Mutex<(Session, Operation, Option<ProcessSpan>)>> = LazyLock::new(|| {
        let session = Session::new().no_stdout().no_file();
        let operation = session.operation("process");
        Mutex::new((session, operation, None))
    });
    let mut count = COUNT.lock().unwrap_or_else(PoisonError::into_inner);
    let (session, operation, span) = &mut *count;
    drop(span.take());
    *span = Some(operation.measure_process().iterations(1));
    Some(
        session
            .to_report()
            .operations()
            .map(|(_, operation)| operation.total_allocations_count())
            .sum(),
    )
}
