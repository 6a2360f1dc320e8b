//! The bounds that Step Functions sets, and those that keep one step of a hostile definition short.

use std::cell::Cell;

use serde::{Deserialize, Serialize};
use serde_json::Value;

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

/// How large a payload is at most: the length of its JSON text in bytes, and how deep it nests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Size {
    pub bytes: usize,
    pub depth: usize,
}

impl Size {
    /// Measures a value; `None` when it is larger or deeper than a payload may be. Gives up as soon as it knows, so that a
    /// hostile value costs no more than a large one.
    pub(crate) fn of(value: &Value) -> Option<Size> {
        let mut left = Size {
            bytes: MAX_PAYLOAD_BYTES,
            depth: MAX_PAYLOAD_DEPTH,
        };
        take(value, MAX_PAYLOAD_DEPTH, &mut left)?;
        Some(Size {
            bytes: MAX_PAYLOAD_BYTES - left.bytes,
            depth: MAX_PAYLOAD_DEPTH - left.depth,
        })
    }

    /// A bound for this payload with another one put into it at a path: no name or index in the path makes more text
    /// than a few times its own, or more levels than it has characters.
    pub(crate) fn with(self, inner: Size, path: &str) -> Size {
        let path = path.len();
        Size {
            bytes: self.bytes.saturating_add(inner.bytes + 8 * path + 16),
            depth: self.depth.max(inner.depth + path),
        }
    }

    pub(crate) fn is_allowed(self) -> bool {
        self.bytes <= MAX_PAYLOAD_BYTES && self.depth <= MAX_PAYLOAD_DEPTH
    }
}

/// Takes the value's length from the bytes that are left, and notes the least depth that was left.
fn take(value: &Value, depth: usize, left: &mut Size) -> Option<()> {
    let own = match value {
        Value::Null | Value::Bool(true) => 4,
        Value::Bool(false) => 5,
        Value::Number(number) => number.as_str().len(),
        Value::String(text) => text_bytes(text),
        Value::Array(values) => {
            let depth = descend(depth, left)?;
            for value in values {
                take(value, depth, left)?;
            }
            2 + values.len().saturating_sub(1)
        }
        Value::Object(map) => {
            let depth = descend(depth, left)?;
            for (name, value) in map {
                left.bytes = left.bytes.checked_sub(text_bytes(name) + 1)?;
                take(value, depth, left)?;
            }
            2 + map.len().saturating_sub(1)
        }
    };
    left.bytes = left.bytes.checked_sub(own)?;
    Some(())
}

fn descend(depth: usize, left: &mut Size) -> Option<usize> {
    let depth = depth.checked_sub(1)?;
    left.depth = left.depth.min(depth);
    Some(depth)
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
        let left = Size::of(part).and_then(|size| self.0.get().checked_sub(size.bytes));
        left.inspect(|left| self.0.set(*left)).is_some()
    }
}

/// A string's length as JSON text, with its quotes and escapes.
fn text_bytes(text: &str) -> usize {
    let unescaped = text.len() + 2;
    // Nearly no text has escapes. Without an early exit, the compiler looks at many bytes at a time.
    if !text.bytes().fold(false, |found, byte| {
        found | (byte < 0x20) | (byte == b'"') | (byte == b'\\')
    }) {
        return unescaped;
    }
    let escapes = text.bytes().map(|byte| match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 0x08 | 0x0c => 1,
        0..=0x1f => 5,
        _ => 0,
    });
    unescaped + escapes.sum::<usize>()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_length_is_that_of_the_text() {
        for value in [
            json!(null),
            json!([true, false, [], {}]),
            json!({"a": [1, 2.50, "x\"\\\n\u{1}é"], "b\t": {"c": null}}),
            serde_json::from_str("[1.0, 59.980, 1e5]").unwrap(),
        ] {
            assert_eq!(
                Size::of(&value).unwrap().bytes,
                value.to_string().len(),
                "{value}"
            );
        }
    }

    #[test]
    fn what_is_too_large_or_too_deep_has_no_length() {
        let text = |bytes: usize| Value::String("a".repeat(bytes - 2));
        assert_eq!(
            Size::of(&text(MAX_PAYLOAD_BYTES)).unwrap().bytes,
            MAX_PAYLOAD_BYTES
        );
        assert_eq!(Size::of(&text(MAX_PAYLOAD_BYTES + 1)), None);
        let deep = |levels: usize| (1..levels).fold(json!([]), |value, _| json!([value]));
        assert_eq!(
            Size::of(&deep(MAX_PAYLOAD_DEPTH)).unwrap().depth,
            MAX_PAYLOAD_DEPTH
        );
        assert_eq!(Size::of(&deep(MAX_PAYLOAD_DEPTH + 1)), None);
        assert_eq!(Size::of(&json!([1, [[], {}]])).unwrap().depth, 3);
    }
}
