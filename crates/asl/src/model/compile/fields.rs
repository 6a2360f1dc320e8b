//! The fields of one state, and the values in them that are either written down or computed.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::{Compiler, Language};
use crate::model::{ContextUse, Data, Message, Number, StateIndex};
use crate::{jsonata, payload};

/// One state's (or rule's, or catcher's) object with what is needed to compile it.
#[derive(Clone, Copy)]
pub(in crate::model) struct Fields<'a> {
    pub object: &'a Map<String, Value>,
    pub pointer: &'a str,
    pub language: Language,
    /// The language of the machine that the state is in, which nested machines inherit.
    pub machine_language: Language,
    pub names: &'a HashMap<&'a str, StateIndex>,
}

impl<'a> Fields<'a> {
    pub fn get(&self, field: &str) -> Option<&'a Value> {
        self.object.get(field)
    }

    pub fn text(&self, field: &str) -> Option<&'a str> {
        self.get(field).and_then(Value::as_str)
    }

    /// The pointer to a field.
    pub fn at(&self, field: &str) -> String {
        format!("{}/{field}", self.pointer)
    }

    /// An array's objects, each as fields of its own.
    pub fn list(&self, field: &str) -> Vec<(String, &'a Map<String, Value>)> {
        let entries = self
            .get(field)
            .and_then(Value::as_array)
            .map(Vec::as_slice)
            .unwrap_or_default();
        let at = |(index, entry): (usize, &'a Value)| {
            Some((format!("{}/{field}/{index}", self.pointer), entry.as_object()?))
        };
        entries.iter().enumerate().filter_map(at).collect()
    }

    /// What the expressions in the fields that are asked for read from the context object.
    pub fn context_use(&self, wanted: impl Fn(&str) -> bool) -> ContextUse {
        let mut found = ContextUse::NOTHING;
        for (field, value) in self.object {
            let nested = matches!(
                field.as_str(),
                "Branches" | "ItemProcessor" | "Iterator" | "Result" | "Comment"
            );
            if !nested && wanted(field) {
                visit_texts(value, &mut |text| {
                    found = found.and(ContextUse::of(text, self.language));
                });
            }
        }
        found
    }
}

fn visit_texts(value: &Value, visit: &mut impl FnMut(&str)) {
    match value {
        Value::String(text) => visit(text),
        Value::Array(values) => values.iter().for_each(|value| visit_texts(value, visit)),
        Value::Object(map) => map.values().for_each(|value| visit_texts(value, visit)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

impl Compiler {
    /// A number that is written in `field`, or in `path_field` as a path, or in JSONata as an expression.
    /// The outer `None` is a fault.
    pub(super) fn number(
        &mut self,
        fields: &Fields<'_>,
        field: &'static str,
        path_field: &'static str,
    ) -> Option<Option<Number>> {
        match (fields.get(field), fields.get(path_field)) {
            (Some(Value::String(text)), _) if fields.language == Language::Jsonata => {
                let expression = self.parsed(fields.at(field), jsonata::Expression::parse(text))?;
                Some(Some(Number::Jsonata { field, expression }))
            }
            (Some(literal), _) => Some(Some(Number::Literal(literal.into()))),
            (None, Some(Value::String(text))) => {
                let path = self.parsed(fields.at(path_field), payload::Expression::parse(text))?;
                Some(Some(Number::Path {
                    field: path_field,
                    path,
                    text: text.clone(),
                }))
            }
            (None, _) => Some(None),
        }
    }

    /// A text that is written in `field`, or in `path_field` as a path, or in JSONata as an expression.
    /// The outer `None` is a fault.
    pub(super) fn message(
        &mut self,
        fields: &Fields<'_>,
        field: &'static str,
        path_field: &'static str,
    ) -> Option<Option<Message>> {
        match (fields.text(field), fields.text(path_field)) {
            (Some(text), _) if fields.language == Language::Jsonata && jsonata::is_expression(text) => {
                let expression = self.parsed(fields.at(field), jsonata::Expression::parse(text))?;
                Some(Some(Message::Jsonata { field, expression }))
            }
            (Some(text), _) => Some(Some(Message::Literal(text.to_owned()))),
            (None, Some(text)) => {
                let path = self.parsed(fields.at(path_field), payload::Expression::parse(text))?;
                Some(Some(Message::Path {
                    field: path_field,
                    path,
                    text: text.to_owned(),
                }))
            }
            (None, None) => Some(None),
        }
    }

    /// A JSON tree with expressions in it. The outer `None` is a fault.
    pub(super) fn data(&mut self, fields: &Fields<'_>, field: &'static str) -> Option<Option<Data>> {
        match fields.language {
            Language::JsonPath => Some(self.template(fields, field)?.map(Data::Path)),
            Language::Jsonata => Some(
                self.jsonata_template(fields, field)?
                    .map(|template| Data::Jsonata { field, template }),
            ),
        }
    }

    pub(super) fn template(&mut self, fields: &Fields<'_>, field: &str) -> Option<Option<payload::Template>> {
        let Some(value) = fields.get(field) else {
            return Some(None);
        };
        self.parsed(fields.at(field), payload::Template::parse(value))
            .map(Some)
    }

    pub(super) fn jsonata_template(
        &mut self,
        fields: &Fields<'_>,
        field: &str,
    ) -> Option<Option<jsonata::Template>> {
        let Some(value) = fields.get(field) else {
            return Some(None);
        };
        self.parsed(fields.at(field), jsonata::Template::parse(value))
            .map(Some)
    }
}
