//! From a template's tree to a [`System`]: one file for each kind of resource.

mod alarm;
mod api;
mod check;
mod event;
mod function;
mod globals;
mod log_group;
mod parameters;
mod queue;
mod state_machine;
mod table;
mod topic;
mod usage_plan;

use std::collections::BTreeMap;

use self::topic::Listener;
use crate::fault::{Ignored, Place, Problem};
use crate::kind::Kind;
use crate::meaningless;
use crate::report::Report;
use crate::resolve::{Resolver, Resource};
use crate::section::{Located, Section};
use crate::shape::Shape;
use crate::system::System;
use crate::yaml::{Entry, Node, Value, pointer_to};

/// What [`read_system`] is given besides the template.
pub(crate) struct Inputs<'i> {
    /// The text of a workflow file by its path, relative to the template.
    pub workflows: &'i dyn Fn(&str) -> Option<String>,
    /// Values of parameters, in place of their defaults.
    pub parameters: &'i BTreeMap<String, String>,
}

/// Reads the whole of `root`. What is wrong is in the `report`, and then the system is of no use.
pub(crate) fn read_system(root: &Node, inputs: &Inputs<'_>, report: &Report) -> System {
    let resources = globals::merge(root, report);
    let bare = BTreeMap::new();
    let parameters = parameters::read(
        &Resolver::new(report, &nothing(root), &nothing(root), bare),
        root,
        inputs,
    );
    let values = parameters.clone();
    let cx = Resolver::new(report, root, &resources, parameters);
    let mut system = System {
        parameters: parameters::as_texts(&values),
        description: read_top_level(&cx, root),
        ..System::default()
    };
    cx.check_conditions();
    let (apis, others): (Vec<_>, Vec<_>) = cx
        .resources(&resources)
        .partition(|(_, resource)| Kind::of(resource.type_name) == Some(Kind::Api));
    let mut listeners = Vec::new();
    // Interfaces first, for a route asks its interface whether it needs a key.
    for (entry, resource) in apis.into_iter().chain(others) {
        read_resource(&cx, entry, resource, inputs, &mut system, &mut listeners);
    }
    for Listener {
        topic: id,
        subscription,
    } in listeners
    {
        if let Some(topic) = system.topics.iter_mut().find(|topic| topic.id == id) {
            topic.subscriptions.push(subscription);
        }
    }
    check::check(&cx, &resources, &system);
    system
}

/// An empty mapping, to read parameters with: nothing can be referred to yet.
fn nothing(root: &Node) -> Node {
    Node {
        position: root.position,
        value: Value::Map(Vec::new()),
    }
}

fn read_top_level(cx: &Resolver<'_>, root: &Node) -> Option<String> {
    let at = Located {
        node: root.clone(),
        pointer: String::new(),
    };
    let mut top = Section::open(cx, at, Shape::Template)?;
    let is_sam = match top.value("Transform").map(|at| at.node.value) {
        Some(Value::Scalar(transform)) => transform.text.starts_with(SAM),
        Some(Value::List(transforms)) => transforms
            .iter()
            .any(|node| matches!(&node.value, Value::Scalar(name) if name.text.starts_with(SAM))),
        Some(Value::Map(_) | Value::Call(..)) | None => false,
    };
    if !is_sam {
        top.fault_at("Transform", Problem::NotSam);
    }
    top.require("Resources");
    let description = top.text("Description");
    for read_elsewhere in ["Globals", "Parameters", "Mappings", "Conditions", "Resources"] {
        top.mapping(read_elsewhere);
    }
    top.finish();
    description
}

const SAM: &str = "AWS::Serverless-";

fn read_resource(
    cx: &Resolver<'_>,
    entry: &Entry,
    resource: Resource<'_>,
    inputs: &Inputs<'_>,
    system: &mut System,
    listeners: &mut Vec<Listener>,
) {
    let Some(kind) = Kind::of(resource.type_name) else {
        if !meaningless::is_resource_type(resource.type_name) {
            let place = Place {
                position: entry.position,
                pointer: pointer_to("/Resources", &entry.key),
            };
            let what = Ignored::ResourceType {
                id: entry.key.clone(),
                kind: resource.type_name.to_owned(),
            };
            cx.report.warn(place, what);
        }
        return;
    };
    let Some(found) = Found::open(cx, entry, kind, resource) else {
        return;
    };
    match kind {
        Kind::Function => system
            .functions
            .extend(function::read(found, &system.apis, listeners)),
        Kind::Api => system.apis.extend(api::read(found)),
        Kind::StateMachine => system
            .state_machines
            .extend(state_machine::read(found, inputs.workflows)),
        Kind::Table => system.tables.extend(table::read(found)),
        Kind::Queue => system.queues.extend(queue::read(found)),
        Kind::Topic => system.topics.push(topic::read(found)),
        Kind::Subscription => listeners.extend(topic::read_subscription(found)),
        Kind::UsagePlan => system.usage_plans.push(usage_plan::read(found)),
        Kind::LogGroup => system.log_groups.push(log_group::read(found)),
        Kind::Alarm => system.alarms.extend(alarm::read(found)),
    }
}

/// A resource that is to be read.
struct Found<'c, 't> {
    id: &'c str,
    name: String,
    kind: Kind,
    properties: Section<'c, 't>,
}

impl<'c, 't> Found<'c, 't> {
    fn open(cx: &'c Resolver<'t>, entry: &'c Entry, kind: Kind, resource: Resource<'_>) -> Option<Self> {
        let pointer = pointer_to("/Resources", &entry.key);
        let at = Located {
            node: resource.node.clone(),
            pointer: pointer.clone(),
        };
        let mut attributes = Section::open(cx, at, Shape::Resource)?;
        // Read when the resources were gathered.
        attributes.text("Type");
        attributes.text("Condition");
        let properties = attributes.value("Properties").unwrap_or_else(|| {
            let node = Node {
                position: resource.node.position,
                value: Value::Map(Vec::new()),
            };
            Located {
                node,
                pointer: pointer_to(&pointer, "Properties"),
            }
        });
        attributes.finish();
        let mut properties = Section::open(cx, properties, shape_of(kind))?;
        let name = cx.name_of(&entry.key, kind, resource).ok()?;
        if let Some(property) = kind.name_property() {
            properties.value(property);
        }
        Some(Self {
            id: &entry.key,
            name,
            kind,
            properties,
        })
    }

    fn arn(&self) -> crate::Arn {
        crate::Arn(self.kind.arn(&self.name))
    }

    fn id(&self) -> crate::LogicalId {
        crate::LogicalId(self.id.to_owned())
    }
}

fn shape_of(kind: Kind) -> Shape {
    match kind {
        Kind::Function => Shape::Function,
        Kind::Api => Shape::Api,
        Kind::StateMachine => Shape::StateMachine,
        Kind::Table => Shape::Table,
        Kind::Queue => Shape::Queue,
        Kind::Topic => Shape::Topic,
        Kind::Subscription => Shape::Subscription,
        Kind::UsagePlan => Shape::UsagePlan,
        Kind::LogGroup => Shape::LogGroup,
        Kind::Alarm => Shape::Alarm,
    }
}
