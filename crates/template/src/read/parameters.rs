//! Parameters: their defaults, or the values that are given when starting.

use std::collections::BTreeMap;

use super::Inputs;
use crate::fault::Problem;
use crate::resolve::Resolver;
use crate::section::{Located, Section};
use crate::shape::Shape;
use crate::yaml::{Node, Value, pointer_to};

/// The value of each parameter: a text, or a list for the list types.
pub(super) fn read(cx: &Resolver<'_>, root: &Node, inputs: &Inputs<'_>) -> BTreeMap<String, Node> {
    let mut values = BTreeMap::new();
    if let Some(Node {
        value: Value::Map(entries),
        ..
    }) = root.get("Parameters")
    {
        for entry in entries {
            let at = Located {
                node: entry.value.clone(),
                pointer: pointer_to("/Parameters", &entry.key),
            };
            let given = inputs.parameters.get(&entry.key);
            if let Some(section) = Section::open(cx, at, Shape::Parameter) {
                values.extend(value_of(section, &entry.key, given).map(|value| (entry.key.clone(), value)));
            }
        }
    }
    let declared = |name: &String| {
        root.get("Parameters")
            .is_some_and(|parameters| parameters.get(name).is_some())
    };
    for name in inputs.parameters.keys().filter(|name| !declared(name)) {
        cx.fault(
            root.position,
            "/Parameters",
            Problem::UnknownParameter { name: name.clone() },
        );
    }
    values
}

fn value_of(mut section: Section<'_, '_>, name: &str, given: Option<&String>) -> Option<Node> {
    section.require("Type");
    let kind = section.text("Type");
    let allowed = section.texts("AllowedValues");
    let default = section.text_or_empty("Default");
    let position = section.position("Default");
    let text = given.cloned().or(default);
    match &text {
        None => section.fault(Problem::NoValue {
            name: name.to_owned(),
        }),
        Some(text) if !allowed.is_empty() && !allowed.contains(text) => {
            section.fault_at(
                "Default",
                Problem::NotOneOf {
                    found: text.clone(),
                    allowed: allowed.join(", "),
                },
            );
        }
        Some(_) => {}
    }
    section.finish();
    let (kind, text) = (kind?, text?);
    if kind == "CommaDelimitedList" || kind.starts_with("List<") {
        let items = text
            .split(',')
            .map(|item| Node::text(position, item.trim()))
            .collect();
        return Some(Node {
            position,
            value: Value::List(items),
        });
    }
    Some(Node::text(position, text))
}

/// The values as they are shown: a list with commas.
pub(super) fn as_texts(values: &BTreeMap<String, Node>) -> BTreeMap<String, String> {
    let show = |node: &Node| match &node.value {
        Value::Scalar(scalar) => scalar.text.clone(),
        Value::List(items) => {
            let items = items.iter().filter_map(|item| match &item.value {
                Value::Scalar(scalar) => Some(scalar.text.as_str()),
                Value::List(_) | Value::Map(_) | Value::Call(..) => None,
            });
            items.collect::<Vec<_>>().join(",")
        }
        Value::Map(_) | Value::Call(..) => String::new(),
    };
    values
        .iter()
        .map(|(name, node)| (name.clone(), show(node)))
        .collect()
}
