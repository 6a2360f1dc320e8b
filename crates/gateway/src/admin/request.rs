//! Reading what an admin's call says: query parameters and JSON bodies, every fault at once.

use std::collections::HashMap;

use axum::body::Body;
use domain::{Fault, FaultCode};
use http::Uri;
use http::request::Parts;
use serde_json::{Map, Value};
use tokio::sync::Semaphore;

use crate::body::read_json_text;
use crate::config::Limits;
use crate::problem::Problem;

/// Query parameters of a call, checked one by one; what is left over at the end is a fault too.
pub(crate) struct Query {
    parameters: HashMap<String, String>,
    faults: Vec<Fault>,
}

impl Query {
    pub(crate) fn of(uri: &Uri) -> Self {
        let mut query = Self {
            parameters: HashMap::new(),
            faults: Vec::new(),
        };
        let text = uri.query().unwrap_or_default();
        for (name, value) in form_urlencoded::parse(text.as_bytes()) {
            let before = query.parameters.insert(name.to_string(), value.into_owned());
            if before.is_some() {
                let detail = format!("the parameter {name} is there twice; send it once");
                query.fault(&name, FaultCode::DuplicateField, detail);
            }
        }
        query
    }

    /// A parameter as text.
    pub(crate) fn text(&mut self, name: &str) -> Option<String> {
        self.parameters.remove(name)
    }

    /// A parameter that `parse` understands; `right` says what would be right.
    pub(crate) fn parsed<T>(
        &mut self,
        name: &str,
        right: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let text = self.text(name)?;
        let value = parse(&text);
        if value.is_none() {
            self.fault(name, FaultCode::BadFormat, format!("{name} must be {right}"));
        }
        value
    }

    /// How many to list: 1 to 1,000, 100 unless said.
    pub(crate) fn limit(&mut self) -> u32 {
        self.parsed("limit", "a whole number from 1 to 1000", |text| {
            text.parse().ok().filter(|limit| (1..=1000).contains(limit))
        })
        .unwrap_or(100)
    }

    /// Notes a fault.
    pub(crate) fn fault(&mut self, name: &str, code: FaultCode, detail: impl Into<String>) {
        self.faults.push(Fault {
            pointer: format!("?{name}"),
            code,
            detail: detail.into(),
        });
    }

    /// All faults, if there were any.
    pub(crate) fn finish(mut self) -> Result<(), Problem> {
        let mut unknown: Vec<String> = std::mem::take(&mut self.parameters).into_keys().collect();
        unknown.sort_unstable();
        for name in unknown {
            let detail = format!("unknown parameter: {name}");
            self.fault(&name, FaultCode::UnknownField, detail);
        }
        finish(self.faults)
    }
}

fn finish(faults: Vec<Fault>) -> Result<(), Problem> {
    if faults.is_empty() {
        Ok(())
    } else {
        Err(Problem::faults(faults))
    }
}

/// Fields of a JSON body, checked one by one; what is left over at the end is a fault too.
pub(crate) struct Fields {
    fields: Map<String, Value>,
    faults: Vec<Fault>,
}

impl Fields {
    /// Reads the body; none at all is an object without fields.
    pub(crate) async fn read(
        parts: &Parts,
        body: Body,
        limits: &Limits,
        large: &Semaphore,
    ) -> Result<Self, Problem> {
        let fields = match read_json_text(&parts.headers, body, limits, large).await? {
            None => Map::new(),
            Some(text) => match serde_json::from_str(&text) {
                Ok(Value::Object(fields)) => fields,
                Ok(_) => {
                    return Err(whole_body(
                        FaultCode::WrongType,
                        "the body must be an object".to_owned(),
                    ));
                }
                Err(error) => {
                    let detail = format!("the body is not JSON: {error}");
                    return Err(whole_body(FaultCode::MalformedJson, detail));
                }
            },
        };
        Ok(Self {
            fields,
            faults: Vec::new(),
        })
    }

    /// Takes a field that `parse` understands; `right` says what would be right. `null` is as good as absent.
    pub(crate) fn take<T>(
        &mut self,
        name: &str,
        right: &str,
        parse: impl FnOnce(Value) -> Option<T>,
    ) -> Option<T> {
        let value = match self.fields.remove(name) {
            None | Some(Value::Null) => return None,
            Some(value) => value,
        };
        let parsed = parse(value);
        if parsed.is_none() {
            self.fault(name, FaultCode::BadFormat, format!("{name} must be {right}"));
        }
        parsed
    }

    /// Takes a field that must be there.
    pub(crate) fn required<T>(
        &mut self,
        name: &str,
        right: &str,
        parse: impl FnOnce(Value) -> Option<T>,
    ) -> Option<T> {
        if self.fields.get(name).is_none_or(Value::is_null) {
            self.fields.remove(name);
            let detail = format!("Missing required field: {name}; it must be {right}");
            self.fault(name, FaultCode::MissingField, detail);
            return None;
        }
        self.take(name, right, parse)
    }

    /// A whole number in `from..=to`.
    pub(crate) fn number(&mut self, name: &str, from: u64, to: u64) -> Option<u64> {
        let right = format!("a whole number from {from} to {to}");
        self.take(name, &right, |value| {
            whole_number(&value).filter(|number| (from..=to).contains(number))
        })
    }

    /// Whether the field is there, `null` or not.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.fields.contains_key(name)
    }

    /// Notes a fault.
    pub(crate) fn fault(&mut self, name: &str, code: FaultCode, detail: impl Into<String>) {
        self.faults.push(Fault {
            pointer: pointer(name),
            code,
            detail: detail.into(),
        });
    }

    /// All faults, if there were any.
    pub(crate) fn finish(mut self) -> Result<(), Problem> {
        for name in std::mem::take(&mut self.fields).keys() {
            self.fault(name, FaultCode::UnknownField, format!("unknown field: {name}"));
        }
        finish(self.faults)
    }
}

/// A whole number however it is written: to JSON Schema, `5.0` and `5e0` are as whole as `5`.
fn whole_number(value: &Value) -> Option<u64> {
    /// Up to here every whole number has a float of its own.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    value.as_u64().or_else(|| {
        let float = value.as_f64()?;
        if float.fract() != 0.0 || !(0.0..EXACT).contains(&float) {
            return None;
        }
        format!("{float:.0}").parse().ok()
    })
}

fn whole_body(code: FaultCode, detail: String) -> Problem {
    Problem::faults(vec![Fault {
        pointer: String::new(),
        code,
        detail,
    }])
}

fn pointer(name: &str) -> String {
    format!("/{}", name.replace('~', "~0").replace('/', "~1"))
}
