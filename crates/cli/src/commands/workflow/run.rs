//! `ordermill workflow run`

use std::path::PathBuf;

use asl::{Outcome, replay};
use clap::Args;
use serde_json::{Value, json};

use super::{mock, source};
use crate::exit::Verdict;
use crate::failure::Failure;
use crate::history;
use crate::output::Output;
use crate::table::harmless;
use crate::view::status_style;

const HELP: &str = "Examples:
  ordermill workflow run flow.asl.json --input '{\"orderId\":\"o-1\"}' --mock mock.json
  ordermill workflow run flow.asl.json --input @input.json --mock mock.json --output json

mock.json says what each attempt of a task gets, in order:
  {\"ProcessPayment\": [{\"error\": \"Lambda.ServiceException\", \"cause\": \"busy\"}, {\"output\": {\"Payload\": {\"status\": \"success\"}}}]}
Waits and retries take no time: the clock is virtual. The exit code is 0 when the execution SUCCEEDED, else 1.";

/// Run one execution with mocked tasks on a virtual clock, and show its history
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub struct RunArgs {
    /// The definition; - reads standard input
    file: PathBuf,
    /// The execution's input: JSON, or @FILE
    #[arg(long, default_value = "{}", value_name = "JSON|@FILE")]
    input: String,
    /// What the tasks answer
    #[arg(long, value_name = "FILE")]
    mock: Option<PathBuf>,
    /// When the execution starts on the virtual clock, RFC 3339
    #[arg(long, default_value = "2026-01-01T00:00:00Z", value_name = "TIME")]
    start: jiff::Timestamp,
}

/// Runs the command.
pub fn run(args: &RunArgs, output: &Output) -> Result<Verdict, Failure> {
    let definition = source::read_definition(&args.file)?;
    let input = source::read_json_argument(&args.input)?;
    let script = match &args.mock {
        None => Vec::new(),
        Some(file) => {
            let mock = source::read_json_argument(&format!("@{}", file.display()))?;
            mock::read(mock, &definition).map_err(|e| Failure::usage(format!("{}: {e}", file.display())))?
        }
    };
    let played = replay::play(&definition, replay::start_at(input, args.start), script)
        .map_err(|e| Failure::because("the mock can't be played", e))?;
    let events = serde_json::to_value(&played.history)
        .map_err(|e| Failure::because("could not write the history as JSON", e))?;
    let waiting: Vec<&str> = played.waiting.iter().map(|call| &*call.state).collect();
    let summary = Summary::of(played.snapshot.outcome(), &waiting);
    let document = json!({
        "status": summary.status, "output": summary.output, "error": summary.error, "cause": summary.cause,
        "waiting": waiting, "events": events,
    });
    output.show(&document, || {
        let events = events.as_array().map_or(&[][..], Vec::as_slice);
        format!("{}\n\n{}", history::table(events), summary.describe())
    })?;
    Ok(Verdict::from_well(summary.status == "SUCCEEDED"))
}

/// How it ended.
struct Summary {
    status: &'static str,
    output: Option<Value>,
    error: Option<String>,
    cause: Option<String>,
}

impl Summary {
    fn of(outcome: Option<&Outcome>, waiting: &[&str]) -> Self {
        let status = outcome.map_or("RUNNING", Outcome::status);
        let (output, error, cause) = match outcome {
            Some(Outcome::Succeeded { output }) => (Some(output.into()), None, None),
            Some(
                Outcome::Failed { error, cause }
                | Outcome::TimedOut { error, cause }
                | Outcome::Aborted { error, cause },
            ) => (None, Some(error.clone()), Some(cause.clone())),
            None => (
                None,
                None,
                Some(format!("the mock has no answer for: {}", waiting.join(", "))),
            ),
        };
        Self {
            status,
            output,
            error,
            cause,
        }
    }

    fn describe(&self) -> String {
        let mut text = status_style(self.status).apply_to(self.status).to_string();
        if let Some(error) = &self.error {
            text.push_str(&format!("  {}", harmless(error)));
        }
        if let Some(cause) = self.cause.as_ref().filter(|cause| !cause.is_empty()) {
            text.push_str(&format!("\n{}", harmless(cause)));
        }
        if let Some(output) = &self.output {
            text.push_str(&format!("\noutput: {output}"));
        }
        text
    }
}
