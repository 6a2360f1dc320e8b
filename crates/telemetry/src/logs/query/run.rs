//! A query going over lines.

use domain::Timestamp;
use ports::observability::{LogRow, LogTable};
use regex::bytes::Regex;
use serde_json::Value;

use super::super::line::Line;
use super::condition::{compare, holds, traces_of};
use super::parse::Query;
use super::statistics::{MAX_GROUPS, Statistics};

/// A query under way.
#[derive(Debug)]
pub(in crate::logs) struct Run {
    query: Query,
    limit: usize,
    /// What every wanted line has in it.
    traces: Vec<Regex>,
    /// The field to sort lines by, and whether it falls.
    sort: Option<(String, bool)>,
    /// With what they are sorted by.
    rows: Vec<(Value, LogRow)>,
    /// There are so many rows already that sort before any that isn't before this.
    worst: Option<Value>,
    statistics: Statistics,
    scanned: u64,
    truncated: bool,
    scanned_until: Option<Timestamp>,
}

impl Run {
    pub(in crate::logs) fn new(query: Query, limit: usize) -> Self {
        let sort = query.sort.clone().map(|(column, falls)| {
            let named = query.fields.iter().find(|(_, name)| *name == column);
            (named.map_or(column, |(field, _)| field.clone()), falls)
        });
        Self {
            limit: query.limit.unwrap_or(limit).min(limit),
            traces: query.filters.iter().flat_map(traces_of).collect(),
            // Lines come like that.
            sort: sort.filter(|(field, falls)| !(field == "@timestamp" && *falls)),
            query,
            rows: Vec::new(),
            worst: None,
            statistics: Statistics::default(),
            scanned: 0,
            truncated: false,
            scanned_until: None,
        }
    }

    /// Whether the order in which lines are looked at makes no difference.
    pub(in crate::logs) fn takes_any_order(&self) -> bool {
        self.query.stats.is_some()
    }

    /// Whether the line with these bytes may be a wanted one. What it says no to, [`Run::look`] would pass over.
    pub(in crate::logs) fn may_want(&self, line: &[u8]) -> bool {
        self.traces.iter().all(|trace| trace.is_match(line))
    }

    /// So many lines were passed over without being looked at.
    pub(in crate::logs) fn pass_over(&mut self, lines: u64) {
        self.scanned += lines;
    }

    /// Looks at a line; `false` when no more is needed.
    pub(in crate::logs) fn look(&mut self, line: &Line<'_>) -> bool {
        self.scanned += 1;
        if !self.query.filters.iter().all(|condition| holds(condition, line)) {
            return true;
        }
        if let Some(stats) = &self.query.stats {
            self.statistics.add(stats, line);
            return true;
        }
        let Some((field, falls)) = &self.sort else {
            if self.rows.len() >= self.limit {
                self.truncated = true;
                return false;
            }
            self.rows.push((Value::Null, self.row(line)));
            return true;
        };
        let key = match field.as_str() {
            "@timestamp" => line.place.at_ms.into(),
            field => line.field(field),
        };
        // Of equal ones, those that came first are before.
        if let Some(worst) = &self.worst
            && !in_order(&key, worst, *falls).is_lt()
        {
            self.truncated = true;
            return true;
        }
        let row = self.row(line);
        self.rows.push((key, row));
        if self.rows.len() >= self.limit.saturating_mul(2) {
            self.keep_first();
        }
        true
    }

    fn row(&self, line: &Line<'_>) -> LogRow {
        let values = match self.query.fields.as_slice() {
            [] => vec![line.field("@message")],
            fields => fields.iter().map(|(field, _)| line.field(field)).collect(),
        };
        LogRow {
            values,
            cursor: line.place.text(),
        }
    }

    /// Sorts the rows, and lets go of those that are beyond the limit.
    fn keep_first(&mut self) {
        let Some((_, falls)) = &self.sort else { return };
        self.rows.sort_by(|(a, _), (b, _)| in_order(a, b, *falls));
        self.truncated |= self.rows.len() > self.limit;
        self.rows.truncate(self.limit);
        if self.rows.len() == self.limit {
            self.worst = self.rows.last().map(|(key, _)| key.clone());
        }
    }

    /// The search was given up before all lines were seen: all since `reached` were.
    pub(in crate::logs) fn give_up(&mut self, reached: i64) {
        self.truncated = true;
        self.scanned_until = Some(Timestamp::from_ms(reached));
    }

    /// The answer.
    pub(in crate::logs) fn finish(mut self) -> LogTable {
        let columns = self.columns();
        self.keep_first();
        let mut rows: Vec<LogRow> = self.rows.into_iter().map(|(_, row)| row).collect();
        let mut notes = Vec::new();
        if let Some(stats) = &self.query.stats {
            rows = self.statistics.rows(stats);
            notes = self.statistics.notes(stats);
            if self.statistics.has_too_many {
                self.truncated = true;
                notes.push(format!(
                    "only the first {MAX_GROUPS} rows that were met are counted"
                ));
            }
            if let Some((column, falls)) = &self.query.sort
                && let Some(at) = columns.iter().position(|name| name == column)
            {
                let key = |row: &LogRow| row.values.get(at).cloned().unwrap_or_default();
                rows.sort_by(|a, b| in_order(&key(a), &key(b), *falls));
            }
            self.truncated |= rows.len() > self.limit;
            rows.truncate(self.limit);
        }
        LogTable {
            columns,
            rows,
            scanned: self.scanned,
            truncated: self.truncated,
            scanned_until: self.scanned_until,
            notes,
        }
    }

    fn columns(&self) -> Vec<String> {
        match &self.query.stats {
            Some(stats) => stats.columns(),
            None if self.query.fields.is_empty() => vec!["@message".to_owned()],
            None => self.query.fields.iter().map(|(_, name)| name.clone()).collect(),
        }
    }
}

fn in_order(a: &Value, b: &Value, falls: bool) -> std::cmp::Ordering {
    let order = compare(a, b);
    if falls { order.reverse() } else { order }
}
