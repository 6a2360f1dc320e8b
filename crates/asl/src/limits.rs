//! The bounds that Step Functions sets, and those that keep one step of a hostile definition short.

use std::cell::Cell;

use crate::Value;
use crate::value::Extent;

/// How large a state's or a task's input or output may be, in bytes of JSON text: 256 KiB.
pub const MAX_PAYLOAD_BYTES: usize = 256 * 1024;
/// How many events a history may have; the execution fails when it would have more.
pub const MAX_HISTORY_EVENTS: u64 = 25_000;
/// How deeply a payload may be nested. AWS names no bound; this one keeps a snapshot readable by any JSON parser.
pub const MAX_PAYLOAD_DEPTH: usize = 100;
/// How long a definition may be, in bytes: 1 MB.
pub const MAX_DEFINITION_BYTES: usize = 1024 * 1024;
/// How long a Wait state may wait, in seconds, when it is given a timestamp; `i32::MAX`.
pub const MAX_WAIT_S: i64 = i32::MAX as i64;
/// How many iterations of an inline Map run at a time when `MaxConcurrency` sets no lower bound.
pub const MAX_INLINE_CONCURRENCY: u32 = 40;
/// How many child executions of a distributed Map run at a time when `MaxConcurrency` sets no lower bound.
pub const MAX_DISTRIBUTED_CONCURRENCY: u32 = 1000;
/// How much the inputs of the iterations of one Map state that run at a time may be together, in bytes: larger inputs
/// run fewer at a time.
pub const MAX_ITERATION_INPUT_BYTES: usize = 4 * 1024 * 1024;
/// How much all branches of an execution may hold at a time, in bytes of JSON text: 32 MiB.
pub const MAX_LIVE_BYTES: usize = 32 * 1024 * 1024;
/// How many events all children of an execution's distributed Maps may have together.
pub const MAX_UNRECORDED_EVENTS: u64 = 1_000_000;
/// How many events one step may add before it leaves the rest to the next [`Woken`](crate::EventKind::Woken).
pub(crate) const STEP_EVENTS: usize = 2_000;
/// How many bytes of payload one step may pass through states before it leaves the rest to the next.
pub(crate) const STEP_BYTES: usize = 4 * 1024 * 1024;
/// How large all variables of an execution may be together, in bytes of JSON text: 10 MiB.
pub const MAX_VARIABLES_BYTES: usize = 10 * 1024 * 1024;

/// Measures a payload; `None` when it is larger or deeper than a payload may be.
pub(crate) fn measure(payload: &Value) -> Option<Extent> {
    let extent = payload.extent();
    (extent.bytes <= MAX_PAYLOAD_BYTES && extent.depth <= MAX_PAYLOAD_DEPTH).then_some(extent)
}

/// How much an evaluation may still put into its result. Expressions point at a payload, and a short template can point at
/// it thousands of times: what could never pass as a payload is not built at all.
#[derive(Debug)]
pub(crate) struct Allowance(Cell<usize>);

impl Allowance {
    /// Enough for any payload however often nested functions count its parts; its exact size is judged when it is there.
    pub(crate) fn new() -> Allowance {
        Allowance(Cell::new(16 * MAX_PAYLOAD_BYTES))
    }

    /// Takes a part of the result from what is left; false when it does not fit.
    pub(crate) fn take(&self, part: &Value) -> bool {
        let left = measure(part).and_then(|extent| self.0.get().checked_sub(extent.bytes));
        left.inspect(|left| self.0.set(*left)).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::json;

    #[test]
    fn what_is_too_large_or_too_deep_has_no_length() {
        let text = |bytes: usize| Value::from("a".repeat(bytes - 2));
        assert_eq!(
            measure(&text(MAX_PAYLOAD_BYTES)).unwrap().bytes,
            MAX_PAYLOAD_BYTES
        );
        assert_eq!(measure(&text(MAX_PAYLOAD_BYTES + 1)), None);
        let deep = |levels: usize| (1..levels).fold(json!([]), |value, _| json!([value]));
        assert_eq!(
            measure(&deep(MAX_PAYLOAD_DEPTH)).unwrap().depth,
            MAX_PAYLOAD_DEPTH
        );
        assert_eq!(measure(&deep(MAX_PAYLOAD_DEPTH + 1)), None);
    }
}
