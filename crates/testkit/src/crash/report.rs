//! What a run came to.

use std::collections::BTreeMap;
use std::fmt;

use super::load::Book;

/// After so many kills one was at a named commit, or something is wrong: by chance alone it is one run in 60,000.
const ENOUGH_KILLS: u32 = 16;

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

    /// A run that tried nothing proves nothing, whatever it did not find. Of so many kills, half of which are at named
    /// commits when there's a binary for it, one strikes; in a shorter run chance may have it otherwise.
    pub(super) fn find_what_was_not_tried(&mut self, has_named_commits: bool) {
        if self.kills > 0 && self.placed == 0 {
            self.violations
                .push("the run proves nothing: no order was answered 201".to_owned());
        }
        if has_named_commits && self.kills >= ENOUGH_KILLS && self.struck.is_empty() {
            let found = format!(
                "the run proves nothing: of {} kills none was at a named commit",
                self.kills
            );
            self.violations.push(found);
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn found(kills: u32, placed: u64, struck: &[&str], has_named_commits: bool) -> Vec<String> {
        let mut report = CrashReport {
            kills,
            placed,
            struck: struck.iter().map(|point| ((*point).to_owned(), 1)).collect(),
            ..CrashReport::default()
        };
        report.find_what_was_not_tried(has_named_commits);
        report.violations
    }

    #[test]
    fn a_run_that_tried_nothing_fails() {
        assert_eq!(found(25, 900, &["after:InsertOrder"], true), [""; 0]);
        assert_eq!(
            found(25, 0, &["after:InsertOrder"], true),
            ["the run proves nothing: no order was answered 201"]
        );
        assert_eq!(
            found(25, 900, &[], true),
            ["the run proves nothing: of 25 kills none was at a named commit"]
        );
        assert_eq!(found(25, 900, &[], false), [""; 0], "there's no binary for it");
        assert_eq!(
            found(3, 9, &[], true),
            [""; 0],
            "a short run may have none by chance"
        );
    }
}
