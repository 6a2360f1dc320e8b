//! Why a command could not do its work, and the exit code that says so.

use std::error::Error;
use std::fmt;
use std::io;
use std::process::ExitCode;

use crate::client::problem::Problem;

/// Why a command could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The arguments don't fit together, or a file or value given is wrong.
    #[error("{0}")]
    Usage(String),
    /// The server answered with an error.
    #[error("{0}")]
    Refused(Box<Problem>),
    /// The server answered, and what was looked for isn't in the answer.
    #[error("{0}")]
    NotFound(String),
    /// No server answers.
    #[error("no server answers at {url}; start one with `ordermill serve`, or name another with --url")]
    Unreachable {
        /// The server's URL.
        url: String,
        /// What went wrong on the way.
        source: Box<ureq::Error>,
    },
    /// Something else that was tried and failed.
    #[error("{what}")]
    Failed {
        /// What was tried.
        what: String,
        /// Why it failed, when something below said so.
        source: Option<Box<dyn Error + Send + Sync>>,
    },
    /// Whoever reads standard output is gone, such as `head`. Nothing to say to anybody.
    #[error("standard output is closed")]
    OutputClosed,
}

impl Failure {
    /// Wrong arguments or a wrong file.
    pub fn usage(message: impl fmt::Display) -> Self {
        Self::Usage(message.to_string())
    }

    /// Failed work, without a cause of its own.
    pub fn failed(what: impl fmt::Display) -> Self {
        Self::Failed {
            what: what.to_string(),
            source: None,
        }
    }

    /// Failed work with its cause.
    pub fn because(what: impl fmt::Display, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Failed {
            what: what.to_string(),
            source: Some(source.into()),
        }
    }

    /// Whether the same request may succeed later: nobody answered, or a server that can't now.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Unreachable { .. } => true,
            Self::Refused(problem) => problem.status >= 500 || problem.status == 429,
            Self::Usage(_) | Self::NotFound(_) | Self::Failed { .. } | Self::OutputClosed => false,
        }
    }

    /// The process's exit code, as [`crate::exit::HELP`] lists them.
    pub fn code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::OutputClosed => 0,
            Self::Failed { .. } => 1,
            Self::Usage(_) => 2,
            Self::NotFound(_) => 3,
            Self::Refused(problem) => match problem.status {
                404 => 3,
                400..=499 => 4,
                _ => 1,
            },
            Self::Unreachable { .. } => 5,
        })
    }
}

/// Failures of standard output and standard error.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            Self::OutputClosed
        } else {
            Self::because("could not write the output", error)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: u16) -> Failure {
        Failure::Refused(Box::new(Problem {
            status,
            ..Problem::default()
        }))
    }

    #[test]
    fn codes_are_those_of_the_help() {
        for (failure, code) in [
            (Failure::failed("x"), 1),
            (refused(500), 1),
            (refused(503), 1),
            (Failure::usage("x"), 2),
            (Failure::NotFound("x".to_owned()), 3),
            (refused(404), 3),
            (refused(403), 4),
            (refused(409), 4),
            (refused(429), 4),
        ] {
            assert_eq!(
                format!("{:?}", failure.code()),
                format!("{:?}", ExitCode::from(code)),
                "{failure:?}"
            );
        }
    }
}
