//! What is wrong with a definition: one [`Fault`] for each mistake, all of them at once.

use std::fmt;

/// One mistake in a definition, in words that let its author mend it.
///
/// ```
/// let fault = asl::Fault::new("/States/Pay/Next", "there is no state named \"Done\"", "name one of: Pay, Finish");
/// assert_eq!(
///     fault.to_string(),
///     "/States/Pay/Next: there is no state named \"Done\" (name one of: Pay, Finish)"
/// );
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// A stable name for this kind of mistake, as `ValidateStateMachineDefinition` answers it:
    /// `INVALID_JSON_DESCRIPTION`, `SCHEMA_VALIDATION_FAILED`, `MISSING_TRANSITION_TARGET`, and so on.
    pub code: &'static str,
    /// Where it is, as a JSON pointer (RFC 6901) into the definition; empty for the whole document.
    pub pointer: String,
    /// What is wrong.
    pub problem: String,
    /// What would be right; empty when the problem says it already.
    pub remedy: String,
}

impl Fault {
    /// A fault of the commonest kind, `SCHEMA_VALIDATION_FAILED`.
    pub fn new(pointer: impl Into<String>, problem: impl Into<String>, remedy: impl Into<String>) -> Fault {
        Fault {
            code: "SCHEMA_VALIDATION_FAILED",
            pointer: pointer.into(),
            problem: problem.into(),
            remedy: remedy.into(),
        }
    }

    /// The same fault under another code.
    #[must_use]
    pub fn with_code(self, code: &'static str) -> Fault {
        Fault { code, ..self }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = if self.pointer.is_empty() {
            "/"
        } else {
            &self.pointer
        };
        write!(f, "{place}: {}", self.problem)?;
        if !self.remedy.is_empty() {
            write!(f, " ({})", self.remedy)?;
        }
        Ok(())
    }
}
