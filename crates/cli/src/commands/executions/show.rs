//! `ordermill executions show`

use clap::Args;
use serde_json::Value;

use super::executions_table;
use crate::client::{Client, path::encode};
use crate::exit::Verdict;
use crate::failure::Failure;
use crate::history;
use crate::output::Output;
use crate::table::harmless;
use crate::view::text;

const HELP: &str = "Example:
  ordermill executions show 01939f7c-8e00-7000-8000-000000000000

An order's execution has the order's id as its name.";

/// Show one execution with its whole history
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub struct ShowArgs {
    /// The execution's name
    execution: String,
}

/// Runs the command.
pub fn run(args: &ShowArgs, client: &Client, output: &Output) -> Result<Verdict, Failure> {
    let body: Value = client.get(&format!("/admin/executions/{}", encode(&args.execution)))?;
    output.show(&body, || {
        let mut shown = executions_table([&body]);
        if let Value::String(cause) = &body["cause"] {
            shown.push_str(&format!("\ncause: {}", harmless(cause)));
        }
        let events = body["events"].as_array().map_or(&[][..], Vec::as_slice);
        format!(
            "{shown}\n\n{}\n\ninput:  {}\noutput: {}",
            history::table(events),
            text(&body["input"]),
            text(&body["output"])
        )
    })?;
    Ok(Verdict::Done)
}
