//! How large a value is, without writing it out.

/// The size of a value as compact JSON, and how deep it nests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Extent {
    /// The length of its compact JSON text, in bytes of UTF-8.
    pub bytes: usize,
    /// How deep arrays and objects nest; 0 for a text, a number, a boolean or null.
    pub depth: usize,
}

impl Extent {
    /// Of a value that holds no others.
    pub(super) const fn flat(bytes: usize) -> Extent {
        Extent { bytes, depth: 0 }
    }

    /// Of a text with its quotes and escapes.
    pub(super) fn of_text(text: &str) -> Extent {
        Extent::flat(text_bytes(text))
    }

    /// Of something beside this, as a member's value is beside its name.
    pub(super) fn beside(self, bytes: usize) -> Extent {
        Extent {
            bytes: self.bytes.saturating_add(bytes),
            ..self
        }
    }

    /// Of an array or object that is this large, when this much is put into it without punctuation.
    pub(super) fn and(self, part: Extent) -> Extent {
        Extent {
            bytes: self.bytes.saturating_add(part.bytes),
            depth: self.depth.max(part.depth.saturating_add(1)),
        }
    }

    /// Of an array or object with this much in it; a member counts its name and colon.
    pub(super) fn around(parts: impl ExactSizeIterator<Item = Extent>) -> Extent {
        let punctuation = 2 + parts.len().saturating_sub(1);
        let empty = Extent {
            bytes: punctuation,
            depth: 1,
        };
        parts.fold(empty, Extent::and)
    }
}

/// An [`Extent`] in half the room, as arrays and objects keep it. What is beyond counts as that much, which is far more
/// than any payload may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Kept {
    bytes: u32,
    depth: u32,
}

impl From<Extent> for Kept {
    fn from(extent: Extent) -> Kept {
        let cut = |number| u32::try_from(number).unwrap_or(u32::MAX);
        Kept {
            bytes: cut(extent.bytes),
            depth: cut(extent.depth),
        }
    }
}

impl From<Kept> for Extent {
    fn from(kept: Kept) -> Extent {
        Extent {
            bytes: kept.bytes as usize,
            depth: kept.depth as usize,
        }
    }
}

/// A string's length as JSON text, with its quotes and escapes.
pub(super) fn text_bytes(text: &str) -> usize {
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
