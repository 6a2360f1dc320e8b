//! `ordermill executions list`

use clap::{Args, ValueEnum};
use serde_json::Value;

use super::executions_table;
use crate::client::{Client, path::with_query};
use crate::exit::Verdict;
use crate::failure::Failure;
use crate::output::Output;

const HELP: &str = "Examples:
  ordermill executions list --status failed
  ordermill executions list --limit 200 --output json";

/// List executions, newest first
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub struct ListArgs {
    /// Only with this status
    #[arg(long, value_enum)]
    status: Option<Status>,
    /// How many at most
    #[arg(long, default_value_t = 20, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: u32,
    /// Go on after the execution of this name
    #[arg(long, value_name = "NAME")]
    after: Option<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Status {
    Running,
    Succeeded,
    Failed,
    TimedOut,
    Aborted,
}

impl Status {
    fn as_str(self) -> &'static str {
        match self {
            Self::Running => "RUNNING",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::TimedOut => "TIMED_OUT",
            Self::Aborted => "ABORTED",
        }
    }
}

/// Runs the command.
pub fn run(args: &ListArgs, client: &Client, output: &Output) -> Result<Verdict, Failure> {
    let parameters = [
        ("status", args.status.map(|status| status.as_str().to_owned())),
        ("after", args.after.clone()),
        ("limit", Some(args.limit.to_string())),
    ];
    let body: Value = client.get(&with_query("/admin/executions", &parameters))?;
    output.show(&body, || {
        executions_table(body["executions"].as_array().into_iter().flatten())
    })?;
    output.say_more("--after", &body["nextAfter"]);
    Ok(Verdict::Done)
}
