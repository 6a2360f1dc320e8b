//! The real binary under load, killed again and again, and what must hold afterwards.
//!
//! Customers place orders over HTTP without end, with a payment gateway that fails in every way it knows. Meanwhile the
//! server is killed with SIGKILL: at random moments, while it starts, and, in a build with the feature `failpoints`, on
//! either side of a named commit. It is started again on the same data. At the end of a round all comes to rest, and the
//! books are checked from outside: by HTTP, and in the database, read only ([`crate::Audit`]).
//!
//! What is random follows from the seed, which is printed; what the machine does meanwhile does not, so a seed repeats
//! the moments of a run and not its every step. A round that finds something keeps its directory.

mod chance;
mod check;
mod http;
mod kill;
mod load;
mod report;
mod round;
mod server;

use std::path::PathBuf;

pub use report::CrashReport;

/// What to do.
#[derive(Debug, Clone)]
pub struct CrashPlan {
    /// The binary `ordermill`.
    pub binary: PathBuf,
    /// The same, built with the feature `failpoints`; without it no kill is at a named commit.
    pub failpoint_binary: Option<PathBuf>,
    /// How often to kill.
    pub kills: u32,
    /// After how many kills the books are checked and a new data directory is begun.
    pub kills_per_round: u32,
    /// What everything random follows from.
    pub seed: u64,
    /// How many customers there are at a time.
    pub customers: usize,
}

/// Why a run broke off. What it finds wrong with the product is no error but part of the [`CrashReport`].
#[derive(Debug, thiserror::Error)]
pub enum CrashError {
    /// The binary can't be run.
    #[error("{path} can't be run")]
    Binary {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// There is no room for a data directory.
    #[error("no data directory can be made")]
    Directory(#[source] std::io::Error),
    /// The process can't be waited for or signalled.
    #[error("the server's process can't be handled")]
    Process(#[source] std::io::Error),
    /// The server neither listens nor ends.
    #[error("the server neither listens nor ends; see its log in {}", .0.display())]
    Stuck(PathBuf),
    /// Inside: the directory is added where it is known.
    #[error("the server neither listens nor ends")]
    NotListening,
    /// The server doesn't end after SIGTERM.
    #[error("the server does not end after SIGTERM")]
    NotStopping,
    /// The server ended by itself.
    #[error("the server ended by itself; see its log in {}", .0.display())]
    Ended(PathBuf),
    /// A call of the harness itself failed.
    #[error("{0}")]
    Call(String),
    /// The database can't be read.
    #[error("the books can't be read")]
    Books(#[from] rusqlite::Error),
}

/// Kills as often as the plan says, and tells of it line by line.
///
/// # Errors
/// [`CrashError`] when it can't go on.
pub fn run(plan: &CrashPlan, say: &mut dyn FnMut(String)) -> Result<CrashReport, CrashError> {
    let mut report = CrashReport::default();
    let mut points = Vec::new();
    let mut done = 0;
    while done < plan.kills {
        let kills = plan.kills_per_round.max(1).min(plan.kills - done);
        let seed = plan.seed.wrapping_add(u64::from(done));
        round::Round::open(plan, seed, &mut points)?.play(done, kills, &mut report, say)?;
        done += kills;
    }
    report.find_what_was_not_tried(plan.failpoint_binary.is_some());
    Ok(report)
}
