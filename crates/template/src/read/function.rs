//! `AWS::Serverless::Function`.

use super::Found;
use super::event::{self, Owner};
use super::topic::Listener;
use crate::kind::Kind;
use crate::model::{Api, Function, LogicalId, Megabytes, Seconds};
use crate::section::Section;
use crate::shape::Shape;

/// SAM's own defaults.
const TIMEOUT: Seconds = Seconds(3);
const MEMORY: Megabytes = Megabytes(128);

/// The function; the subscriptions of its SNS events go to `listeners`.
pub(super) fn read(
    mut found: Found<'_, '_>,
    apis: &[Api],
    listeners: &mut Vec<Listener>,
) -> Option<Function> {
    let (id, arn) = (found.id(), found.arn());
    let properties = &mut found.properties;
    let timeout = properties.seconds("Timeout", 1, 900).unwrap_or(TIMEOUT);
    let memory = properties
        .whole("MemorySize", 128, 10_240)
        .map_or(MEMORY, Megabytes);
    let reserved_concurrency = properties.whole("ReservedConcurrentExecutions", 0, u32::MAX);
    let environment = properties
        .section("Environment", Shape::Environment)
        .map(|mut section| {
            let variables = section.text_map("Variables");
            section.finish();
            variables
        });
    let dead_letter_queue = properties
        .section("DeadLetterQueue", Shape::DeadLetterQueue)
        .and_then(dead_letter_queue);
    let log_group = properties
        .section("LoggingConfig", Shape::LoggingConfig)
        .and_then(log_group);
    let owner = Owner { function: &id, apis };
    let mut events = Vec::new();
    for (name, at) in properties.entries("Events") {
        let Some(section) = Section::open(properties.cx, at, Shape::Event) else {
            continue;
        };
        let Some((event, listener)) = event::read(section, name, &owner) else {
            continue;
        };
        events.push(event);
        listeners.extend(listener);
    }
    found.properties.finish();
    Some(Function {
        id,
        arn,
        timeout,
        memory,
        environment: environment.unwrap_or_default(),
        reserved_concurrency,
        dead_letter_queue,
        log_group: log_group.unwrap_or_else(|| format!("/aws/lambda/{}", found.name)),
        name: found.name,
        events,
    })
}

fn dead_letter_queue(mut section: Section<'_, '_>) -> Option<LogicalId> {
    section.require("Type").require("TargetArn");
    // A topic could be named as well, but what waits must wait somewhere.
    section.word("Type", &[("SQS", ())]);
    let queue = section.reference("TargetArn", Kind::Queue);
    section.finish();
    queue
}

fn log_group(mut section: Section<'_, '_>) -> Option<String> {
    let name = section.text("LogGroup");
    section.finish();
    name
}
