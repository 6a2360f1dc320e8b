//! What `stats` makes of lines.

use std::collections::{HashMap, HashSet};

use domain::Timestamp;
use ports::observability::LogRow;
use serde_json::{Number, Value};

use super::super::line::Line;
use super::condition::number;
use super::parse::{Aggregate, Function, Key, Stats};

/// The most groups of lines that statistics are made of.
pub(super) const MAX_GROUPS: usize = 10_000;
/// The most values of a group that a percentile or a count of distinct values looks at.
pub(super) const MAX_VALUES: usize = 100_000;

/// Statistics under way.
#[derive(Debug, Default)]
pub(super) struct Statistics {
    groups: HashMap<Vec<u8>, Group>,
    /// Of the line that is looked at; kept, so that a line allocates nothing.
    id: Vec<u8>,
    /// Whether there were more groups than there may be.
    pub(super) has_too_many: bool,
}

#[derive(Debug)]
struct Group {
    keys: Vec<Value>,
    accumulators: Vec<Accumulator>,
}

#[derive(Debug, Default)]
struct Accumulator {
    count: u64,
    numbers: u64,
    values: Vec<f64>,
    distinct: HashSet<Vec<u8>>,
    sum: f64,
    min: Option<f64>,
    max: Option<f64>,
    /// Whether values were left out, for there were too many.
    is_full: bool,
}

impl Statistics {
    pub(super) fn add(&mut self, stats: &Stats, line: &Line<'_>) {
        self.id.clear();
        for key in &stats.by {
            match key {
                Key::Field(field) => self.id.extend_from_slice(&line.field_json(field)),
                Key::Bin(step_ms) => self.id.extend_from_slice(&bin(line, *step_ms).to_le_bytes()),
            }
            // No JSON has this byte.
            self.id.push(0);
        }
        if !self.groups.contains_key(self.id.as_slice()) {
            if self.groups.len() >= MAX_GROUPS {
                self.has_too_many = true;
                return;
            }
            self.groups.insert(self.id.clone(), Group::new(stats, line));
        }
        if let Some(group) = self.groups.get_mut(self.id.as_slice()) {
            for (aggregate, accumulator) in stats.aggregates.iter().zip(&mut group.accumulators) {
                accumulator.add(aggregate, line);
            }
        }
    }

    /// A row for each group, by its keys.
    pub(super) fn rows(&self, stats: &Stats) -> Vec<LogRow> {
        let mut rows: Vec<(String, LogRow)> = self.groups.values().map(|group| group.row(stats)).collect();
        rows.sort_by(|(a, _), (b, _)| a.cmp(b));
        rows.into_iter().map(|(_, row)| row).collect()
    }

    /// A sentence for each statistic that is not of all values.
    pub(super) fn notes(&self, stats: &Stats) -> Vec<String> {
        let aggregates = stats.aggregates.iter().enumerate();
        let is_full = |number: usize| {
            let mut of_groups = self
                .groups
                .values()
                .filter_map(|group| group.accumulators.get(number));
            of_groups.any(|accumulator| accumulator.is_full)
        };
        let full = aggregates.filter(|(number, _)| is_full(*number));
        full.map(|(_, aggregate)| match aggregate.function {
            Function::CountDistinct => format!(
                "{} is {MAX_VALUES} or more: no more than that are told apart in a row",
                aggregate.name
            ),
            _ => format!(
                "{} is of the {MAX_VALUES} values of a row that were read first, the newest ones",
                aggregate.name
            ),
        })
        .collect()
    }
}

fn bin(line: &Line<'_>, step_ms: i64) -> i64 {
    line.place.at_ms.div_euclid(step_ms) * step_ms
}

impl Group {
    fn new(stats: &Stats, line: &Line<'_>) -> Self {
        let key = |key: &Key| match key {
            Key::Field(field) => line.field(field),
            Key::Bin(step_ms) => time(bin(line, *step_ms)),
        };
        Self {
            keys: stats.by.iter().map(key).collect(),
            accumulators: stats.aggregates.iter().map(|_| Accumulator::default()).collect(),
        }
    }

    /// Its keys as text, and its row.
    fn row(&self, stats: &Stats) -> (String, LogRow) {
        let figures = self.accumulators.iter().zip(&stats.aggregates);
        let figures = figures.map(|(accumulator, aggregate)| accumulator.value(aggregate));
        let row = LogRow {
            values: self.keys.iter().cloned().chain(figures).collect(),
            cursor: String::new(),
        };
        (Value::from(self.keys.clone()).to_string(), row)
    }
}

impl Accumulator {
    fn add(&mut self, aggregate: &Aggregate, line: &Line<'_>) {
        let field = aggregate.field.as_str();
        if field == "*" {
            self.count += 1;
            return;
        }
        match aggregate.function {
            Function::Count => self.count += u64::from(*line.field_json(field) != *b"null"),
            Function::CountDistinct => {
                let json = line.field_json(field);
                if *json == *b"null" || self.distinct.contains(&*json) {
                    return;
                }
                if self.distinct.len() < MAX_VALUES {
                    self.distinct.insert(json.into_owned());
                } else {
                    self.is_full = true;
                }
            }
            Function::Sum
            | Function::Average
            | Function::Minimum
            | Function::Maximum
            | Function::Percentile(_) => {
                let found = match field {
                    "@timestamp" => Some(line.place.at_ms as f64),
                    _ => number(&line.field(field)),
                };
                if let Some(found) = found {
                    self.add_number(found, aggregate.function);
                }
            }
        }
    }

    fn add_number(&mut self, number: f64, function: Function) {
        self.numbers += 1;
        self.sum += number;
        self.min = Some(self.min.map_or(number, |min| min.min(number)));
        self.max = Some(self.max.map_or(number, |max| max.max(number)));
        if matches!(function, Function::Percentile(_)) {
            if self.values.len() < MAX_VALUES {
                self.values.push(number);
            } else {
                self.is_full = true;
            }
        }
    }

    fn value(&self, aggregate: &Aggregate) -> Value {
        let shown = |value: f64| match aggregate.field.as_str() {
            "@timestamp" => time(value as i64),
            _ => Number::from_f64(value).map_or(Value::Null, Value::Number),
        };
        match aggregate.function {
            Function::Count => self.count.into(),
            Function::CountDistinct => self.distinct.len().into(),
            // A sum of times is none.
            Function::Sum => Number::from_f64(self.sum).map_or(Value::Null, Value::Number),
            Function::Average if self.numbers > 0 => shown(self.sum / self.numbers as f64),
            Function::Average => Value::Null,
            Function::Minimum => self.min.map_or(Value::Null, shown),
            Function::Maximum => self.max.map_or(Value::Null, shown),
            Function::Percentile(percent) => {
                let mut values = self.values.clone();
                values.sort_by(f64::total_cmp);
                let last = values.len().saturating_sub(1) as f64;
                values
                    .get((last * percent / 100.0).round() as usize)
                    .map_or(Value::Null, |value| shown(*value))
            }
        }
    }
}

fn time(at_ms: i64) -> Value {
    Timestamp::from_ms(at_ms).to_string().into()
}
