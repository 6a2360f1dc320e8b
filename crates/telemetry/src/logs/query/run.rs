//! A query going over lines.

use std::collections::{BTreeMap, BTreeSet};

use domain::Timestamp;
use ports::observability::{LogRow, LogTable};
use serde_json::{Number, Value};

use super::super::line::Line;
use super::parse::{Comparison, Condition, Function, Key, Query, Stats};

/// The most groups of lines that statistics are made of.
const MAX_GROUPS: usize = 10_000;
/// The most values of a group that a percentile or a count of distinct values looks at.
const MAX_VALUES: usize = 100_000;

/// A query under way.
#[derive(Debug)]
pub(in crate::logs) struct Run {
    query: Query,
    limit: usize,
    rows: Vec<LogRow>,
    groups: BTreeMap<String, Group>,
    scanned: u64,
    truncated: bool,
}

#[derive(Debug)]
struct Group {
    keys: Vec<Value>,
    accumulators: Vec<Accumulator>,
}

#[derive(Debug, Default)]
struct Accumulator {
    count: u64,
    values: Vec<f64>,
    distinct: BTreeSet<String>,
    sum: f64,
    min: Option<f64>,
    max: Option<f64>,
}

impl Run {
    pub(in crate::logs) fn new(query: Query, limit: usize) -> Self {
        Self {
            limit: query.limit.unwrap_or(limit).min(limit),
            query,
            rows: Vec::new(),
            groups: BTreeMap::new(),
            scanned: 0,
            truncated: false,
        }
    }

    /// Looks at a line; `false` when no more is needed.
    pub(in crate::logs) fn look(&mut self, line: &Line) -> bool {
        self.scanned += 1;
        if !self.query.filters.iter().all(|condition| holds(condition, line)) {
            return true;
        }
        if self.query.stats.is_some() {
            return self.add(line);
        }
        // What is sorted must be known whole.
        if self.rows.len() >= self.limit && self.query.sort.is_none() {
            self.truncated = true;
            return false;
        }
        let values = match self.query.fields.as_slice() {
            [] => vec![line.field("@message")],
            fields => fields.iter().map(|(field, _)| line.field(field)).collect(),
        };
        self.rows.push(LogRow {
            values,
            cursor: line.cursor.text(),
        });
        if self.rows.len() >= MAX_GROUPS {
            self.truncated = true;
            return false;
        }
        true
    }

    /// The search was given up before all lines were seen.
    pub(in crate::logs) fn give_up(&mut self) {
        self.truncated = true;
    }

    fn add(&mut self, line: &Line) -> bool {
        let Some(stats) = &self.query.stats else {
            return true;
        };
        let keys: Vec<Value> = stats
            .by
            .iter()
            .map(|key| match key {
                Key::Field(field) => line.field(field),
                Key::Bin(step_ms) => {
                    let at = line.cursor.at_ms.div_euclid(*step_ms) * step_ms;
                    Timestamp::from_ms(at).to_string().into()
                }
            })
            .collect();
        let id = Value::from(keys.clone()).to_string();
        if !self.groups.contains_key(&id) && self.groups.len() >= MAX_GROUPS {
            self.truncated = true;
            return true;
        }
        let group = self.groups.entry(id).or_insert_with(|| Group {
            keys,
            accumulators: stats.aggregates.iter().map(|_| Accumulator::default()).collect(),
        });
        for (aggregate, accumulator) in stats.aggregates.iter().zip(&mut group.accumulators) {
            let value = match aggregate.field.as_str() {
                "*" => Value::Bool(true),
                field => line.field(field),
            };
            accumulator.add(&value, aggregate.function);
        }
        true
    }

    /// The answer.
    pub(in crate::logs) fn finish(mut self) -> LogTable {
        let columns = self.columns();
        if let Some(stats) = &self.query.stats {
            self.rows = self.groups.values().map(|group| group.row(stats)).collect();
        }
        if let Some((column, falls)) = &self.query.sort
            && let Some(at) = columns.iter().position(|name| name == column)
        {
            self.rows.sort_by(|a, b| {
                let (a, b) = (a.values.get(at), b.values.get(at));
                let order = compare(a.unwrap_or(&Value::Null), b.unwrap_or(&Value::Null));
                if *falls { order.reverse() } else { order }
            });
        }
        if self.rows.len() > self.limit {
            self.rows.truncate(self.limit);
            self.truncated = true;
        }
        LogTable {
            columns,
            rows: self.rows,
            scanned: self.scanned,
            truncated: self.truncated,
        }
    }

