//! Searching log groups: newest first, as far as the query needs to look, or oldest first from a cursor.

use std::path::Path;
use std::time::{Duration, Instant};

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
pub(super) fn search<'g>(dir: &Path, groups: &[&'g str], asked: &LogQuery) -> Result<LogTable, ObserveError> {
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
    let tail = |group: &&'g str| Tail::new(group, files_of(dir, group, from, to), from..to);
    let mut search = Search {
        tails: groups.iter().map(tail).collect(),
        began: Instant::now(),
        within: asked.within,
    };
    match after {
        Some(after) => search.follow(&after, &mut run)?,
        None if run.takes_any_order() => search.in_any_order(&mut run)?,
        None => search.newest_first(&mut run)?,
    }
    run.pass_over(search.tails.iter().map(|tail| tail.passed_over).sum());
    Ok(run.finish())
}

/// A search under way.
struct Search<'g> {
    tails: Vec<Tail<'g>>,
    began: Instant,
    within: Option<Duration>,
}

impl<'g> Search<'g> {
    /// Whether no more may be read. A block of each group always may.
    fn is_spent(&self) -> bool {
        let bytes: u64 = self.tails.iter().map(|tail| tail.bytes).sum();
        let is_late = self.within.is_some_and(|within| self.began.elapsed() >= within);
        bytes > MAX_BYTES || is_late
    }

    /// All lines since this time were looked at, if none is looked at any more.
    fn reached(&self) -> i64 {
        let missing = |tail: &Tail<'g>| match tail.newest() {
            Some(line) => Some(line.place.at_ms),
            None => (!tail.is_over()).then_some(tail.reached),
        };
        let reached = self.tails.iter().filter_map(missing).max();
        reached
            .unwrap_or(i64::MIN)
            .min(jiff::Timestamp::now().as_millisecond())
    }

    /// Looks at all lines, as they are read: where time has come furthest is read last, so that all groups reach back alike.
    fn in_any_order(&mut self, run: &mut Run) -> Result<(), ObserveError> {
        loop {
            let is_spent = self.is_spent();
            let open = self.tails.iter_mut().filter(|tail| !tail.is_over());
            let Some(tail) = open.max_by_key(|tail| tail.reached) else {
                return Ok(());
            };
            if is_spent && tail.bytes > 0 {
                run.give_up(self.reached());
                return Ok(());
            }
            tail.read_block(|line| run.may_want(line))
                .map_err(StoreError::failed)?;
            tail.take_all(|line| {
                run.look(line);
            });
        }
    }

    /// Looks at lines, newest first, as long as the run needs any.
    fn newest_first(&mut self, run: &mut Run) -> Result<(), ObserveError> {
        while let Some(number) = self.newest(run)? {
            let Some(tail) = self.tails.get_mut(number) else {
                return Ok(());
            };
            if tail.newest().is_some_and(|line| !run.look(&line)) {
                return Ok(());
            }
            tail.take();
        }
        Ok(())
    }

    /// Which group has the newest line. When no more may be read than was, there is none, and the run knows.
    fn newest(&mut self, run: &mut Run) -> Result<Option<usize>, ObserveError> {
        let needs_more = |tail: &Tail<'g>| tail.is_empty() && !tail.is_over();
        if self.tails.iter().any(needs_more) && !self.read_more(run)? {
            return Ok(None);
        }
        let with_lines = self.tails.iter().enumerate();
        let with_lines = with_lines.filter_map(|(number, tail)| Some((tail.newest()?.place, number)));
        Ok(with_lines.max().map(|(_, number)| number))
    }

    /// Reads until each group has a line, if it has any left; `false` when no more may be read.
    fn read_more(&mut self, run: &mut Run) -> Result<bool, ObserveError> {
        // The groups that nothing was read of yet first: of each, something is.
        for tail in &mut self.tails {
            while tail.bytes == 0 && !tail.is_over() {
                tail.read_block(|line| run.may_want(line))
                    .map_err(StoreError::failed)?;
            }
        }
        for number in 0..self.tails.len() {
            while let Some(tail) = self.tails.get(number)
                && tail.is_empty()
                && !tail.is_over()
            {
                if self.is_spent() {
                    run.give_up(self.reached());
                    return Ok(false);
                }
                if let Some(tail) = self.tails.get_mut(number) {
                    tail.read_block(|line| run.may_want(line))
                        .map_err(StoreError::failed)?;
                }
            }
        }
        Ok(true)
    }

    /// Looks at what came after a line, oldest first.
    fn follow(&mut self, after: &Cursor, run: &mut Run) -> Result<(), ObserveError> {
        let mut lines: Vec<(Cursor, Vec<u8>)> = Vec::new();
        while let Some(number) = self.newest(run)? {
            let Some(tail) = self.tails.get_mut(number) else {
                break;
            };
            if let Some(line) = tail.newest().filter(|line| line.place > after.place()) {
                lines.push((line.place.cursor(), line.bytes().to_vec()));
            }
            tail.take();
        }
        // Those that were read in another block than their time is of are put in order here.
        lines.sort();
        for (cursor, text) in &lines {
            if !run.look(&Line::new(cursor.place(), text)) {
                break;
            }
        }
        Ok(())
    }
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
