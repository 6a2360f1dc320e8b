//! Payload templates: `Parameters`, `ResultSelector`, `ItemSelector` and `Assign` in JSONPath states.

use serde_json::Map;
use smol_str::SmolStr;
use thiserror::Error;

use super::{Chance, EvaluationError, Expression, ExpressionError, Scope};
use crate::Value;
use crate::value::Object;

/// What is wrong at one place of a payload template.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{pointer}: {problem}")]
pub struct TemplateError {
    /// Where, as a JSON pointer into the template.
    pub pointer: String,
    /// What is wrong there.
    pub problem: String,
}

/// A payload template: JSON in which a member `"key.$": "expression"` becomes `"key": value`, at any depth.
///
/// ```
/// use asl::payload::{Scope, Template, Variables};
/// use serde_json::json;
///
/// let template = Template::parse(&json!({"kind": "receipt", "lines": [{"sku.$": "$.sku"}]}))?;
/// let (input, context, variables) = (json!({"sku": "tea"}).into(), json!({}).into(), Variables::new());
/// let scope = Scope { input: &input, context: &context, variables: &variables, seed: 1 };
/// assert_eq!(template.evaluate(&scope)?, json!({"kind": "receipt", "lines": [{"sku": "tea"}]}));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Template {
    root: Node,
}

/// A part of a template. A part without expressions is kept as it stands.
#[derive(Debug, Clone)]
enum Node {
    Literal(Value),
    /// An object with null wherever a member has an expression in it, and these members' nodes by their place.
    Object(Object, Vec<Option<Node>>),
    Array(Vec<Node>),
    /// The key as written, for messages, and its expression.
    Expression(String, Box<Expression>),
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// The first [`TemplateError`]: a key ending in `.$` that holds no expression, or that gives a key twice.
    pub fn parse(value: &serde_json::Value) -> Result<Self, TemplateError> {
        let mut errors = Vec::new();
        let template = Self::parse_all(value, &mut errors);
        match errors.into_iter().next() {
            Some(error) => Err(error),
            None => Ok(template),
        }
    }

    /// Reads a template and adds everything that is wrong in it to `errors`. What is returned is fit for use only
    /// when there is nothing wrong.
    pub fn parse_all(value: &serde_json::Value, errors: &mut Vec<TemplateError>) -> Self {
        Self {
            root: parse_node(value, &mut String::new(), errors),
        }
    }

    /// Whether the template has no expressions, so that it always gives the same value.
    #[must_use]
    pub fn is_literal(&self) -> bool {
        matches!(self.root, Node::Literal(_))
    }

    /// Every expression in the template.
    pub fn expressions(&self) -> Vec<&Expression> {
        let mut found = Vec::new();
        self.root.expressions(&mut found);
        found
    }

    /// The value that the template gives.
    ///
    /// # Errors
    /// [`EvaluationError`] of the first expression that gives no value, naming its key.
    pub fn evaluate(&self, scope: &Scope<'_>) -> Result<Value, EvaluationError> {
        self.root.evaluate(scope, &Chance::new(scope.seed))
    }
}

impl Node {
    fn evaluate(&self, scope: &Scope<'_>, chance: &Chance) -> Result<Value, EvaluationError> {
        match self {
            Self::Literal(value) => Ok(value.clone()),
            Self::Array(nodes) => nodes.iter().map(|node| node.evaluate(scope, chance)).collect(),
            Self::Object(skeleton, nodes) => {
                let filled = skeleton.try_fill(|at| Some(nodes.get(at)?.as_ref()?.evaluate(scope, chance)));
                filled.map(Value::Object)
            }
            Self::Expression(key, expression) => expression
                .evaluate_in_template(scope, chance)
                .and_then(|value| expression.allowed(value, chance))
                .map_err(|error| error.in_field(key)),
        }
    }

    fn expressions<'t>(&'t self, found: &mut Vec<&'t Expression>) {
        match self {
            Self::Literal(_) => {}
            Self::Array(nodes) => nodes.iter().for_each(|node| node.expressions(found)),
            Self::Object(_, nodes) => nodes.iter().flatten().for_each(|node| node.expressions(found)),
            Self::Expression(_, expression) => found.push(expression),
        }
    }
}

fn parse_node(value: &serde_json::Value, pointer: &mut String, errors: &mut Vec<TemplateError>) -> Node {
    match value {
        serde_json::Value::Object(object) => parse_object(object, pointer, errors),
        serde_json::Value::Array(list) => {
            let mut nodes = Vec::with_capacity(list.len());
            for (index, item) in list.iter().enumerate() {
                nodes.push(at(pointer, &index.to_string(), |pointer| {
                    parse_node(item, pointer, errors)
                }));
            }
            if nodes.iter().all(|node| matches!(node, Node::Literal(_))) {
                return Node::Literal(value.into());
            }
            Node::Array(nodes)
        }
        literal => Node::Literal(literal.into()),
    }
}

fn parse_object(
    object: &Map<String, serde_json::Value>,
    pointer: &mut String,
    errors: &mut Vec<TemplateError>,
) -> Node {
    let mut members = Vec::with_capacity(object.len());
    for (key, value) in object {
        let member = at(pointer, key, |pointer| match key.strip_suffix(".$") {
            Some(name) => {
                if object.contains_key(name) {
                    let problem = format!("\"{name}\" is given twice, with and without `.$`");
                    errors.push(TemplateError {
                        pointer: pointer.clone(),
                        problem,
                    });
                }
                parse_expression(key, value, pointer, errors).map(|node| (name.to_owned(), node))
            }
            None => Some((key.clone(), parse_node(value, pointer, errors))),
        });
        members.extend(member);
    }
    if members.iter().all(|(_, node)| matches!(node, Node::Literal(_))) {
        return Node::Literal(serde_json::Value::Object(object.clone()).into());
    }
    object_node(members)
}

/// An object of members with different names.
fn object_node(members: Vec<(String, Node)>) -> Node {
    let mut nodes = Vec::with_capacity(members.len());
    let mut skeleton = Vec::with_capacity(members.len());
    for (name, node) in members {
        let (value, node) = match node {
            Node::Literal(value) => (value, None),
            node => (Value::Null, Some(node)),
        };
        skeleton.push((SmolStr::from(name), value));
        nodes.push(node);
    }
    Node::Object(skeleton.into_iter().collect(), nodes)
}

fn parse_expression(
    key: &str,
    value: &serde_json::Value,
    pointer: &str,
    errors: &mut Vec<TemplateError>,
) -> Option<Node> {
    let parsed = match value {
        serde_json::Value::String(text) => Expression::parse(text),
        _ => Err(ExpressionError::NotAnExpression),
    };
    match parsed {
        Ok(expression) => Some(Node::Expression(key.to_owned(), Box::new(expression))),
        Err(error) => {
            errors.push(TemplateError {
                pointer: pointer.to_owned(),
                problem: error.to_string(),
            });
            None
        }
    }
}

/// Runs `inner` with the pointer one step longer.
fn at<T>(pointer: &mut String, step: &str, inner: impl FnOnce(&mut String) -> T) -> T {
    let length = pointer.len();
    pointer.push('/');
    pointer.push_str(&step.replace('~', "~0").replace('/', "~1"));
    let result = inner(pointer);
    pointer.truncate(length);
    result
}
