//! YAML (and so JSON) text to a tree that keeps places, and knows CloudFormation's functions in both spellings:
//! `!Ref X` and `{"Ref": "X"}` are the same node.
//!
//! Scalars stay texts, so a number keeps all its digits. Aliases are refused, as by CloudFormation; with bounded length
//! and depth there is nothing in a text that costs more than its size.

use std::collections::HashSet;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span, Tag};

use crate::fault::{Place, Position, Problem, TemplateFault};
use crate::intrinsic::Intrinsic;

/// How long a template may be: CloudFormation's limit for one that lies in S3, in bytes.
pub const TEMPLATE_LIMIT_BYTES: usize = 1_000_000;

/// How deep a template may be nested.
pub(crate) const DEPTH_LIMIT: usize = 64;

/// A value with its place in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Node {
    pub position: Position,
    pub value: Value,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    Scalar(Scalar),
    List(Vec<Node>),
    Map(Vec<Entry>),
    /// A function of CloudFormation that is still to be computed.
    Call(Intrinsic, Box<Node>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Scalar {
    pub text: String,
    /// Whether it stands without quotes, so that `true`, `12` and `null` are more than texts.
    pub plain: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub key: String,
    pub position: Position,
    pub value: Node,
}

impl Node {
    pub fn text(position: Position, text: impl Into<String>) -> Self {
        Self {
            position,
            value: Value::Scalar(Scalar {
                text: text.into(),
                plain: false,
            }),
        }
    }

    /// The value under `key`, when this is a mapping that has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        match &self.value {
            Value::Map(entries) => entries
                .iter()
                .find(|entry| entry.key == key)
                .map(|entry| &entry.value),
            Value::Scalar(_) | Value::List(_) | Value::Call(..) => None,
        }
    }

    /// What it is, for an error message.
    pub fn shape(&self) -> &'static str {
        match &self.value {
            Value::Scalar(scalar) if scalar.plain && matches!(scalar.text.as_str(), "" | "~" | "null") => {
                "nothing"
            }
            Value::Scalar(_) => "a single value",
            Value::List(_) => "a list",
            Value::Map(_) => "a mapping",
            Value::Call(..) => "a function",
        }
    }
}

/// Reads one document. Every fault that leaves the rest readable is found; a text that is no YAML at all has one.
pub(crate) fn parse(text: &str) -> Result<Node, Vec<TemplateFault>> {
    if text.len() > TEMPLATE_LIMIT_BYTES {
        let problem = Problem::TooLarge {
            bytes: text.len(),
            limit: TEMPLATE_LIMIT_BYTES,
        };
        return Err(vec![whole_file(problem)]);
    }
    let mut builder = Builder {
        events: Parser::new_from_str(text),
        faults: Vec::new(),
        path: Vec::new(),
    };
    match builder.document() {
        Ok(node) if builder.faults.is_empty() => Ok(node),
        Ok(_) => Err(builder.faults),
        Err(fatal) => {
            builder.faults.push(fatal);
            Err(builder.faults)
        }
    }
}

fn whole_file(problem: Problem) -> TemplateFault {
    let position = Position { line: 1, column: 1 };
    TemplateFault {
        place: Place {
            position,
            pointer: String::new(),
        },
        problem,
    }
}

fn position_of(span: Span) -> Position {
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    Position {
        line: count(span.start.line()),
        column: count(span.start.col()).saturating_add(1),
    }
}

/// Adds a step to a JSON pointer, escaped as RFC 6901 says.
pub(crate) fn pointer_to(parent: &str, step: &str) -> String {
    format!("{parent}/{}", step.replace('~', "~0").replace('/', "~1"))
}

struct Builder<'t> {
    events: Parser<'t, saphyr_parser::StrInput<'t>>,
    faults: Vec<TemplateFault>,
    path: Vec<String>,
}

impl<'t> Builder<'t> {
    fn document(&mut self) -> Result<Node, TemplateFault> {
        loop {
            match self.next()? {
                (Event::StreamStart | Event::DocumentStart(_) | Event::Nothing, _) => {}
                (Event::StreamEnd | Event::DocumentEnd, span) => {
                    return Err(self.fault(
                        position_of(span),
                        Problem::NotYaml {
                            message: "it is empty".to_owned(),
                        },
                    ));
                }
                (event, span) => return self.node(event, span),
            }
        }
    }

