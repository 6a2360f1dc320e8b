//! `ordermill keys list`

use clap::Args;
use serde_json::Value;

use crate::client::Client;
use crate::exit::Verdict;
use crate::failure::Failure;
use crate::output::Output;
use crate::table::Table;
use crate::view::text;

const HELP: &str = "Example:
  ordermill keys list";

/// List the keys that are valid, without their secrets
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub struct ListArgs {}

/// Runs the command.
pub fn run(_: &ListArgs, client: &Client, output: &Output) -> Result<Verdict, Failure> {
    let body: Value = client.get("/admin/keys")?;
    output.show(&body, || {
        let mut table = Table::new(&[
            "name", "id", "role", ">rate/s", ">burst", ">quota", "period", "created",
        ]);
        for key in body["keys"].as_array().into_iter().flatten() {
            let plan = &key["plan"];
            table.row([
                text(&key["name"]),
                text(&key["keyId"]),
                text(&key["role"]),
                text(&plan["ratePerS"]),
                text(&plan["burst"]),
                text(&plan["quota"]),
                text(&plan["period"]),
                text(&key["createdAt"]),
            ]);
        }
        table.render("no keys")
    })?;
    Ok(Verdict::Done)
}
