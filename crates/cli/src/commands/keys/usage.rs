//! `ordermill keys usage`

use clap::Args;
use serde_json::Value;

use crate::client::{Client, path::encode};
use crate::exit::Verdict;
use crate::failure::Failure;
use crate::output::Output;
use crate::table::Table;
use crate::view::text;

const HELP: &str = "Example:
  ordermill keys usage shop";

/// Show what a key has used of its quota
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub struct UsageArgs {
    /// The key's name or id
    key: String,
}

/// Runs the command.
pub fn run(args: &UsageArgs, client: &Client, output: &Output) -> Result<Verdict, Failure> {
    let body: Value = client.get(&format!("/admin/keys/{}/usage", encode(&args.key)))?;
    output.show(&body, || {
        let mut table = Table::new(&[">used", ">quota", "since", "resets"]);
        table.row([
            text(&body["used"]),
            text(&body["plan"]["quota"]),
            text(&body["periodStart"]),
            text(&body["resetsAt"]),
        ]);
        table.render("")
    })?;
    Ok(Verdict::Done)
}
