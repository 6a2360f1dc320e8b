//! `AWS::Serverless::StateMachine`: finds the definition, and puts the substitutions into it.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::Found;
use crate::fault::{Ignored, Place, Problem};
use crate::kind::Kind;
use crate::model::{StateMachine, WorkflowType};
use crate::section::{Located, Section};
use crate::shape::Shape;
use crate::yaml::{Node, Scalar, Value};

pub(super) fn read(
    mut found: Found<'_, '_>,
    workflows: &dyn Fn(&str) -> Option<String>,
) -> Option<StateMachine> {
    let (id, arn) = (found.id(), found.arn());
    let properties = &mut found.properties;
    let types = [
        ("STANDARD", WorkflowType::Standard),
        ("EXPRESS", WorkflowType::Express),
    ];
    let workflow_type = properties.word("Type", &types).unwrap_or(WorkflowType::Standard);
    let substitutions = properties.text_map("DefinitionSubstitutions");
    let log_group = properties.section("Logging", Shape::Logging).and_then(log_group);
    let definition_uri = definition_uri(properties);
    let text = match &definition_uri {
        Some(path) => {
            let text = workflows(path);
            if text.is_none() {
                properties.fault_at("DefinitionUri", Problem::NoWorkflow { path: path.clone() });
            }
            text
        }
        None => inline_definition(properties),
    };
    let name = definition_uri.as_deref().unwrap_or("Definition");
    let definition = text.and_then(|text| substituted(properties, name, &text, &substitutions));
    found.properties.finish();
    Some(StateMachine {
        id,
        name: found.name,
        arn,
        workflow_type,
        definition: definition?,
        definition_uri,
        substitutions,
        log_group,
    })
}

/// `DefinitionUri`, which may also name an object in S3.
fn definition_uri(properties: &mut Section<'_, '_>) -> Option<String> {
    let at = properties.value("DefinitionUri")?;
    let remote = match &at.node.value {
        Value::Scalar(scalar) => scalar.text.contains("://"),
        Value::Map(_) => true,
        Value::List(_) | Value::Call(..) => false,
    };
    if remote {
        let reason = "give the path of a file beside the template";
        properties.fault_at(
            "DefinitionUri",
            Problem::Refused {
                what: "a workflow in S3".to_owned(),
                reason,
            },
        );
        return None;
    }
    properties.text("DefinitionUri")
}

/// `Definition`, as JSON text.
fn inline_definition(properties: &mut Section<'_, '_>) -> Option<String> {
    if properties.at.node.get("DefinitionUri").is_none() {
        properties.require("Definition");
    }
    let Located { node, pointer } = properties.value("Definition")?;
    let node = properties.cx.resolve_deep(&node, &pointer).ok().flatten()?;
    if !matches!(node.value, Value::Map(_)) {
        let problem = Problem::WrongShape {
            expected: "a state machine: a mapping",
            found: node.shape(),
        };
        properties.fault_at("Definition", problem);
        return None;
    }
    Some(json(&node).to_string())
}

fn json(node: &Node) -> Json {
    match &node.value {
        Value::Scalar(Scalar { text, plain: true }) => match serde_json::from_str(text) {
            Ok(plain @ (Json::Null | Json::Bool(_) | Json::Number(_))) => plain,
            Ok(_) | Err(_) if text.is_empty() || text == "~" => Json::Null,
            Ok(_) | Err(_) => Json::String(text.clone()),
        },
        Value::Scalar(Scalar { text, plain: false }) => Json::String(text.clone()),
        Value::List(items) => Json::Array(items.iter().map(json).collect()),
        Value::Map(entries) => entries
            .iter()
            .map(|entry| (entry.key.clone(), json(&entry.value)))
            .collect(),
        // Every function has been computed.
        Value::Call(..) => Json::Null,
    }
}

/// `text` with each `${Name}` replaced. Says which names have no value, and which values have no place.
fn substituted(
    properties: &Section<'_, '_>,
    name: &str,
    text: &str,
    substitutions: &BTreeMap<String, String>,
) -> Option<String> {
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    let mut used = BTreeMap::new();
    let mut line = 1;
    while let Some((before, after)) = rest.split_once("${") {
        line += before.matches('\n').count();
        result.push_str(before);
        let placeholder = after.split_once('}').filter(|(name, _)| is_placeholder(name));
        let Some((placeholder, behind)) = placeholder else {
            // JSONata has `${` of its own.
            result.push_str("${");
            rest = after;
            continue;
        };
        match substitutions.get(placeholder) {
            Some(value) => result.push_str(value),
            None => {
                properties.fault_at(
                    "DefinitionSubstitutions",
                    Problem::NoSubstitution {
                        name: placeholder.to_owned(),
                        line,
                    },
                );
            }
        }
        used.insert(placeholder, ());
        rest = behind;
    }
    result.push_str(rest);
    for unused in substitutions
        .keys()
        .filter(|name| !used.contains_key(name.as_str()))
    {
        let position = properties.position("DefinitionSubstitutions");
        let pointer = format!("{}/DefinitionSubstitutions", properties.at.pointer);
        properties.cx.report.warn(
            Place { position, pointer },
            Ignored::Substitution { name: unused.clone() },
        );
    }
    if let Err(error) = serde_json::from_str::<Json>(&result) {
        let problem = Problem::WorkflowNotJson {
            name: name.to_owned(),
            message: error.to_string(),
        };
        properties.fault_at("DefinitionUri", problem);
        return None;
    }
    Some(result)
}

fn is_placeholder(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn log_group(mut logging: Section<'_, '_>) -> Option<String> {
    let mut name = None;
    for mut destination in logging.sections("Destinations", Shape::LogDestination) {
        if let Some(mut group) = destination.section("CloudWatchLogsLogGroup", Shape::LogGroupDestination) {
            let id = group
                .require("LogGroupArn")
                .reference("LogGroupArn", Kind::LogGroup);
            name = id.and_then(|id| group.cx.name_of_id(id.as_str()));
            group.finish();
        }
        destination.finish();
    }
    logging.finish();
    name
}
