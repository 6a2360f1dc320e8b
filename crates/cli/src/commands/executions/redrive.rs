//! `ordermill executions redrive`

use clap::Args;
use http::Method;

use super::executions_table;
use crate::client::{Client, path::encode};
use crate::exit::Verdict;
use crate::failure::Failure;
use crate::output::Output;

const HELP: &str = "Example:
  ordermill executions redrive 01939f7c-8e00-7000-8000-000000000000";

/// Run a failed execution again from the state that failed
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub struct RedriveArgs {
    /// The execution's name
    execution: String,
}

/// Runs the command.
pub fn run(args: &RedriveArgs, client: &Client, output: &Output) -> Result<Verdict, Failure> {
    let path = format!("/admin/executions/{}/redrive", encode(&args.execution));
    let answer = client.send(Method::POST, &path, None, &[])?;
    output.show(&answer.body, || executions_table([&answer.body]))?;
    Ok(Verdict::Done)
}
