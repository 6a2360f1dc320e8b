//! A query as it is understood.

use regex::Regex;
use serde_json::Value;

use super::lexer::{Token, tokens};

/// A query.
#[derive(Debug, Default)]
pub(in crate::logs) struct Query {
    /// Columns: the field, and what it is called. None is whole lines.
    pub(super) fields: Vec<(String, String)>,
    pub(super) filters: Vec<Condition>,
    pub(super) stats: Option<Stats>,
    /// By which column, and whether it falls.
    pub(super) sort: Option<(String, bool)>,
    pub(super) limit: Option<usize>,
}

/// What a line must be.
#[derive(Debug)]
pub(super) enum Condition {
    Compare(String, Comparison, Value),
    Matches(String, Regex),
    In(String, Vec<Value>),
    IsPresent(String),
    Not(Box<Condition>),
    All(Vec<Condition>),
    Any(Vec<Condition>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// What is made of lines, and of which together.
#[derive(Debug)]
pub(super) struct Stats {
    pub(super) aggregates: Vec<Aggregate>,
    pub(super) by: Vec<Key>,
}

#[derive(Debug)]
pub(super) struct Aggregate {
    pub(super) function: Function,
    pub(super) field: String,
    pub(super) name: String,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Function {
    Count,
    CountDistinct,
    Sum,
    Average,
    Minimum,
    Maximum,
    Percentile(f64),
}

#[derive(Debug)]
pub(super) enum Key {
    Field(String),
    /// By time, in steps of so many milliseconds.
    Bin(i64),
}

impl Stats {
    /// What the columns of its rows are called.
    pub(super) fn columns(&self) -> Vec<String> {
        let key = |key: &Key| match key {
            Key::Field(field) => field.clone(),
            Key::Bin(_) => "@timestamp".to_owned(),
        };
        let names = self.aggregates.iter().map(|aggregate| aggregate.name.clone());
        self.by.iter().map(key).chain(names).collect()
    }
}

impl Query {
    /// Reads a query.
    ///
    /// # Errors
    /// A sentence with what can't be read.
    pub(in crate::logs) fn parse(text: &str) -> Result<Self, String> {
        let mut reader = Reader {
            tokens: tokens(text)?,
            at: 0,
        };
        let mut query = Self::default();
        while !reader.is_over() {
            let stage = reader.word("fields, filter, stats, sort or limit")?;
            match stage.as_str() {
                "fields" | "display" => query.fields = reader.fields()?,
                "filter" => {
                    let condition = reader.any()?;
                    query.filters.push(condition);
                }
                "stats" => query.stats = Some(reader.stats()?),
                "sort" => query.sort = Some(reader.sort()?),
                "limit" => query.limit = Some(reader.limit()?),
                _ => {
                    return Err(format!(
                        "{stage} is no stage; there are fields, filter, stats, sort and limit"
                    ));
                }
            }
            if !reader.is_over() {
                reader.expect("|")?;
            }
        }
        if let (Some(stats), Some((column, _))) = (&query.stats, &query.sort)
            && let columns = stats.columns()
            && !columns.contains(column)
        {
            return Err(format!(
                "there is no {column} to sort by; after stats there are {}",
                columns.join(", ")
            ));
        }
        Ok(query)
    }
}

struct Reader {
    tokens: Vec<Token>,
    at: usize,
}

impl Reader {
    fn is_over(&self) -> bool {
        self.at >= self.tokens.len()
    }

    fn next(&mut self, what: &str) -> Result<Token, String> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token.ok_or_else(|| format!("the query ends where {what} should be"))
    }

    fn takes(&mut self, sign: &str) -> bool {
        let is_it = match self.tokens.get(self.at) {
            Some(Token::Sign(found)) => *found == sign,
            Some(Token::Word(word)) => word.eq_ignore_ascii_case(sign),
            _ => false,
        };
        self.at += usize::from(is_it);
        is_it
    }

    fn expect(&mut self, sign: &str) -> Result<(), String> {
        if self.takes(sign) {
            return Ok(());
        }
        match self.tokens.get(self.at) {
            Some(token) => Err(format!("{} stands where {sign} should be", shown(token))),
            None => Err(format!("the query ends where {sign} should be")),
        }
    }

    fn word(&mut self, what: &str) -> Result<String, String> {
        match self.next(what)? {
            Token::Word(word) => Ok(word),
            token => Err(format!("{} stands where {what} should be", shown(&token))),
        }
    }

    fn fields(&mut self) -> Result<Vec<(String, String)>, String> {
        let mut fields = Vec::new();
        loop {
            let field = self.word("a field")?;
            let name = if self.takes("as") {
                self.word("a name")?
            } else {
                field.clone()
            };
            fields.push((field, name));
            if !self.takes(",") {
                return Ok(fields);
            }
        }
    }

    fn any(&mut self) -> Result<Condition, String> {
        let mut any = vec![self.all()?];
        while self.takes("or") {
            any.push(self.all()?);
        }
        Ok(if any.len() == 1 {
            any.remove(0)
        } else {
            Condition::Any(any)
        })
    }

    fn all(&mut self) -> Result<Condition, String> {
        let mut all = vec![self.one()?];
        while self.takes("and") {
            all.push(self.one()?);
        }
        Ok(if all.len() == 1 {
            all.remove(0)
        } else {
            Condition::All(all)
        })
    }

    fn one(&mut self) -> Result<Condition, String> {
        if self.takes("not") {
            return Ok(Condition::Not(Box::new(self.one()?)));
        }
        if self.takes("(") {
            let inner = self.any()?;
            self.expect(")")?;
            return Ok(inner);
        }
        let field = self.word("a field")?;
        if field.eq_ignore_ascii_case("ispresent") {
            self.expect("(")?;
            let field = self.word("a field")?;
            self.expect(")")?;
            return Ok(Condition::IsPresent(field));
        }
        if self.takes("not") {
            return Ok(Condition::Not(Box::new(self.relation(field)?)));
        }
        self.relation(field)
    }

    fn relation(&mut self, field: String) -> Result<Condition, String> {
        if self.takes("like") {
            return self.like(field);
        }
        if self.takes("in") {
            self.expect("[")?;
            let mut values = vec![self.value()?];
            while self.takes(",") {
                values.push(self.value()?);
            }
            self.expect("]")?;
            return Ok(Condition::In(field, values));
        }
        let signs = [
            ("=", Comparison::Equal),
            ("!=", Comparison::NotEqual),
            ("<=", Comparison::LessOrEqual),
            (">=", Comparison::GreaterOrEqual),
            ("<", Comparison::Less),
            (">", Comparison::Greater),
        ];
        let found = signs.into_iter().find(|(sign, _)| self.takes(sign));
        let Some((_, comparison)) = found else {
            return Err(format!("after {field} should be =, !=, <, <=, >, >=, like or in"));
        };
        Ok(Condition::Compare(field, comparison, self.value()?))
    }

    fn like(&mut self, field: String) -> Result<Condition, String> {
        let pattern = match self.next("a text or a pattern")? {
            Token::Pattern(pattern) => pattern,
            Token::Text(text) => regex::escape(&text),
            token => {
                return Err(format!(
                    "{} stands where a text or a /pattern/ should be",
                    shown(&token)
                ));
            }
        };
        let pattern = Regex::new(&pattern).map_err(|error| format!("the pattern can't be read: {error}"))?;
        Ok(Condition::Matches(field, pattern))
    }

    fn value(&mut self) -> Result<Value, String> {
        match self.next("a value")? {
            Token::Text(text) => Ok(text.into()),
            Token::Number(number) => Ok(number.into()),
            Token::Word(word) if word == "true" || word == "false" => Ok((word == "true").into()),
            token => Err(format!(
                "{} is no value: write texts between quotes",
                shown(&token)
            )),
        }
    }

    fn stats(&mut self) -> Result<Stats, String> {
        let mut aggregates = vec![self.aggregate()?];
        while self.takes(",") {
            aggregates.push(self.aggregate()?);
        }
        let mut by = Vec::new();
        if self.takes("by") {
            by.push(self.key()?);
            while self.takes(",") {
                by.push(self.key()?);
            }
        }
        Ok(Stats { aggregates, by })
    }

    fn aggregate(&mut self) -> Result<Aggregate, String> {
        let called = self.word("count, sum, avg, min, max or pct")?;
        self.expect("(")?;
        let field = self.word("a field or *")?;
        let function = match called.as_str() {
            "count" => Function::Count,
            "count_distinct" => Function::CountDistinct,
            "sum" => Function::Sum,
            "avg" => Function::Average,
            "min" => Function::Minimum,
            "max" => Function::Maximum,
            "pct" | "percentile" => {
                self.expect(",")?;
                match self.next("a percentage")? {
                    Token::Number(percent) if (0.0..=100.0).contains(&percent) => {
                        Function::Percentile(percent)
                    }
                    token => return Err(format!("{} is no percentage from 0 to 100", shown(&token))),
                }
            }
            _ => {
                return Err(format!(
                    "{called} is no statistic; there are count, count_distinct, sum, avg, min, max and pct"
                ));
            }
        };
        self.expect(")")?;
        let name = if self.takes("as") {
            self.word("a name")?
        } else {
            format!("{called}({field})")
        };
        Ok(Aggregate {
            function,
            field,
            name,
        })
    }

    fn key(&mut self) -> Result<Key, String> {
        let field = self.word("a field or bin(5m)")?;
        if field != "bin" {
            return Ok(Key::Field(field));
        }
        self.expect("(")?;
        let span = match self.next("a span of time")? {
            Token::Span(span) => span,
            token => return Err(format!("{} is no span of time such as 5m", shown(&token))),
        };
        self.expect(")")?;
        Ok(Key::Bin(span))
    }

    fn sort(&mut self) -> Result<(String, bool), String> {
        let field = self.word("a column")?;
        let falls = !self.takes("asc") && self.takes("desc");
        Ok((field, falls))
    }

    fn limit(&mut self) -> Result<usize, String> {
        match self.next("a number")? {
            Token::Number(number) if (1.0..=10_000.0).contains(&number) => Ok(number as usize),
            token => Err(format!("{} is no number from 1 to 10000", shown(&token))),
        }
    }
}

fn shown(token: &Token) -> String {
    match token {
        Token::Word(text) => text.clone(),
        Token::Text(text) => format!("\"{text}\""),
        Token::Pattern(text) => format!("/{text}/"),
        Token::Number(number) => number.to_string(),
        Token::Span(ms) => format!("{ms}ms"),
        Token::Sign(sign) => (*sign).to_owned(),
    }
}
