//! Searching log groups: their files line by line, newest first, or oldest first from a cursor.

use std::fs;
use std::path::Path;

use domain::Timestamp;
use ports::StoreError;
use ports::observability::{LogQuery, LogTable, ObserveError};
use serde_json::Value;

use super::files::{self, LogFile};
use super::query::{Line, Query, Run};

/// Without a word on it, an hour is searched.
const HOUR_MS: i64 = 3_600_000;
/// The most bytes that a search reads.
const MAX_BYTES: u64 = 512 << 20;
const MAX_ROWS: u32 = 10_000;

/// Searches these groups.
///
/// # Errors
/// [`ObserveError::Query`] and [`ObserveError::Store`].
pub(super) fn search(dir: &Path, groups: &[&str], asked: &LogQuery) -> Result<LogTable, ObserveError> {
    let query = Query::parse(&asked.query).map_err(ObserveError::Query)?;
    let after = match asked.after.as_deref().map(Cursor::parse) {
        Some(None) => return Err(ObserveError::Query("the cursor can't be read".to_owned())),
        Some(Some(cursor)) => Some(cursor),
        None => None,
    };
    let now_ms = jiff::Timestamp::now().as_millisecond();
    let from = match (&after, asked.from) {
        (Some(cursor), _) => cursor.at_ms,
        (None, Some(from)) => from.as_ms(),
        (None, None) => now_ms - HOUR_MS,
    };
    let to = asked.to.map_or(i64::MAX, |to| to.as_ms());
    let mut run = Run::new(query, asked.limit.clamp(1, MAX_ROWS) as usize);
    let mut lines = Vec::new();
    let mut bytes = 0;
    for group in groups {
        for (file, end_ms) in with_ends(files::list(dir, group)) {
            let ends_before = end_ms.is_some_and(|end| end < from);
            if ends_before || i64::try_from(file.began_ms).is_ok_and(|began| began >= to) {
                continue;
            }
            bytes += file.bytes;
            if bytes > MAX_BYTES {
                run.give_up();
                break;
            }
            read_file(&file, group, from..to, &mut lines)?;
        }
    }
    lines.sort_by(|a, b| a.cursor.cmp(&b.cursor));
    if let Some(after) = after {
        let new = lines.iter().filter(|line| line.cursor > after).map(Found::line);
        each(new, &mut run);
    } else {
        each(lines.iter().rev().map(Found::line), &mut run);
    }
    Ok(run.finish())
}

fn each(lines: impl Iterator<Item = Line>, run: &mut Run) {
    for line in lines {
        if !run.look(&line) {
            return;
        }
    }
}

/// Where a line stands. Lines sort by their time first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Cursor {
    at_ms: i64,
    group: String,
    file: u64,
    offset: u64,
}

impl Cursor {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(4, ':');
        Some(Self {
            at_ms: parts.next()?.parse().ok()?,
            file: parts.next()?.parse().ok()?,
            offset: parts.next()?.parse().ok()?,
            group: parts.next()?.to_owned(),
        })
    }

    fn text(&self) -> String {
        format!("{}:{}:{}:{}", self.at_ms, self.file, self.offset, self.group)
    }
}

struct Found {
    cursor: Cursor,
    text: String,
}

impl Found {
    fn line(&self) -> Line {
        Line {
            group: self.cursor.group.clone(),
            at: Timestamp::from_ms(self.cursor.at_ms),
            cursor: self.cursor.text(),
            // A line that a crash cut short is shown as the text that it is.
            json: serde_json::from_str(&self.text).unwrap_or_else(|_| Value::from(self.text.clone())),
        }
    }
}

/// Each file with when the next one begins.
fn with_ends(files: Vec<LogFile>) -> Vec<(LogFile, Option<i64>)> {
    let mut ends: Vec<Option<i64>> = files
        .iter()
        .skip(1)
        .map(|next| i64::try_from(next.began_ms).ok())
        .collect();
    ends.push(None);
    files.into_iter().zip(ends).collect()
}

fn read_file(
    file: &LogFile,
    group: &str,
    wanted: std::ops::Range<i64>,
    lines: &mut Vec<Found>,
) -> Result<(), ObserveError> {
    let bytes = match fs::read(&file.path) {
        Ok(bytes) => bytes,
        // It was too old a moment ago.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(StoreError::failed(error).into()),
    };
    let mut offset = 0;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let text = String::from_utf8_lossy(line);
        if let Some(at_ms) = time_of(&text).filter(|at| wanted.contains(at)) {
            lines.push(Found {
                cursor: Cursor {
                    at_ms,
                    group: group.to_owned(),
                    file: file.began_ms,
                    offset,
                },
                text: text.trim_end().to_owned(),
            });
        }
        offset += line.len() as u64;
    }
    Ok(())
}

/// The time of a line, which is what each begins with.
fn time_of(line: &str) -> Option<i64> {
    let (time, _) = line.strip_prefix(r#"{"timestamp":""#)?.split_once('"')?;
    time.parse::<Timestamp>().ok().map(Timestamp::as_ms)
}
