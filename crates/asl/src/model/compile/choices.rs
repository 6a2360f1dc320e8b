//! The rules of a Choice state, compiled.

use serde_json::{Map, Value};

use super::{Compiler, Fields, Language};
use crate::model::Kind;
use crate::model::choice::{Comparison, Condition, Family, Operand, Pattern, Property, Rule, Test};
use crate::{jsonata, payload};

impl Compiler {
    pub(super) fn choice(&mut self, fields: &Fields<'_>) -> Option<Kind> {
        let mut rules = Vec::new();
        for (pointer, object) in fields.list("Choices") {
            let entry = Fields {
                object,
                pointer: &pointer,
                ..*fields
            };
            rules.push(self.rule(&entry)?);
        }
        let default = if fields.get("Default").is_some() {
            Some(self.target(fields, "Default")?)
        } else {
            None
        };
        Some(Kind::Choice { rules, default })
    }

    fn rule(&mut self, entry: &Fields<'_>) -> Option<Rule> {
        let condition = match entry.language {
            Language::JsonPath => self.condition(entry.object, entry.pointer)?,
            Language::Jsonata => self.jsonata_condition(entry)?,
        };
        let output = match entry.language {
            Language::JsonPath => None,
            Language::Jsonata => self.jsonata_template(entry, "Output")?,
        };
        Some(Rule {
            condition,
            next: self.target(entry, "Next")?,
            assign: self.data(entry, "Assign")?,
            output,
        })
    }

    fn jsonata_condition(&mut self, entry: &Fields<'_>) -> Option<Condition> {
        match entry.get("Condition") {
            Some(Value::Bool(answer)) => Some(Condition::Always(*answer)),
            Some(Value::String(text)) => self
                .parsed(entry.at("Condition"), jsonata::Expression::parse(text))
                .map(Condition::Jsonata),
            Some(_) | None => {
                self.fault(
                    entry.at("Condition"),
                    "a JSONata rule has a Condition",
                    "\"{% $states.input.total > 0 %}\"",
                );
                None
            }
        }
    }

    fn condition(&mut self, object: &Map<String, Value>, pointer: &str) -> Option<Condition> {
        for (field, combine) in [("And", Condition::And as fn(Vec<_>) -> _), ("Or", Condition::Or)] {
            if let Some(parts) = object.get(field) {
                let parts = parts
                    .as_array()
                    .map(Vec::as_slice)
                    .unwrap_or_default()
                    .iter()
                    .enumerate();
                let compiled: Option<Vec<Condition>> = parts
                    .map(|(index, part)| self.part(part, &format!("{pointer}/{field}/{index}")))
                    .collect();
                return compiled.map(combine);
            }
        }
        if let Some(part) = object.get("Not") {
            let part = self.part(part, &format!("{pointer}/Not"))?;
            return Some(Condition::Not(Box::new(part)));
        }
        self.test(object, pointer)
    }

    fn part(&mut self, part: &Value, pointer: &str) -> Option<Condition> {
        let Value::Object(part) = part else {
            self.fault(
                pointer,
                "a rule is a JSON object",
                "{\"Variable\": \"$.a\", \"IsPresent\": true}",
            );
            return None;
        };
        self.condition(part, pointer)
    }

    fn test(&mut self, object: &Map<String, Value>, pointer: &str) -> Option<Condition> {
        let Some(text) = object.get("Variable").and_then(Value::as_str) else {
            self.fault(
                format!("{pointer}/Variable"),
                "a rule has a Variable",
                "a path such as \"$.status\"",
            );
            return None;
        };
        let variable = self.parsed(format!("{pointer}/Variable"), payload::Expression::parse(text))?;
        for (operator, operand) in object {
            if let Some(test) = self.operator(operator, operand, pointer)? {
                return Some(Condition::Test {
                    variable,
                    text: text.to_owned(),
                    test,
                });
            }
        }
        self.fault(
            pointer,
            "a rule has a comparison",
            "one such as \"StringEquals\": \"success\"",
        );
        None
    }

    /// What an operator asks. The inner `None` says that the field is no operator.
    fn operator(&mut self, operator: &str, operand: &Value, pointer: &str) -> Option<Option<Test>> {
        if let Some(property) = property(operator) {
            return Some(operand.as_bool().map(|expected| Test::Is { property, expected }));
        }
        if operator == "StringMatches" {
            return Some(operand.as_str().map(|text| Test::Matches(Pattern::parse(text))));
        }
        let (name, is_path) = operator
            .strip_suffix("Path")
            .map_or((operator, false), |name| (name, true));
        let Some((family, comparison)) = comparison(name) else {
            return Some(None);
        };
        let with = match operand.as_str() {
            Some(text) if is_path => {
                let path = self.parsed(format!("{pointer}/{operator}"), payload::Expression::parse(text))?;
                Operand::Path {
                    path,
                    text: text.to_owned(),
                }
            }
            Some(_) | None => Operand::Literal(operand.into()),
        };
        Some(Some(Test::Compare {
            family,
            comparison,
            with,
        }))
    }
}

fn property(operator: &str) -> Option<Property> {
    Some(match operator {
        "IsNull" => Property::Null,
        "IsPresent" => Property::Present,
        "IsNumeric" => Property::Numeric,
        "IsString" => Property::String,
        "IsBoolean" => Property::Boolean,
        "IsTimestamp" => Property::Timestamp,
        _ => return None,
    })
}

fn comparison(name: &str) -> Option<(Family, Comparison)> {
    let families = [
        ("String", Family::String),
        ("Numeric", Family::Numeric),
        ("Boolean", Family::Boolean),
        ("Timestamp", Family::Timestamp),
    ];
    let (family, comparison) = families
        .into_iter()
        .find_map(|(prefix, family)| Some((family, name.strip_prefix(prefix)?)))?;
    let comparison = match comparison {
        "Equals" => Comparison::Equals,
        "LessThan" => Comparison::LessThan,
        "GreaterThan" => Comparison::GreaterThan,
        "LessThanEquals" => Comparison::LessThanEquals,
        "GreaterThanEquals" => Comparison::GreaterThanEquals,
        _ => return None,
    };
    Some((family, comparison))
}
