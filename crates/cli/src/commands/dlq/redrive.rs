//! `ordermill dlq redrive`

use clap::Args;
use http::Method;

use super::Selection;
use crate::client::{Client, path::encode};
use crate::exit::Verdict;
use crate::failure::Failure;
use crate::output::Output;
use crate::view::text;

const HELP: &str = "Examples:
  ordermill dlq redrive OrderProcessingDLQ
  ordermill dlq redrive OrderProcessingDLQ --message 7";

/// Send dead letters back to where they came from, to be tried anew
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub struct RedriveArgs {
    #[command(flatten)]
    selection: Selection,
}

/// Runs the command.
pub fn run(args: &RedriveArgs, client: &Client, output: &Output) -> Result<Verdict, Failure> {
    let path = format!("/admin/queues/{}/redrive", encode(&args.selection.queue));
    let answer = client.send(Method::POST, &path, Some(&args.selection.body()), &[])?;
    output.show(&answer.body, || {
        format!("{} messages sent back", text(&answer.body["redriven"]))
    })?;
    Ok(Verdict::Done)
}