    fn columns(&self) -> Vec<String> {
        match &self.query.stats {
            Some(stats) => {
                let key = |key: &Key| match key {
                    Key::Field(field) => field.clone(),
                    Key::Bin(_) => "@timestamp".to_owned(),
                };
                let names = stats.aggregates.iter().map(|aggregate| aggregate.name.clone());
                stats.by.iter().map(key).chain(names).collect()
            }
            None if self.query.fields.is_empty() => vec!["@message".to_owned()],
            None => self.query.fields.iter().map(|(_, name)| name.clone()).collect(),
        }
    }
}

impl Group {
    fn row(&self, stats: &Stats) -> LogRow {
        let figures = self.accumulators.iter().zip(&stats.aggregates);
        let figures = figures.map(|(accumulator, aggregate)| accumulator.value(aggregate.function));
        LogRow {
            values: self.keys.iter().cloned().chain(figures).collect(),
            cursor: String::new(),
        }
    }
}

impl Accumulator {
    fn add(&mut self, value: &Value, function: Function) {
        if value.is_null() {
            return;
        }
        self.count += 1;
        if function == Function::CountDistinct && self.distinct.len() < MAX_VALUES {
            self.distinct.insert(value.to_string());
        }
        if let Some(number) = number(value) {
            self.sum += number;
            self.min = Some(self.min.map_or(number, |min| min.min(number)));
            self.max = Some(self.max.map_or(number, |max| max.max(number)));
            if matches!(function, Function::Percentile(_)) && self.values.len() < MAX_VALUES {
                self.values.push(number);
            }
        }
    }

    fn value(&self, function: Function) -> Value {
        let float = |value: f64| Number::from_f64(value).map_or(Value::Null, Value::Number);
        match function {
            Function::Count => self.count.into(),
            Function::CountDistinct => self.distinct.len().into(),
            Function::Sum => float(self.sum),
            Function::Average if self.count > 0 => float(self.sum / self.count as f64),
            Function::Average => Value::Null,
            Function::Minimum => self.min.map_or(Value::Null, float),
            Function::Maximum => self.max.map_or(Value::Null, float),
            Function::Percentile(percent) => {
                let mut values = self.values.clone();
                values.sort_by(f64::total_cmp);
                let last = values.len().saturating_sub(1) as f64;
                values
                    .get((last * percent / 100.0).round() as usize)
                    .map_or(Value::Null, |value| float(*value))
            }
        }
    }
}

/// A number, also one that was logged as text, as amounts are.
fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// By number where both are, by text otherwise; what isn't there comes first.
fn compare(a: &Value, b: &Value) -> std::cmp::Ordering {
    match (number(a), number(b)) {
        (Some(a), Some(b)) => a.total_cmp(&b),
        _ if a.is_null() || b.is_null() => b.is_null().cmp(&a.is_null()),
        _ => text(a).cmp(&text(b)),
    }
}

fn holds(condition: &Condition, line: &Line) -> bool {
    match condition {
        Condition::Compare(field, comparison, right) => {
            let left = line.field(field);
            // A field that isn't there is different from everything, and neither more nor less.
            if left.is_null() {
                return *comparison == Comparison::NotEqual;
            }
            let order = compare(&left, right);
            match comparison {
                Comparison::Equal => order.is_eq(),
                Comparison::NotEqual => order.is_ne(),
                Comparison::Less => order.is_lt(),
                Comparison::LessOrEqual => order.is_le(),
                Comparison::Greater => order.is_gt(),
                Comparison::GreaterOrEqual => order.is_ge(),
            }
        }
        Condition::Matches(field, pattern) => {
            let value = line.field(field);
            !value.is_null() && pattern.is_match(&text(&value))
        }
        Condition::In(field, values) => {
            let value = line.field(field);
            !value.is_null() && values.iter().any(|right| compare(&value, right).is_eq())
        }
        Condition::IsPresent(field) => !line.field(field).is_null(),
        Condition::Not(inner) => !holds(inner, line),
        Condition::All(all) => all.iter().all(|condition| holds(condition, line)),
        Condition::Any(any) => any.iter().any(|condition| holds(condition, line)),
    }
}
