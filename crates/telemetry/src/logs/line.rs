//! A line of a log, where it stands, and what it says, read only as far as somebody asks.

use std::borrow::Cow;
use std::cell::OnceCell;

use domain::Timestamp;
use serde_json::Value;

use super::scan::{self, Found};

/// Where a line stands. Lines sort by their time first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Cursor {
    pub(super) at_ms: i64,
    pub(super) group: String,
    pub(super) file: u64,
    pub(super) offset: u64,
}

impl Cursor {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(4, ':');
        Some(Self {
            at_ms: parts.next()?.parse().ok()?,
            file: parts.next()?.parse().ok()?,
            offset: parts.next()?.parse().ok()?,
            group: parts.next()?.to_owned(),
        })
    }

    pub(super) fn place(&self) -> Place<'_> {
        Place {
            at_ms: self.at_ms,
            group: &self.group,
            file: self.file,
            offset: self.offset,
        }
    }
}

/// A [`Cursor`] that owns nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place<'t> {
    pub(super) at_ms: i64,
    pub(super) group: &'t str,
    pub(super) file: u64,
    pub(super) offset: u64,
}

impl Place<'_> {
    pub(super) fn cursor(&self) -> Cursor {
        Cursor {
            at_ms: self.at_ms,
            group: self.group.to_owned(),
            file: self.file,
            offset: self.offset,
        }
    }

    /// As a cursor's text.
    pub(super) fn text(&self) -> String {
        format!("{}:{}:{}:{}", self.at_ms, self.file, self.offset, self.group)
    }
}

/// A line.
#[derive(Debug)]
pub(super) struct Line<'t> {
    pub(super) place: Place<'t>,
    text: &'t [u8],
    json: OnceCell<Value>,
}

impl<'t> Line<'t> {
    pub(super) fn new(place: Place<'t>, text: &'t [u8]) -> Self {
        Self {
            place,
            text: text.trim_ascii_end(),
            json: OnceCell::new(),
        }
    }

    pub(super) fn at(&self) -> Timestamp {
        Timestamp::from_ms(self.place.at_ms)
    }

    pub(super) fn bytes(&self) -> &'t [u8] {
        self.text
    }

    /// A field: `@timestamp`, `@message`, `@log`, or a path such as `data.orderId`.
    pub(super) fn field(&self, name: &str) -> Value {
        match name {
            "@timestamp" => self.at().to_string().into(),
            "@message" => self.json().clone(),
            "@log" => Value::from(self.place.group),
            _ => match scan::find(self.text, name) {
                Found::At(json) => serde_json::from_slice(json).unwrap_or_else(|_| self.read(name)),
                Found::Missing => Value::Null,
                Found::Unsure => self.read(name),
            },
        }
    }

    /// The field as JSON, the same for the same value.
    pub(super) fn field_json(&self, name: &str) -> Cow<'t, [u8]> {
        let found = if name.starts_with('@') {
            Found::Unsure
        } else {
            scan::find(self.text, name)
        };
        match found {
            // What has escapes or blanks could be written otherwise.
            Found::At(json) if !json.iter().any(|byte| *byte == b'\\' || *byte == b' ') => {
                Cow::Borrowed(json)
            }
            Found::Missing => Cow::Borrowed(b"null"),
            Found::At(_) | Found::Unsure => Cow::Owned(self.field(name).to_string().into_bytes()),
        }
    }

    fn read(&self, name: &str) -> Value {
        let found = name
            .split('.')
            .try_fold(self.json(), |value, member| value.get(member));
        found.cloned().unwrap_or(Value::Null)
    }

    /// A line that a crash cut short is shown as the text that it is.
    fn json(&self) -> &Value {
        self.json.get_or_init(|| {
            serde_json::from_slice(self.text)
                .unwrap_or_else(|_| Value::from(String::from_utf8_lossy(self.text).into_owned()))
        })
    }
}
