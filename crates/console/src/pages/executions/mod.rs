//! Executions of the workflow: the list, one with its way and history, and running a failed one again.

mod list;
mod redrive;
mod show;

pub(crate) use list::list;
pub(crate) use redrive::{ask_to_redrive, redrive};
pub(crate) use show::show;

/// Statuses of an execution, as Step Functions calls them.
const STATUSES: [(&str, &str); 5] = [
    ("RUNNING", "Running"),
    ("SUCCEEDED", "Succeeded"),
    ("FAILED", "Failed"),
    ("TIMED_OUT", "Timed out"),
    ("ABORTED", "Aborted"),
];

/// Whether an execution with this status can be run again.
fn can_be_redriven(status: &str) -> bool {
    matches!(status, "FAILED" | "TIMED_OUT" | "ABORTED")
}
