//! Exit codes: what a script can tell from how a command ended.

use std::process::ExitCode;

/// The list for `--help`; the README has it too.
pub const HELP: &str = "Exit codes:
  0  done
  1  failed: the work was tried and did not succeed, or what was checked has faults
  2  usage: the command line or a file given to it is wrong
  3  not found: the server has no such order, product, key, message or execution
  4  refused: the server said no (403, 409, 422, 429, ...)
  5  unreachable: no server answers at the URL

Documentation of the HTTP interface: http://127.0.0.1:8080/docs on a running server.";

/// How a command ended that did run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// As wished.
    Done,
    /// It ran, and what it was asked about is not well: a definition with faults, an order that failed.
    NotWell,
}

impl Verdict {
    /// [`Verdict::Done`] when `well`.
    pub fn from_well(well: bool) -> Self {
        if well { Self::Done } else { Self::NotWell }
    }

    /// The process's exit code.
    pub fn code(self) -> ExitCode {
        match self {
            Self::Done => ExitCode::SUCCESS,
            Self::NotWell => ExitCode::from(1),
        }
    }
}
