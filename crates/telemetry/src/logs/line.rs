//! A line of a log, where it stands, and what it says, read only as far as somebody asks.

use std::cell::OnceCell;
use std::sync::Arc;

use domain::Timestamp;
use serde_json::Value;

/// Where a line stands. Lines sort by their time first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Cursor {
    pub(super) at_ms: i64,
    pub(super) group: Arc<str>,
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
            group: parts.next()?.into(),
        })
    }

    pub(super) fn text(&self) -> String {
        format!("{}:{}:{}:{}", self.at_ms, self.file, self.offset, self.group)
    }
}

/// A line.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) cursor: Cursor,
    text: String,
    json: OnceCell<Value>,
}

impl Line {
    pub(super) fn new(cursor: Cursor, text: String) -> Self {
        Self {
            cursor,
            text,
            json: OnceCell::new(),
        }
    }

    pub(super) fn at(&self) -> Timestamp {
        Timestamp::from_ms(self.cursor.at_ms)
    }

    /// A field: `@timestamp`, `@message`, `@log`, or a path such as `data.orderId`.
    pub(super) fn field(&self, name: &str) -> Value {
        match name {
            "@timestamp" => self.at().to_string().into(),
            "@message" => self.json().clone(),
            "@log" => Value::from(&*self.cursor.group),
            _ => {
                let found = name
                    .split('.')
                    .try_fold(self.json(), |value, member| value.get(member));
                found.cloned().unwrap_or(Value::Null)
            }
        }
    }

    /// A line that a crash cut short is shown as the text that it is.
    fn json(&self) -> &Value {
        self.json.get_or_init(|| {
            serde_json::from_str(&self.text).unwrap_or_else(|_| Value::from(self.text.clone()))
        })
    }
}
