//! `Globals`: what every resource of a type starts from.
//!
//! As SAM does it: a resource's own value wins, mappings are merged key by key, and lists are joined, the global part
//! first.

use crate::fault::{Ignored, Place};
use crate::report::Report;
use crate::shape::Shape;
use crate::yaml::{Entry, Node, Value, pointer_to};

/// The sections of `Globals` that the local engine knows, and the types that they are for.
const SECTIONS: [(&str, &str); 3] = [
    ("Function", "AWS::Serverless::Function"),
    ("Api", "AWS::Serverless::Api"),
    ("StateMachine", "AWS::Serverless::StateMachine"),
];

/// `Resources` of `root`, with `Globals` merged in.
pub(super) fn merge(root: &Node, report: &Report) -> Node {
    if let Some(Node {
        value: Value::Map(sections),
        ..
    }) = root.get("Globals")
    {
        for section in sections
            .iter()
            .filter(|section| SECTIONS.iter().all(|(name, _)| *name != section.key))
        {
            let place = Place {
                position: section.position,
                pointer: pointer_to("/Globals", &section.key),
            };
            let what = Ignored::Property {
                property: section.key.clone(),
                kind: Shape::Globals.label(),
            };
            report.warn(place, what);
        }
    }
    let mut resources = root.get("Resources").cloned().unwrap_or_else(|| Node {
        position: root.position,
        value: Value::Map(Vec::new()),
    });
    if let Value::Map(entries) = &mut resources.value {
        for entry in entries {
            merge_into(&mut entry.value, root);
        }
    }
    resources
}

fn merge_into(resource: &mut Node, root: &Node) {
    let Some(Value::Scalar(type_name)) = resource.get("Type").map(|node| &node.value) else {
        return;
    };
    let section = SECTIONS
        .iter()
        .find(|(_, of)| *of == type_name.text)
        .map(|(section, _)| *section);
    let Some(global) = section.and_then(|section| root.get("Globals")?.get(section)) else {
        return;
    };
    let position = resource.position;
    let Value::Map(attributes) = &mut resource.value else {
        return;
    };
    match attributes
        .iter_mut()
        .find(|attribute| attribute.key == "Properties")
    {
        Some(properties) => properties.value = merged(global, &properties.value),
        None => attributes.push(Entry {
            key: "Properties".to_owned(),
            position,
            value: global.clone(),
        }),
    }
}

fn merged(global: &Node, own: &Node) -> Node {
    let value = match (&global.value, &own.value) {
        (Value::Map(global), Value::Map(own)) => {
            let mut entries = own.clone();
            for entry in global {
                match entries.iter_mut().find(|own| own.key == entry.key) {
                    Some(own) => own.value = merged(&entry.value, &own.value),
                    None => entries.push(entry.clone()),
                }
            }
            Value::Map(entries)
        }
        (Value::List(global), Value::List(own)) => Value::List(global.iter().chain(own).cloned().collect()),
        _ => own.value.clone(),
    };
    Node {
        position: own.position,
        value,
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::yaml::{Scalar, parse};

    /// As flow YAML, for reading.
    fn show(node: &Node) -> String {
        match &node.value {
            Value::Scalar(Scalar { text, .. }) => text.clone(),
            Value::List(items) => format!("[{}]", items.iter().map(show).collect::<Vec<_>>().join(", ")),
            Value::Map(entries) => {
                let entries = entries
                    .iter()
                    .map(|entry| format!("{}: {}", entry.key, show(&entry.value)));
                format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
            }
            Value::Call(function, argument) => format!("{}({})", function.name(), show(argument)),
        }
    }

    fn check(global: &str, own: &str, expected: &Expect) {
        expected.assert_eq(&show(&merged(&parse(global).unwrap(), &parse(own).unwrap())));
    }

    #[test]
    fn values_lists_and_mappings_merge_as_in_sam() {
        check("1", "2", &expect![["2"]]);
        check("[a, b]", "[c]", &expect![["[a, b, c]"]]);
        check(
            "{a: 1, b: {c: 2, d: 3}}",
            "{b: {d: 4}}",
            &expect!["{b: {d: 4, c: 2}, a: 1}"],
        );
        check("[a]", "!Ref List", &expect!["Ref(List)"]);
        check("{a: 1}", "[b]", &expect!["[b]"]);
    }
}
