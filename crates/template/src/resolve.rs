//! Computes CloudFormation's functions against local values: parameters, conditions, and the names and ARNs that
//! resources have on one machine.
//!
//! A fault is reported once, where it stands; callers only learn that there is no value ([`Failed`]).

mod conditions;
mod functions;
mod identities;

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use crate::fault::{Place, Position, Problem};
use crate::kind::Kind;
use crate::report::Report;
use crate::yaml::{DEPTH_LIMIT, Entry, Node, Value, pointer_to};

use self::identities::Identities;

/// How much text all functions together may make, in bytes.
const TEXT_LIMIT_BYTES: usize = 16 * 1024 * 1024;

/// There is no value, and the report says why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Failed;

/// A value, nothing at all (`AWS::NoValue`), or a reported fault.
pub(crate) type Resolved<T> = Result<Option<T>, Failed>;

/// A resource before it is read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Resource<'t> {
    pub type_name: &'t str,
    pub node: &'t Node,
}

pub(crate) struct Resolver<'t> {
    pub report: &'t Report,
    /// Values of the parameters; a list for the list types.
    parameters: BTreeMap<String, Node>,
    conditions: BTreeMap<&'t str, &'t Node>,
    mappings: Option<&'t Node>,
    /// Those whose condition holds.
    resources: BTreeMap<&'t str, Resource<'t>>,
    known_conditions: RefCell<BTreeMap<String, bool>>,
    known_names: RefCell<BTreeMap<String, String>>,
    /// Names and conditions that are being computed, to find circles.
    active: RefCell<Vec<String>>,
    made_bytes: Cell<usize>,
    identities: Identities,
}

impl<'t> Resolver<'t> {
    /// `root` is the whole template, with `Globals` merged into `resources`, a mapping.
    pub fn new(
        report: &'t Report,
        root: &'t Node,
        resources: &'t Node,
        parameters: BTreeMap<String, Node>,
    ) -> Self {
        let mut resolver = Self {
            report,
            parameters,
            conditions: entries(root.get("Conditions"))
                .map(|entry| (entry.key.as_str(), &entry.value))
                .collect(),
            mappings: root.get("Mappings"),
            resources: BTreeMap::new(),
            known_conditions: RefCell::default(),
            known_names: RefCell::default(),
            active: RefCell::default(),
            made_bytes: Cell::new(0),
            identities: Identities::default(),
        };
        for entry in entries(Some(resources)) {
            if let Some(resource) = resolver.resource_of(entry) {
                resolver.resources.insert(&entry.key, resource);
            }
        }
        resolver.identities = Identities::of(&resolver);
        resolver
    }

