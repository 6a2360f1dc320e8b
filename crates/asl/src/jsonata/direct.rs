//! The commonest expressions, `$states.input.a.b` and `$variable.a`, found without the engine: faster, and with every
//! number as it was written.

use crate::Value;

use super::Scope;

/// Words that are not names in a path.
const RESERVED: [&str; 6] = ["and", "in", "null", "or", "true", "false"];

/// Where a plain reference starts.
#[derive(Debug, Clone)]
enum Start {
    Input,
    Context,
    Result,
    ErrorOutput,
    Variable(Box<str>),
}

/// A reference of plain names.
#[derive(Debug, Clone)]
pub(super) struct Direct {
    start: Start,
    names: Box<[Box<str>]>,
}

impl Direct {
    /// Reads a plain reference; `None` when the expression is anything else.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut names = text.strip_prefix('$')?.split('.');
        let is_name = |name: &str| {
            let mut characters = name.chars();
            characters
                .next()
                .is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
                && characters.all(|c| c.is_ascii_alphanumeric() || c == '_')
                && !RESERVED.contains(&name)
        };
        let start = match names.next().filter(|name| is_name(name))? {
            "states" => match names.next()? {
                "input" => Start::Input,
                "context" => Start::Context,
                "result" => Start::Result,
                "errorOutput" => Start::ErrorOutput,
                _ => return None,
            },
            variable => Start::Variable(variable.into()),
        };
        let names = names
            .map(|name| is_name(name).then(|| name.into()))
            .collect::<Option<_>>()?;
        Some(Self { start, names })
    }

    /// What the reference finds: outer `None` when the engine must look, for an array is in the way or the name may
    /// be a function's.
    pub(super) fn find<'a>(&self, scope: &Scope<'a>) -> Option<Option<&'a Value>> {
        let mut found = match &self.start {
            Start::Input => Some(scope.states.input),
            Start::Context => Some(scope.states.context),
            Start::Result => scope.states.result,
            Start::ErrorOutput => scope.states.error_output,
            Start::Variable(name) => Some(scope.variables.get(&**name)?),
        };
        for name in &self.names {
            found = match found {
                Some(Value::Object(object)) => object.get(name),
                Some(Value::Array(_)) => return None,
                _ => None,
            };
        }
        Some(found)
    }
}
