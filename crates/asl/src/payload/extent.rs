//! How large a payload is, without writing it out.

use serde_json::Value;

/// The size of a value as compact JSON, and how deep it nests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Extent {
    /// The length of its compact JSON text, in bytes of UTF-8.
    pub bytes: usize,
    /// How deep arrays and objects nest; 0 for a text, a number, a boolean or null. A value deeper than 127 could be
    /// written but not read again.
    pub depth: usize,
}

/// Measures a value.
///
/// ```
/// use asl::payload::extent;
///
/// let value = serde_json::json!({"a": [1, "\n"]});
/// let extent = extent(&value);
/// assert_eq!((extent.bytes, extent.depth), (value.to_string().len(), 2));
/// ```
#[must_use]
pub fn extent(value: &Value) -> Extent {
    match value {
        Value::Null => Extent { bytes: 4, depth: 0 },
        Value::Bool(flag) => Extent {
            bytes: if *flag { 4 } else { 5 },
            depth: 0,
        },
        Value::Number(number) => Extent {
            bytes: number.as_str().len(),
            depth: 0,
        },
        Value::String(text) => Extent {
            bytes: text_bytes(text),
            depth: 0,
        },
        Value::Array(list) => container(list.len(), list.iter().map(extent)),
        Value::Object(object) => container(
            object.len(),
            object.iter().map(|(key, item)| {
                let inner = extent(item);
                Extent {
                    bytes: text_bytes(key) + 1 + inner.bytes,
                    depth: inner.depth,
                }
            }),
        ),
    }
}

fn container(count: usize, items: impl Iterator<Item = Extent>) -> Extent {
    let punctuation = 2 + count.saturating_sub(1);
    items.fold(
        Extent {
            bytes: punctuation,
            depth: 1,
        },
        |whole, item| Extent {
            bytes: whole.bytes + item.bytes,
            depth: whole.depth.max(item.depth + 1),
        },
    )
}

/// The length of a text with its quotes and escapes.
fn text_bytes(text: &str) -> usize {
    let escapes: usize = text
        .bytes()
        .map(|byte| match byte {
            b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 0x08 | 0x0C => 1,
            0x00..=0x1F => 5,
            _ => 0,
        })
        .sum();
    2 + text.len() + escapes
}
