//! `ordermill alarms list`

use clap::Args;
use serde_json::Value;

use crate::client::Client;
use crate::exit::Verdict;
use crate::failure::Failure;
use crate::output::Output;
use crate::table::Table;
use crate::view::text;

const HELP: &str = "Examples:
  ordermill alarms list
  ordermill alarms list --output json";

/// List the alarms, those in alarm first
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub struct ListArgs {}

/// Runs the command.
pub fn run(client: &Client, output: &Output) -> Result<Verdict, Failure> {
    let body: Value = client.get("/admin/alarms")?;
    output.show(&body, || table(&body))?;
    Ok(Verdict::Done)
}

/// The alarms as a table.
pub fn table(body: &Value) -> String {
    let mut table = Table::new(&["alarm", "state", "since", "description"]);
    for alarm in body["alarms"].as_array().into_iter().flatten() {
        table.row([
            text(&alarm["name"]),
            text(&alarm["state"]),
            text(&alarm["since"]),
            text(&alarm["description"]),
        ]);
    }
    table.render("no alarms")
}
