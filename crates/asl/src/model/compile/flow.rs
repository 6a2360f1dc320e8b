//! How data flows through a state, and its retriers and catchers, compiled.

use serde_json::Value;

use super::{Compiler, Fields, Language};
use crate::model::retry::{CatchFlow, Catcher, ErrorEquals, Retrier};
use crate::model::{Flow, JsonataFlow, PathFlow, ResultPath, Selection};
use crate::path::ReferencePath;
use crate::payload;

impl Compiler {
    pub(super) fn flow(&mut self, fields: &Fields<'_>) -> Option<Flow> {
        match fields.language {
            Language::JsonPath => Some(Flow::JsonPath(Box::new(self.path_flow(fields)?))),
            Language::Jsonata => Some(Flow::Jsonata(Box::new(JsonataFlow {
                arguments: self.jsonata_template(fields, "Arguments")?,
                output: self.jsonata_template(fields, "Output")?,
                assign: self.jsonata_template(fields, "Assign")?,
            }))),
        }
    }

    fn path_flow(&mut self, fields: &Fields<'_>) -> Option<PathFlow> {
        // On a Map state without ItemSelector, Parameters is the item selector's old name.
        let is_map = fields.text("Type") == Some("Map");
        Some(PathFlow {
            input: self.selection(fields, "InputPath")?,
            parameters: if is_map {
                None
            } else {
                self.template(fields, "Parameters")?
            },
            selector: self.template(fields, "ResultSelector")?,
            result: self.result_path(fields)?,
            output: self.selection(fields, "OutputPath")?,
            assign: self.template(fields, "Assign")?,
        })
    }

    fn selection(&mut self, fields: &Fields<'_>, field: &str) -> Option<Selection> {
        match fields.get(field) {
            None => Some(Selection::Whole),
            Some(Value::Null) => Some(Selection::Nothing),
            Some(Value::String(text)) if text == "$" => Some(Selection::Whole),
            Some(Value::String(text)) => self
                .parsed(fields.at(field), payload::Expression::parse(text))
                .map(Selection::Path),
            Some(_) => {
                self.fault(
                    fields.at(field),
                    format!("{field} is a path or null"),
                    "write a path such as \"$.order\"",
                );
                None
            }
        }
    }

    fn result_path(&mut self, fields: &Fields<'_>) -> Option<ResultPath> {
        match fields.get("ResultPath") {
            None => Some(ResultPath::Replace),
            Some(Value::Null) => Some(ResultPath::Discard),
            Some(Value::String(text)) if text == "$" => Some(ResultPath::Replace),
            Some(Value::String(text)) => self
                .parsed(fields.at("ResultPath"), ReferencePath::parse(text))
                .map(ResultPath::At),
            Some(_) => {
                self.fault(
                    fields.at("ResultPath"),
                    "ResultPath is a reference path or null",
                    "\"$.result\"",
                );
                None
            }
        }
    }

    pub(super) fn retriers(&mut self, fields: &Fields<'_>) -> Option<Vec<Retrier>> {
        let mut retriers = Vec::new();
        for (pointer, object) in fields.list("Retry") {
            let entry = Fields {
                object,
                pointer: &pointer,
                ..*fields
            };
            let number = |field: &str| entry.get(field).and_then(Value::as_f64);
            let max_attempts = entry.get("MaxAttempts").and_then(Value::as_u64).unwrap_or(3);
            retriers.push(Retrier {
                errors: self.error_equals(&entry)?,
                interval_s: number("IntervalSeconds").unwrap_or(1.0),
                max_attempts: u32::try_from(max_attempts).unwrap_or(u32::MAX),
                backoff_rate: number("BackoffRate").unwrap_or(2.0),
                max_delay_s: number("MaxDelaySeconds"),
                full_jitter: entry.text("JitterStrategy") == Some("FULL"),
            });
        }
        Some(retriers)
    }

    pub(super) fn catchers(&mut self, fields: &Fields<'_>) -> Option<Vec<Catcher>> {
        let mut catchers = Vec::new();
        for (pointer, object) in fields.list("Catch") {
            let entry = Fields {
                object,
                pointer: &pointer,
                ..*fields
            };
            let flow = match entry.language {
                Language::JsonPath => CatchFlow::JsonPath {
                    result: self.result_path(&entry)?,
                    assign: self.template(&entry, "Assign")?,
                },
                Language::Jsonata => CatchFlow::Jsonata {
                    output: self.jsonata_template(&entry, "Output")?,
                    assign: self.jsonata_template(&entry, "Assign")?,
                },
            };
            catchers.push(Catcher {
                errors: self.error_equals(&entry)?,
                next: self.target(&entry, "Next")?,
                flow,
            });
        }
        Some(catchers)
    }

    fn error_equals(&mut self, entry: &Fields<'_>) -> Option<ErrorEquals> {
        let names = entry.get("ErrorEquals").and_then(Value::as_array);
        let names: Option<Vec<String>> = names?
            .iter()
            .map(|name| name.as_str().map(str::to_owned))
            .collect();
        if names.is_none() {
            self.fault(
                entry.at("ErrorEquals"),
                "ErrorEquals is an array of error names",
                "[\"States.ALL\"]",
            );
        }
        names.map(ErrorEquals)
    }
}
