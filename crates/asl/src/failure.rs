//! Why a state failed, as its retriers and catchers see it.

use crate::Value;

use crate::history::ErrorDetails;

/// Why a state failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub kind: ErrorKind,
    /// The error's name; a worker or a Fail state may give none.
    pub error: Option<String>,
    pub cause: Option<String>,
    /// The field whose JSONata expression failed, for the history to tell.
    pub location: Option<String>,
}

/// What decides who may retry or catch a failure, beyond its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ErrorKind {
    /// Anything that has no rule of its own.
    Named,
    /// `TimeoutSeconds` ran out.
    Timeout,
    /// `HeartbeatSeconds` ran out. AWS names it `States.Timeout` too.
    HeartbeatTimeout,
    /// `States.Runtime` and the size limit of what a state puts out: nothing retries or catches it.
    Fatal,
}

impl Failure {
    pub(crate) fn named(error: impl Into<String>, cause: impl Into<String>) -> Failure {
        Failure {
            kind: ErrorKind::Named,
            error: Some(error.into()),
            cause: Some(cause.into()),
            location: None,
        }
    }

    /// An error by its name when the outside may have given none, which is an empty text.
    pub(crate) fn reported(error: String, cause: String) -> Failure {
        let unnamed = error.is_empty();
        let kind = match error.as_str() {
            "States.Timeout" => ErrorKind::Timeout,
            "States.HeartbeatTimeout" => ErrorKind::HeartbeatTimeout,
            "States.Runtime" => ErrorKind::Fatal,
            _ => ErrorKind::Named,
        };
        let cause = (!unnamed || !cause.is_empty()).then_some(cause);
        Failure {
            kind,
            error: (!unnamed).then_some(error),
            cause,
            location: None,
        }
    }

    pub(crate) fn timeout() -> Failure {
        Failure {
            kind: ErrorKind::Timeout,
            ..Failure::named("States.Timeout", "")
        }
    }

    pub(crate) fn heartbeat_timeout() -> Failure {
        Failure {
            kind: ErrorKind::HeartbeatTimeout,
            ..Failure::timeout()
        }
    }

    pub(crate) fn runtime(cause: impl Into<String>) -> Failure {
        Failure {
            kind: ErrorKind::Fatal,
            ..Failure::named("States.Runtime", cause)
        }
    }

    /// A JSONata expression failed.
    pub(crate) fn evaluation(location: impl Into<String>, cause: impl Into<String>) -> Failure {
        Failure {
            location: Some(location.into()),
            ..Failure::named("States.QueryEvaluationError", cause)
        }
    }

    /// What a state or a task gave is larger than a payload may be.
    pub(crate) fn too_large(source: &str) -> Failure {
        Failure::named(
            "States.DataLimitExceeded",
            format!(
                "The state/task '{source}' returned a result with a size exceeding the maximum number of bytes \
                 service limit."
            ),
        )
    }

    pub(crate) fn fatal(self) -> Failure {
        Failure {
            kind: ErrorKind::Fatal,
            ..self
        }
    }

    pub(crate) fn is_catchable(&self) -> bool {
        self.kind != ErrorKind::Fatal
    }

    /// The history's form of it.
    pub(crate) fn details(&self) -> ErrorDetails {
        ErrorDetails {
            error: self.error.clone(),
            cause: self.cause.clone(),
        }
    }

    /// The error output that a catcher works on: `{"Error": …, "Cause": …}`.
    pub(crate) fn output(&self) -> Value {
        let text = |text: &Option<String>| text.as_deref().map_or(Value::Null, Value::from);
        [("Error", text(&self.error)), ("Cause", text(&self.cause))].into()
    }
}
