//! DynamoDB's expressions over plain JSON attributes: update, condition and projection.
//!
//! An expression is compiled once, when the definition that holds it is loaded, and evaluated many times. It reads and
//! writes whole attributes of an item, which is a JSON object; the values that it is given are AttributeValue JSON, as a
//! caller of DynamoDB writes them. Errors are worded as DynamoDB's ValidationException words them, so that what a
//! workflow meets here is what it meets on AWS.
//!
//! What DynamoDB has and this has not is refused when the expression is compiled: paths into an attribute (`a.b`,
//! `a[0]`) and sets. Numbers are compared and added as decimals of up to 28 digits; one that does not fit is an error,
//! never a rounded answer.

mod compiled;
mod condition;
mod error;
mod number;
mod parser;
mod projection;
mod reserved;
#[cfg(test)]
mod tests;
mod token;
mod update;
mod value;

pub(crate) use compiled::Expressions;
pub(crate) use condition::Condition;
pub(crate) use error::ExpressionError;
pub(crate) use parser::{Placeholders, check_all_used};
pub(crate) use projection::Projection;
pub(crate) use update::Update;

/// Attributes, or placeholders with what they stand for.
pub(crate) type Map = serde_json::Map<String, serde_json::Value>;