    fn resource_of(&self, entry: &'t Entry) -> Option<Resource<'t>> {
        let pointer = pointer_to("/Resources", &entry.key);
        let node = &entry.value;
        if !matches!(node.value, Value::Map(_)) {
            let problem = Problem::WrongShape {
                expected: "a resource: a mapping with its Type",
                found: node.shape(),
            };
            self.fault(node.position, &pointer, problem);
            return None;
        }
        let Some(kind) = node.get("Type") else {
            self.fault(
                node.position,
                &pointer,
                Problem::Missing {
                    property: "Type".to_owned(),
                },
            );
            return None;
        };
        let Value::Scalar(type_name) = &kind.value else {
            let problem = Problem::WrongShape {
                expected: "a resource type",
                found: kind.shape(),
            };
            self.fault(kind.position, &pointer_to(&pointer, "Type"), problem);
            return None;
        };
        if let Some(condition) = node.get("Condition") {
            let holds = self.condition_named(condition, &pointer_to(&pointer, "Condition"));
            if holds != Ok(true) {
                return None;
            }
        }
        Some(Resource {
            type_name: &type_name.text,
            node,
        })
    }

    /// The resources that there are, in the template's order.
    pub fn resources(&self, resources: &'t Node) -> impl Iterator<Item = (&'t Entry, Resource<'t>)> {
        entries(Some(resources)).filter_map(|entry| Some((entry, *self.resources.get(entry.key.as_str())?)))
    }

    /// The resource of `kind` that `text` stands for, be it a logical id, a name, an ARN or a URL.
    pub fn find(&self, kind: Kind, text: &str) -> Option<&str> {
        self.identities.find(kind, text)
    }

    /// What the resource of this logical id is called, when it is one that the local engine runs.
    pub fn name_of_id(&self, id: &str) -> Option<String> {
        let resource = *self.resources.get(id)?;
        self.name_of(id, Kind::of(resource.type_name)?, resource).ok()
    }

    pub fn fault(&self, position: Position, pointer: &str, problem: Problem) {
        self.report.fault(
            Place {
                position,
                pointer: pointer.to_owned(),
            },
            problem,
        );
    }

    fn fail<T>(&self, position: Position, pointer: &str, problem: Problem) -> Result<T, Failed> {
        self.fault(position, pointer, problem);
        Err(Failed)
    }

    /// `node` itself, or what its function gives. What is inside a list or mapping stays as it is.
    pub fn resolve<'n>(&self, node: &'n Node, pointer: &str) -> Resolved<Cow<'n, Node>> {
        match &node.value {
            Value::Call(function, argument) => self.call(*function, argument, node.position, pointer),
            Value::Scalar(_) | Value::List(_) | Value::Map(_) => Ok(Some(Cow::Borrowed(node))),
        }
    }

    /// `node` with every function in it computed, at any depth.
    pub fn resolve_deep(&self, node: &Node, pointer: &str) -> Resolved<Node> {
        let Some(node) = self.resolve(node, pointer)? else {
            return Ok(None);
        };
        let value = match &node.value {
            Value::List(items) => {
                let mut resolved = Vec::with_capacity(items.len());
                for (at, item) in items.iter().enumerate() {
                    resolved.extend(self.resolve_deep(item, &format!("{pointer}/{at}"))?);
                }
                Value::List(resolved)
            }
            Value::Map(entries) => {
                let mut resolved = Vec::with_capacity(entries.len());
                for Entry { key, position, value } in entries {
                    let value = self.resolve_deep(value, &pointer_to(pointer, key))?;
                    resolved.extend(value.map(|value| Entry {
                        key: key.clone(),
                        position: *position,
                        value,
                    }));
                }
                Value::Map(resolved)
            }
            other => other.clone(),
        };
        Ok(Some(Node {
            position: node.position,
            value,
        }))
    }

    /// The text that `node` comes down to.
    pub fn text(&self, node: &Node, pointer: &str) -> Resolved<String> {
        let Some(node) = self.resolve(node, pointer)? else {
            return Ok(None);
        };
        match &node.value {
            Value::Scalar(scalar) if node.shape() != "nothing" => {
                self.made(scalar.text.len() + 1, node.position, pointer)?;
                Ok(Some(scalar.text.clone()))
            }
            Value::Scalar(_) | Value::List(_) | Value::Map(_) | Value::Call(..) => {
                let problem = Problem::WrongShape {
                    expected: "a single value",
                    found: node.shape(),
                };
                self.fail(node.position, pointer, problem)
            }
        }
    }

    /// Counts text that was made, so that references that multiply each other end.
    fn made(&self, bytes: usize, position: Position, pointer: &str) -> Result<(), Failed> {
        let made = self.made_bytes.get().saturating_add(bytes);
        self.made_bytes.set(made);
        if made > TEXT_LIMIT_BYTES {
            return self.fail(
                position,
                pointer,
                Problem::TooMuchText {
                    limit: TEXT_LIMIT_BYTES,
                },
            );
        }
        Ok(())
    }

    /// Computes what is called `name` by `compute`, unless it is being computed already.
    fn guarded<T>(
        &self,
        name: &str,
        position: Position,
        pointer: &str,
        compute: impl FnOnce() -> Result<T, Failed>,
    ) -> Result<T, Failed> {
        if self.active.borrow().iter().any(|active| active == name) {
            return self.fail(
                position,
                pointer,
                Problem::Circular {
                    name: name.to_owned(),
                },
            );
        }
        if self.active.borrow().len() >= DEPTH_LIMIT {
            return self.fail(position, pointer, Problem::TooDeep { limit: DEPTH_LIMIT });
        }
        self.active.borrow_mut().push(name.to_owned());
        let result = compute();
        self.active.borrow_mut().pop();
        result
    }

    /// What a resource is called: the value of its name property, or its logical id.
    pub fn name_of(&self, id: &str, kind: Kind, resource: Resource<'_>) -> Result<String, Failed> {
        if let Some(name) = self.known_names.borrow().get(id) {
            return Ok(name.clone());
        }
        let given = kind
            .name_property()
            .and_then(|name| Some((name, resource.node.get("Properties")?.get(name)?)));
        let name = match given {
            None => id.to_owned(),
            Some((property, node)) => {
                let pointer = pointer_to(&pointer_to("/Resources", id), "Properties");
                let pointer = pointer_to(&pointer, property);
                let name = self.guarded(id, node.position, &pointer, || self.text(node, &pointer))?;
                name.unwrap_or_else(|| id.to_owned())
            }
        };
        self.known_names.borrow_mut().insert(id.to_owned(), name.clone());
        Ok(name)
    }
}

fn entries(node: Option<&Node>) -> impl Iterator<Item = &Entry> {
    match node.map(|node| &node.value) {
        Some(Value::Map(entries)) => entries.as_slice(),
        Some(Value::Scalar(_) | Value::List(_) | Value::Call(..)) | None => &[],
    }
    .iter()
}
