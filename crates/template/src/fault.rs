//! What can be wrong with a template, and where: each fault says what stands there and what would be right.

use std::fmt;

use crate::filter_policy::FilterFault;

/// A line and column, both counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line.
    pub line: u32,
    /// The column, in characters.
    pub column: u32,
}

/// Where something stands in a template.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Where its text begins.
    pub position: Position,
    /// Its JSON pointer (RFC 6901), such as `/Resources/OrdersTable/Properties/KeySchema/0`. Empty: the whole file.
    pub pointer: String,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.position.line, self.position.column)?;
        if !self.pointer.is_empty() {
            write!(f, ", {}", self.pointer)?;
        }
        Ok(())
    }
}

/// Why a template can't be run: one thing that is wrong, and its place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {problem}")]
pub struct TemplateFault {
    /// Where.
    pub place: Place,
    /// What.
    pub problem: Problem,
}

/// What is wrong at a place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The text is not YAML.
    #[error("this is not YAML: {message}")]
    NotYaml {
        /// The parser's own words.
        message: String,
    },
    /// The text is longer than CloudFormation takes.
    #[error("the template has {bytes} bytes; CloudFormation takes {limit} at most")]
    TooLarge {
        /// Its length.
        bytes: usize,
        /// What is allowed.
        limit: usize,
    },
    /// The nesting is deeper than any sensible template's.
    #[error("nested more than {limit} levels deep; flatten it")]
    TooDeep {
        /// What is allowed.
        limit: usize,
    },
    /// References multiply a text beyond all bounds.
    #[error("references make more than {limit} bytes of text; remove those that repeat each other")]
    TooMuchText {
        /// What is allowed.
        limit: usize,
    },
    /// An alias, which CloudFormation refuses.
    #[error("CloudFormation takes no YAML aliases; write the value out")]
    Alias,
    /// A mapping with a key that is no text.
    #[error("a key must be a text")]
    KeyNotText,
    /// A key that stands twice in one mapping.
    #[error("`{key}` stands here twice; keep one")]
    DuplicateKey {
        /// The key.
        key: String,
    },
    /// A tag that CloudFormation does not have.
    #[error("CloudFormation has no function {tag}")]
    UnknownTag {
        /// The tag.
        tag: String,
    },
    /// Plain CloudFormation, or something else altogether.
    #[error("a SAM template says `Transform: AWS::Serverless-2016-10-31`; add that line")]
    NotSam,
    /// A value of another shape than the property takes.
    #[error("this must be {expected}, not {found}")]
    WrongShape {
        /// What it takes.
        expected: &'static str,
        /// What stands there.
        found: &'static str,
    },
    /// A property that has no default and is not there.
    #[error("`{property}` is missing here")]
    Missing {
        /// Its name.
        property: String,
    },
    /// A number that is none, or out of bounds.
    #[error("`{found}` must be a whole number from {min} to {max}")]
    NotInRange {
        /// What stands there.
        found: String,
        /// The least that is allowed.
        min: u64,
        /// The most that is allowed.
        max: u64,
    },
    /// A number that is none.
    #[error("`{found}` must be a number of {min} or more, with at most 28 digits")]
    NotNumber {
        /// What stands there.
        found: String,
        /// The least that is allowed.
        min: i64,
    },
    /// A word that is none of those allowed.
    #[error("`{found}` must be one of {allowed}")]
    NotOneOf {
        /// What stands there.
        found: String,
        /// What is allowed, separated by commas.
        allowed: String,
    },
    /// A text that has not the form it must have.
    #[error("`{found}` must be {expected}")]
    Malformed {
        /// What stands there.
        found: String,
        /// What it must be.
        expected: &'static str,
    },
    /// A name that nothing in the template has.
    #[error("nothing here is called `{name}`; refer to a parameter, or to a resource whose condition holds")]
    UnknownName {
        /// The name.
        name: String,
    },
    /// An attribute that the resource has not, or that is not known on one machine.
    #[error("`{name}` of type {kind} has no attribute `{attribute}` that is known on one machine")]
    UnknownAttribute {
        /// The resource.
        name: String,
        /// Its type.
        kind: String,
        /// The attribute.
        attribute: String,
    },
    /// A condition that is not defined.
    #[error("there is no condition `{name}`; define it under Conditions")]
    UnknownCondition {
        /// Its name.
        name: String,
    },
    /// A mapping entry that is not defined.
    #[error("there is no entry {entry}; define it under Mappings")]
    UnknownMapping {
        /// The path of the entry.
        entry: String,
    },
    /// A name or condition that comes down to itself.
    #[error("`{name}` refers to itself in the end; break the circle")]
    Circular {
        /// The name.
        name: String,
    },
    /// An intrinsic function with arguments of another shape.
    #[error("{function} takes {expected}")]
    BadArguments {
        /// The function.
        function: &'static str,
        /// What it takes.
        expected: &'static str,
    },
    /// An intrinsic function that only CloudFormation can compute.
    #[error("{function} can't be computed on one machine; give the value itself, or a parameter")]
    UnsupportedFunction {
        /// The function.
        function: String,
    },
    /// A parameter without a value.
    #[error("parameter `{name}` has no value; give it a Default, or a value when starting")]
    NoValue {
        /// Its name.
        name: String,
    },
    /// A value that is given for a parameter that is not there.
    #[error("a value is given for `{name}`, but there is no such parameter")]
    UnknownParameter {
        /// Its name.
        name: String,
    },
    /// A resource of a kind that would be expected to do something.
    #[error("the local engine does not run {what}: {reason}")]
    Refused {
        /// What is refused.
        what: String,
        /// Why, and what to do.
        reason: &'static str,
    },
    /// A reference to a resource of another type than is needed.
    #[error("this must refer to {expected} of this template; `{found}` is none")]
    NotA {
        /// The type that is needed.
        expected: &'static str,
        /// What the reference comes down to.
        found: String,
    },
    /// A filter policy that SNS would refuse.
    #[error("{0}")]
    Filter(FilterFault),
    /// The file with the workflow is not there.
    #[error("there is no workflow file `{path}`; the path is relative to the template")]
    NoWorkflow {
        /// The path.
        path: String,
    },
    /// The workflow is not JSON.
    #[error("workflow {name} is not JSON: {message}")]
    WorkflowNotJson {
        /// The file's path, or "Definition".
        name: String,
        /// What the parser says, with line and column of that text.
        message: String,
    },
    /// A placeholder in the workflow without a value.
    #[error("the workflow has `${{{name}}}` (line {line}); give its value under DefinitionSubstitutions")]
    NoSubstitution {
        /// The placeholder's name.
        name: String,
        /// Its line in the workflow's text.
        line: usize,
    },
    /// Two resources of a type with one name.
    #[error("the name `{name}` is taken by {other} already; choose another")]
    NameTaken {
        /// The name.
        name: String,
        /// The logical id of the other.
        other: String,
    },
    /// Two events for one method and path.
    #[error("{method} {path} goes to {other} already; remove one of the two")]
    RouteTaken {
        /// The method.
        method: &'static str,
        /// The path.
        path: String,
        /// The function of the other.
        other: String,
    },
    /// A queue whose messages would come back while the function is still at work.
    #[error(
        "queue {queue} hides a message for {visibility_s} s, but the function may take {timeout_s} s; \
         set VisibilityTimeout to {timeout_s} or more"
    )]
    VisibilityTooShort {
        /// The queue.
        queue: String,
        /// Its visibility timeout, in seconds.
        visibility_s: u32,
        /// The function's timeout, in seconds.
        timeout_s: u32,
    },
    /// A stream event on a table without a stream.
    #[error("table {table} has no stream; give it a StreamSpecification")]
    NoStream {
        /// The table.
        table: String,
    },
    /// A batch of more than ten messages without a window.
    #[error("more than 10 messages a batch need a MaximumBatchingWindowInSeconds of 1 or more")]
    BatchNeedsWindow,
    /// A key attribute without a type.
    #[error("key attribute `{name}` has no type; add it to AttributeDefinitions")]
    UntypedKey {
        /// The attribute.
        name: String,
    },
    /// More datapoints must breach than are looked at.
    #[error("DatapointsToAlarm is {datapoints}, more than the {periods} EvaluationPeriods")]
    TooManyDatapoints {
        /// The datapoints.
        datapoints: u32,
        /// The periods.
        periods: u32,
    },
}

/// Something that the local engine leaves aside, named so that nobody relies on it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {what}")]
pub struct Warning {
    /// Where.
    pub place: Place,
    /// What is left aside.
    pub what: Ignored,
}

/// What is left aside at a place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Ignored {
    /// A resource type that the local engine does not know.
    #[error("{id} is {kind}, which the local engine does not know; it has no effect here")]
    ResourceType {
        /// The logical id.
        id: String,
        /// The type.
        kind: String,
    },
    /// A property that the local engine does not know.
    #[error("the local engine does not know {property} of {kind}; it has no effect here")]
    Property {
        /// The property.
        property: String,
        /// What it stands in.
        kind: &'static str,
    },
    /// A value in `DefinitionSubstitutions` that the workflow does not ask for.
    #[error("the workflow does not use ${{{name}}}")]
    Substitution {
        /// The placeholder's name.
        name: String,
    },
}
