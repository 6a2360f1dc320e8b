//! What a run came to.

use std::collections::BTreeMap;
use std::fmt;

use super::load::Book;

/// What a run came to.
#[derive(Debug, Clone, Default)]
pub struct CrashReport {
    /// How often the server was killed.
    pub kills: u32,
    /// How often each named point was struck.
    pub struck: BTreeMap<String, u32>,
    /// How often a named point was not passed in time, and the server killed all the same.
    pub missed: u32,
    /// Rounds, each on a data directory of its own.
    pub rounds: u32,
    /// Orders answered 201.
    pub placed: u64,
    /// Requests without an answer.
    pub unanswered: u64,
    /// How the orders ended: `COMPLETED`, …, `dead letter`, `needs attention`.
    pub ended: BTreeMap<String, u64>,
    /// All that must never be and was, with the directory it is found in.
    pub violations: Vec<String>,
}

impl CrashReport {
    pub(super) fn add(&mut self, book: &Book) {
        self.rounds += 1;
        self.placed += book.placed.len() as u64;
        self.unanswered += book.unanswered;
    }
}

impl fmt::Display for CrashReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let struck: u32 = self.struck.values().sum();
        writeln!(
            f,
            "{} kills in {} rounds: {struck} at {} named commits ({} not passed in time), the others at random moments",
            self.kills,
            self.rounds,
            self.struck.len(),
            self.missed
        )?;
        for (point, times) in &self.struck {
            writeln!(f, "  {times:>4} × {point}")?;
        }
        writeln!(
            f,
            "{} orders answered 201; {} requests without an answer",
            self.placed, self.unanswered
        )?;
        for (end, orders) in &self.ended {
            writeln!(f, "  {orders:>6} {end}")?;
        }
        for violation in &self.violations {
            writeln!(f, "VIOLATION {violation}")?;
        }
        write!(
            f,
            "{} kills survived, {} violations",
            self.kills,
            self.violations.len()
        )
    }
}
