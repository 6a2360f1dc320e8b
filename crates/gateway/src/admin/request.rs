//! Reading what an admin's call says: query parameters and JSON bodies, every fault at once.

use std::collections::HashMap;

use axum::body::Body;
use http::Uri;
use http::request::Parts;
use serde_json::{Map, Value};

use crate::body::read_json_text;
use crate::config::Limits;
use crate::problem::{Code, Fault, Problem};

/// Query parameters of a call, checked one by one; what is left over at the end is a fault too.
pub(crate) struct Query {
    parameters: HashMap<String, String>,
    faults: Vec<Fault>,
}

impl Query {
    pub(crate) fn of(uri: &Uri) -> Self {
        let query = uri.query().unwrap_or_default();
        let mut parameters = HashMap::new();
        let mut faults = Vec::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            if parameters.insert(name.to_string(), value.into_owned()).is_some() {
                faults.push(Fault::new(format!("?{name}"), "is given more than once"));
            }
        }
        Self { parameters, faults }
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
            self.faults
                .push(Fault::new(format!("?{name}"), format!("must be {right}")));
        }
        value
    }

    /// Notes a fault.
    pub(crate) fn fault(&mut self, name: &str, detail: &str) {
        self.faults.push(Fault::new(format!("?{name}"), detail));
    }

    /// How many to list: 1 to 1,000, 100 unless said.
    pub(crate) fn limit(&mut self) -> u32 {
        self.parsed("limit", "a whole number from 1 to 1000", |text| {
            text.parse().ok().filter(|limit| (1..=1000).contains(limit))
        })
        .unwrap_or(100)
    }

    /// All faults, if there were any.
    pub(crate) fn finish(mut self) -> Result<(), Problem> {
        let mut unknown: Vec<String> = self.parameters.into_keys().collect();
        unknown.sort_unstable();
        let unknown = unknown
            .into_iter()
            .map(|name| Fault::new(format!("?{name}"), "is no parameter of this call"));
        self.faults.extend(unknown);
        if self.faults.is_empty() {
            Ok(())
        } else {
            Err(Problem::faults(self.faults))
        }
    }
}

/// Fields of a JSON body, checked one by one; what is left over at the end is a fault too.
pub(crate) struct Fields {
    fields: Map<String, Value>,
    faults: Vec<Fault>,
}

impl Fields {
    /// Reads the body; none at all is an object without fields.
    pub(crate) async fn read(parts: &Parts, body: Body, limits: &Limits) -> Result<Self, Problem> {
        let fields = match read_json_text(&parts.headers, body, limits).await? {
            None => Map::new(),
            Some(text) => match serde_json::from_str(&text) {
                Ok(Value::Object(fields)) => fields,
                Ok(_) => return Err(Problem::faults(vec![Fault::new("", "must be an object")])),
                Err(error) => {
                    let detail = format!("The body is not JSON: {error}.");
                    return Err(Problem::new(Code::BadRequest, detail));
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
            self.fault(name, format!("must be {right}"));
        }
        parsed
    }

    /// A whole number in `from..=to`.
    pub(crate) fn number(&mut self, name: &str, from: u64, to: u64) -> Option<u64> {
        let right = format!("a whole number from {from} to {to}");
        self.take(name, &right, |value| {
            value.as_u64().filter(|number| (from..=to).contains(number))
        })
    }

    /// Whether the field is there, `null` or not.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.fields.contains_key(name)
    }

    /// Notes a fault.
    pub(crate) fn fault(&mut self, name: &str, detail: impl Into<String>) {
        self.faults.push(Fault::new(pointer(name), detail));
    }

    /// All faults, if there were any.
    pub(crate) fn finish(mut self) -> Result<(), Problem> {
        let unknown = self
            .fields
            .keys()
            .map(|name| Fault::new(pointer(name), "is no field of this body"));
        self.faults.extend(unknown);
        if self.faults.is_empty() {
            Ok(())
        } else {
            Err(Problem::faults(self.faults))
        }
    }
}

fn pointer(name: &str) -> String {
    format!("/{}", name.replace('~', "~0").replace('/', "~1"))
}
