//! Searching log groups: newest first, as far as the query needs to look, or oldest first from a cursor.

use std::path::Path;

use ports::StoreError;
use ports::observability::{LogQuery, LogTable, ObserveError};

use super::files::{self, LogFile};
use super::line::{Cursor, Line};
use super::query::{Query, Run};
use super::tail::Tail;

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
    let tail = |group: &&str| Tail::new(group, files_of(dir, group, from, to), from..to);
    let mut tails: Vec<Tail> = groups.iter().map(tail).collect();
    match after {
        Some(after) => follow(&mut tails, &after, &mut run)?,
        None => {
            while let Some(line) = newest(&mut tails, &mut run)?
                && run.look(&line)
            {}
        }
    }
    Ok(run.finish())
}

/// The newest line of all groups. When more was read than a search may, there is none, and the run knows.
fn newest(tails: &mut [Tail], run: &mut Run) -> Result<Option<Line>, ObserveError> {
    if tails.iter().map(|tail| tail.bytes).sum::<u64>() > MAX_BYTES {
        run.give_up();
        return Ok(None);
    }
    let mut found: Option<(usize, Cursor)> = None;
    for (number, tail) in tails.iter_mut().enumerate() {
        let line = tail.newest().map_err(StoreError::failed)?;
        if let Some(line) = line.filter(|line| found.as_ref().is_none_or(|(_, latest)| line.cursor > *latest))
        {
            found = Some((number, line.cursor.clone()));
        }
    }
    Ok(found.and_then(|(number, _)| tails.get_mut(number)?.take()))
}

/// What came after a line, oldest first.
fn follow(tails: &mut [Tail], after: &Cursor, run: &mut Run) -> Result<(), ObserveError> {
    let mut lines = Vec::new();
    while let Some(line) = newest(tails, run)? {
        if line.cursor > *after {
            lines.push(line);
        }
    }
    // Those that were read in another block than their time is of are put in order here.
    lines.sort_by(|a, b| a.cursor.cmp(&b.cursor));
    for line in &lines {
        if !run.look(line) {
            break;
        }
    }
    Ok(())
}

/// A group's files that may have lines of that time, oldest first. A file ends where the next one begins.
fn files_of(dir: &Path, group: &str, from: i64, to: i64) -> Vec<LogFile> {
    let files = files::list(dir, group);
    let begins = |file: &LogFile| i64::try_from(file.began_ms).unwrap_or(i64::MAX);
    let ends: Vec<i64> = files.iter().skip(1).map(begins).chain([i64::MAX]).collect();
    let with_ends = files.into_iter().zip(ends);
    let wanted = with_ends.filter(|(file, end)| *end >= from && begins(file) < to);
    wanted.map(|(file, _)| file).collect()
}
