//! Why an expression is refused, in DynamoDB's words.

use std::fmt;

use crate::item::ItemError;

/// Which parameter of the call an expression stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ExpressionKind {
    Update,
    Condition,
    Projection,
}

impl fmt::Display for ExpressionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Update => "UpdateExpression",
            Self::Condition => "ConditionExpression",
            Self::Projection => "ProjectionExpression",
        })
    }
}

/// An expression that DynamoDB, or this engine, refuses. On AWS it is a ValidationException with this message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ExpressionError {
    #[error("Invalid {0}: The expression can not be empty;")]
    Empty(ExpressionKind),
    #[error(
        "Invalid {kind}: Expression size has exceeded the maximum allowed size; expression size: {bytes}"
    )]
    TooLong { kind: ExpressionKind, bytes: usize },
    #[error("Invalid {0}: The expression is nested too deeply;")]
    TooDeep(ExpressionKind),
    #[error("Invalid {kind}: Syntax error; token: \"{token}\", near: \"{near}\"")]
    Syntax {
        kind: ExpressionKind,
        token: String,
        near: String,
    },
    #[error("Invalid {kind}: Attribute name is a reserved keyword; reserved keyword: {word}")]
    ReservedWord { kind: ExpressionKind, word: String },
    #[error(
        "Invalid {kind}: An expression attribute name used in the document path is not defined; attribute name: {name}"
    )]
    UndefinedName { kind: ExpressionKind, name: String },
    #[error(
        "Invalid {kind}: An expression attribute value used in expression is not defined; attribute value: {name}"
    )]
    UndefinedValue { kind: ExpressionKind, name: String },
    #[error("Invalid {kind}: A path into an attribute is not supported on one machine; path: {path}")]
    NestedPath { kind: ExpressionKind, path: String },
    #[error("Invalid {kind}: Invalid function name; function: {name}")]
    UnknownFunction { kind: ExpressionKind, name: String },
    #[error(
        "Invalid {kind}: Incorrect number of operands for operator or function; operator or function: {function}, \
         number of operands: {count}"
    )]
    OperandCount {
        kind: ExpressionKind,
        function: &'static str,
        count: usize,
    },
    #[error(
        "Invalid {kind}: Incorrect operand type for operator or function; operator or function: {operator}, \
         operand type: {found}"
    )]
    OperandType {
        kind: ExpressionKind,
        operator: &'static str,
        found: &'static str,
    },
    #[error(
        "Invalid {kind}: Operator or function requires a document path; operator or function: {function}"
    )]
    NotAPath {
        kind: ExpressionKind,
        function: &'static str,
    },
    #[error(
        "Invalid {0}: The BETWEEN operator requires upper bound to be greater than or equal to lower bound"
    )]
    BoundsReversed(ExpressionKind),
    #[error("Invalid {kind}: The \"{section}\" section can only be used once in an update expression;")]
    RepeatedSection {
        kind: ExpressionKind,
        section: &'static str,
    },
    #[error("Invalid {kind}: Sets are not supported on one machine, and so neither is the DELETE section")]
    Sets { kind: ExpressionKind },
    #[error(
        "Invalid {kind}: Two document paths overlap with each other; must remove or rewrite one of these paths; \
         path one: [{path}], path two: [{path}]"
    )]
    Overlap { kind: ExpressionKind, path: String },
    #[error("The provided expression refers to an attribute that does not exist in the item")]
    MissingAttribute,
    #[error("An operand in the update expression has an incorrect data type")]
    IncorrectType,
    #[error(
        "Number overflow. Attempting to store or compare a number of more than 28 significant digits: {0}"
    )]
    NumberRange(String),
    #[error("ExpressionAttributeNames contains invalid value for key {0}")]
    BadName(String),
    #[error("Value provided in ExpressionAttributeNames unused in expressions: keys: {{{0}}}")]
    UnusedNames(String),
    #[error("Value provided in ExpressionAttributeValues unused in expressions: keys: {{{0}}}")]
    UnusedValues(String),
    #[error("ExpressionAttributeValues contains invalid value for key {name}: {source}")]
    BadValue { name: String, source: ItemError },
}
