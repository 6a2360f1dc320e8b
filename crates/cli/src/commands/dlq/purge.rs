//! `ordermill dlq purge`

use clap::Args;
use http::Method;

use super::Selection;
use crate::client::{Client, path::encode};
use crate::exit::Verdict;
use crate::failure::Failure;
use crate::output::Output;
use crate::prompt;
use crate::view::text;

const HELP: &str = "Examples:
  ordermill dlq purge OrderProcessingDLQ
  ordermill dlq purge OrderProcessingDLQ --message 7 --yes";

/// Delete dead letters for good
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub struct PurgeArgs {
    #[command(flatten)]
    selection: Selection,
    /// Don't ask
    #[arg(long, short)]
    yes: bool,
}

/// Runs the command.
pub fn run(args: &PurgeArgs, client: &Client, output: &Output) -> Result<Verdict, Failure> {
    let Selection { queue, message } = &args.selection;
    let what = match message.len() {
        0 => format!("all messages in {queue}"),
        n => format!("{n} messages in {queue}"),
    };
    if !args.yes && !prompt::confirm(&format!("Delete {what} for good?"))? {
        return Err(Failure::failed("nothing was deleted"));
    }
    let path = format!("/admin/queues/{}/purge", encode(queue));
    let answer = client.send(Method::POST, &path, Some(&args.selection.body()), &[])?;
    output.show(&answer.body, || {
        format!("{} messages deleted", text(&answer.body["purged"]))
    })?;
    Ok(Verdict::Done)
}
