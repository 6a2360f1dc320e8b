//! SNS subscription filter policies: which messages of a topic a listener gets.
//!
//! The rules are those of the SNS developer guide, "Amazon SNS subscription filter policies" and the pages under it.

mod evaluate;
mod parse;

use rust_decimal::Decimal;

pub use evaluate::MessageAttribute;
pub use parse::FilterFault;
pub(crate) use parse::parse;

/// A filter policy: every clause must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilterPolicy {
    /// What the keys name.
    pub scope: FilterScope,
    /// What must hold; never empty.
    pub clauses: Vec<Clause>,
}

/// What the keys of a filter policy name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FilterScope {
    /// Attributes of the message.
    MessageAttributes,
    /// Members of the message, which must be a JSON object.
    MessageBody,
}

/// One condition of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Clause {
    /// A value under `key` passes one of `tests`.
    Value {
        /// The attribute's or member's name.
        key: String,
        /// Never empty.
        tests: Vec<Test>,
    },
    /// The object under `key` meets every one of `clauses`. Only in the body.
    Object {
        /// The member's name.
        key: String,
        /// Never empty.
        clauses: Vec<Clause>,
    },
    /// `$or`: all clauses of one of the alternatives hold.
    AnyOf(Vec<Vec<Clause>>),
}

/// A test of one value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Test {
    /// The value is this.
    Is(Literal),
    /// `prefix`: the text begins so.
    Prefix(String),
    /// `suffix`: the text ends so.
    Suffix(String),
    /// `equals-ignore-case`: the text is this, in whatever case.
    EqualsIgnoreCase(String),
    /// `anything-but`: the value is none of these.
    AnythingBut(Vec<Exclusion>),
    /// `numeric`: the number is within all of these bounds.
    Numeric(Vec<Bound>),
    /// `exists`: the key is there with a value, or is not.
    Exists(bool),
}

/// What `anything-but` leaves out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exclusion {
    /// This value.
    Is(Literal),
    /// Texts that begin so.
    Prefix(String),
    /// Texts that end so.
    Suffix(String),
}

/// A value as a policy names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Literal {
    /// A text, compared to the letter.
    Text(String),
    /// A number, compared exactly: 301.5 is 3.015e2.
    Number(Decimal),
    /// `true` or `false`.
    Flag(bool),
    /// `null`.
    Null,
}

/// One side of a numeric range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bound {
    /// How the value stands to the limit.
    pub operator: NumericOperator,
    /// The limit, within ±1,000,000,000.
    pub limit: Decimal,
}

/// How a number is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumericOperator {
    /// `=`
    Equal,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}
