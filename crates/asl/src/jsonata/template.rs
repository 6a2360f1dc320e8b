//! JSON trees with expressions in them: `Arguments`, `Output`, `Assign` and `Items` in JSONata states.

use smol_str::SmolStr;
use thiserror::Error;

use crate::Value;
use crate::limits::Allowance;
use crate::value::Object;

use super::{Environment, EvaluationError, Expression, ParseError, Scope, is_expression};

/// What is wrong at one place of a template.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{pointer}: {problem}")]
pub struct TemplateError {
    /// Where, as a JSON pointer into the template.
    pub pointer: String,
    /// What is wrong there.
    pub problem: ParseError,
}

/// A JSON tree in which every `{% … %}` string is replaced by the value of its expression.
#[derive(Debug, Clone)]
pub struct Template {
    root: Node,
}

#[derive(Debug, Clone)]
enum Node {
    Literal(Value),
    Object(Vec<(SmolStr, Node)>),
    Array(Vec<Node>),
    Expression(Box<Expression>),
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// The first [`TemplateError`] in it.
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

    /// Whether the template has no expressions.
    #[must_use]
    pub fn is_literal(&self) -> bool {
        matches!(self.root, Node::Literal(_))
    }

    /// The value that the template gives. `field` is what the template was written for, such as `Output`.
    ///
    /// # Errors
    /// [`EvaluationError`] of the first expression that gives no value, with its own place in the template.
    pub fn evaluate(&self, scope: &Scope<'_>, field: &str) -> Result<Value, EvaluationError> {
        self.root
            .evaluate(&Environment::new(scope), &Allowance::new(), &mut field.to_owned())
    }
}

impl Node {
    fn evaluate(
        &self,
        environment: &Environment<'_>,
        allowance: &Allowance,
        place: &mut String,
    ) -> Result<Value, EvaluationError> {
        match self {
            Self::Literal(value) => Ok(value.clone()),
            Self::Expression(expression) => {
                let value = expression.evaluate_with(environment, place)?;
                if allowance.take(&value) {
                    Ok(value)
                } else {
                    Err(expression.too_large(place))
                }
            }
            Self::Array(nodes) => {
                let mut list = Vec::with_capacity(nodes.len());
                for (index, node) in nodes.iter().enumerate() {
                    list.push(at(place, &format!("[{index}]"), |place| {
                        node.evaluate(environment, allowance, place)
                    })?);
                }
                Ok(list.into())
            }
            Self::Object(members) => {
                let mut object = Vec::with_capacity(members.len());
                for (key, node) in members {
                    let value = at(place, &format!("/{key}"), |place| {
                        node.evaluate(environment, allowance, place)
                    })?;
                    object.push((key.clone(), value));
                }
                Ok(Object::from_iter(object).into())
            }
        }
    }
}

fn parse_node(value: &serde_json::Value, pointer: &mut String, errors: &mut Vec<TemplateError>) -> Node {
    match value {
        serde_json::Value::String(text) if is_expression(text) => match Expression::parse(text) {
            Ok(expression) => Node::Expression(Box::new(expression)),
            Err(problem) => {
                errors.push(TemplateError {
                    pointer: pointer.clone(),
                    problem,
                });
                Node::Literal(Value::Null)
            }
        },
        serde_json::Value::Array(list) => {
            let mut nodes = Vec::with_capacity(list.len());
            for (index, item) in list.iter().enumerate() {
                nodes.push(at(pointer, &format!("/{index}"), |pointer| {
                    parse_node(item, pointer, errors)
                }));
            }
            if nodes.iter().all(|node| matches!(node, Node::Literal(_))) {
                return Node::Literal(value.into());
            }
            Node::Array(nodes)
        }
        serde_json::Value::Object(object) => {
            let mut members = Vec::with_capacity(object.len());
            for (key, item) in object {
                let step = format!("/{}", key.replace('~', "~0").replace('/', "~1"));
                members.push((
                    SmolStr::from(key),
                    at(pointer, &step, |pointer| parse_node(item, pointer, errors)),
                ));
            }
            if members.iter().all(|(_, node)| matches!(node, Node::Literal(_))) {
                return Node::Literal(value.into());
            }
            Node::Object(members)
        }
        literal => Node::Literal(literal.into()),
    }
}

/// Runs `inner` with the place one step further.
fn at<T>(place: &mut String, step: &str, inner: impl FnOnce(&mut String) -> T) -> T {
    let length = place.len();
    place.push_str(step);
    let result = inner(place);
    place.truncate(length);
    result
}
