//! What must fit together across resources.

use std::collections::BTreeMap;

use crate::fault::Problem;
use crate::model::{EventSource, Function, PathTemplate, QueueSource, Segment};
use crate::resolve::Resolver;
use crate::system::System;
use crate::yaml::{Node, pointer_to};

pub(super) fn check(cx: &Resolver<'_>, resources: &Node, system: &System) {
    let mut routes = BTreeMap::new();
    for function in &system.functions {
        for event in &function.events {
            let fault = |problem| report(cx, resources, function, &event.name, problem);
            match &event.source {
                EventSource::Api(route) => {
                    let key = (
                        route.api.as_str(),
                        conflict_key(&route.path),
                        route.method.as_str(),
                    );
                    if let Some(other) = routes.insert(key, function.id.as_str()) {
                        let (method, path) = (route.method.as_str(), route.path.to_string());
                        fault(Problem::RouteTaken {
                            method,
                            path,
                            other: other.to_owned(),
                        });
                    }
                }
                EventSource::Sqs(source) => check_visibility(system, function, source, fault),
                EventSource::DynamoDbStream(source) => {
                    let table = system.table(source.table.as_str());
                    if table.is_some_and(|table| table.stream.is_none()) {
                        fault(Problem::NoStream {
                            table: source.table.to_string(),
                        });
                    }
                }
                EventSource::Sns { .. } | EventSource::Schedule(_) => {}
            }
        }
    }
}

fn report(cx: &Resolver<'_>, resources: &Node, function: &Function, event: &str, problem: Problem) {
    let id = function.id.as_str();
    let node = ["Properties", "Events", event]
        .iter()
        .try_fold(resources.get(id), |node, step| {
            Some(node.and_then(|node| node.get(step)))
        });
    let position = node.flatten().map_or(resources.position, |node| node.position);
    let pointer = pointer_to("/Resources", id);
    cx.fault(
        position,
        &pointer_to(&format!("{pointer}/Properties/Events"), event),
        problem,
    );
}

/// Two paths that differ only in what their parameters are called are one.
fn conflict_key(path: &PathTemplate) -> String {
    let blank = |segment: &Segment| match segment {
        Segment::Literal(text) => text.clone(),
        Segment::Parameter(_) => "{}".to_owned(),
        Segment::Rest(_) => "{+}".to_owned(),
    };
    path.segments.iter().map(blank).collect::<Vec<_>>().join("/")
}

/// AWS refuses such an event source; here, too, a message would be handed out twice.
fn check_visibility(system: &System, function: &Function, source: &QueueSource, fault: impl Fn(Problem)) {
    let Some(queue) = system.queue(source.queue.as_str()) else {
        return;
    };
    if queue.visibility_timeout < function.timeout {
        fault(Problem::VisibilityTooShort {
            queue: queue.id.to_string(),
            visibility_s: queue.visibility_timeout.0,
            timeout_s: function.timeout.0,
        });
    }
}