    fn next(&mut self) -> Result<(Event<'t>, Span), TemplateFault> {
        match self.events.next_event() {
            Some(Ok(event)) => Ok(event),
            Some(Err(error)) => Err(self.scan_fault(&error)),
            None => Err(whole_file(Problem::NotYaml {
                message: "it ends too early".to_owned(),
            })),
        }
    }

    fn scan_fault(&self, error: &ScanError) -> TemplateFault {
        let at = position_of(Span::empty(*error.marker()));
        self.fault(
            at,
            Problem::NotYaml {
                message: error.info().to_owned(),
            },
        )
    }

    fn fault(&self, position: Position, problem: Problem) -> TemplateFault {
        let pointer = self
            .path
            .iter()
            .fold(String::new(), |pointer, step| pointer_to(&pointer, step));
        TemplateFault {
            place: Place { position, pointer },
            problem,
        }
    }

    fn node(&mut self, event: Event<'t>, span: Span) -> Result<Node, TemplateFault> {
        let position = position_of(span);
        if self.path.len() >= DEPTH_LIMIT {
            return Err(self.fault(position, Problem::TooDeep { limit: DEPTH_LIMIT }));
        }
        let (value, tag) = match event {
            Event::Scalar(text, style, _, tag) => {
                let scalar = Scalar {
                    text: text.into_owned(),
                    plain: style == ScalarStyle::Plain,
                };
                (Value::Scalar(scalar), tag)
            }
            Event::SequenceStart(_, tag) => (self.list()?, tag),
            Event::MappingStart(_, tag) => (self.map()?, tag),
            Event::Alias(_) => {
                let fault = self.fault(position, Problem::Alias);
                self.faults.push(fault);
                (Value::List(Vec::new()), None)
            }
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd
            | Event::SequenceEnd
            | Event::MappingEnd => {
                let message = "a value was expected here".to_owned();
                return Err(self.fault(position, Problem::NotYaml { message }));
            }
        };
        let node = Node { position, value };
        match tag {
            None => Ok(long_form(node)),
            Some(tag) => Ok(self.tagged(&tag, node)),
        }
    }

    fn list(&mut self) -> Result<Value, TemplateFault> {
        let mut nodes = Vec::new();
        loop {
            let (event, span) = self.next()?;
            if event == Event::SequenceEnd {
                return Ok(Value::List(nodes));
            }
            self.path.push(nodes.len().to_string());
            nodes.push(self.node(event, span)?);
            self.path.pop();
        }
    }

    fn map(&mut self) -> Result<Value, TemplateFault> {
        let mut entries: Vec<Entry> = Vec::new();
        let mut seen = HashSet::new();
        loop {
            let (event, span) = self.next()?;
            if event == Event::MappingEnd {
                return Ok(Value::Map(entries));
            }
            let position = position_of(span);
            let Event::Scalar(key, _, _, None) = event else {
                return Err(self.fault(position, Problem::KeyNotText));
            };
            let key = key.into_owned();
            self.path.push(key.clone());
            if !seen.insert(key.clone()) {
                let fault = self.fault(position, Problem::DuplicateKey { key: key.clone() });
                self.faults.push(fault);
            }
            let (event, span) = self.next()?;
            let value = self.node(event, span)?;
            self.path.pop();
            entries.push(Entry { key, position, value });
        }
    }

    /// `!Sub x`; and `!!str 12`, which YAML itself defines.
    fn tagged(&mut self, tag: &Tag, node: Node) -> Node {
        if tag.is_yaml_core_schema() {
            let value = match node.value {
                Value::Scalar(scalar) => Value::Scalar(Scalar {
                    plain: scalar.plain && tag.suffix != "str",
                    ..scalar
                }),
                other => other,
            };
            return Node { value, ..node };
        }
        match Intrinsic::from_tag(&tag.suffix) {
            Some(function) if tag.handle == "!" => Node {
                position: node.position,
                value: Value::Call(function, Box::new(node)),
            },
            _ => {
                let fault = self.fault(node.position, Problem::UnknownTag { tag: tag.to_string() });
                self.faults.push(fault);
                node
            }
        }
    }
}

/// `{"Fn::Sub": x}` is `!Sub x`.
fn long_form(node: Node) -> Node {
    let Value::Map(mut entries) = node.value else {
        return node;
    };
    if let [only] = entries.as_slice()
        && let Some(function) = Intrinsic::from_key(&only.key)
        && let Some(entry) = entries.pop()
    {
        return Node {
            position: node.position,
            value: Value::Call(function, Box::new(entry.value)),
        };
    }
    Node {
        position: node.position,
        value: Value::Map(entries),
    }
}
