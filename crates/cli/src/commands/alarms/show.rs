//! `ordermill alarms show`

use clap::Args;
use serde_json::{Value, json};

use crate::client::Client;
use crate::client::path::with_query;
use crate::exit::Verdict;
use crate::failure::Failure;
use crate::output::Output;
use crate::table::Table;
use crate::view::text;

const HELP: &str = "Examples:
  ordermill alarms show OrderProcessingErrorAlarm";

/// Show an alarm: its rule, its latest periods, and what it said before
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub struct ShowArgs {
    /// The alarm's name
    alarm: String,
    /// How many changes at most, newest first
    #[arg(long, default_value_t = 20, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: u32,
}

/// Runs the command.
pub fn run(args: &ShowArgs, client: &Client, output: &Output) -> Result<Verdict, Failure> {
    let history = [
        ("alarm", Some(args.alarm.clone())),
        ("limit", Some(args.limit.to_string())),
    ];
    // First, for it says so when there's no such alarm.
    let history: Value = client.get(&with_query("/admin/alarms/history", &history))?;
    let body: Value = client.get("/admin/alarms")?;
    let alarms = body["alarms"].as_array().into_iter().flatten();
    let alarm = alarms
        .into_iter()
        .find(|alarm| alarm["name"] == args.alarm)
        .cloned()
        .unwrap_or_default();
    let shown = json!({"alarm": alarm, "transitions": history["transitions"]});
    output.show(&shown, || render(&alarm, &history))?;
    Ok(Verdict::Done)
}

fn render(alarm: &Value, history: &Value) -> String {
    let dimensions: Vec<String> = alarm["dimensions"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|pair| format!("{}={}", text(&pair[0]), text(&pair[1])))
        .collect();
    let rule = format!(
        "{} {} of {} {} is {} {} in {} of {} periods of {} s; missing data: {}",
        text(&alarm["statistic"]),
        text(&alarm["metric"]),
        text(&alarm["namespace"]),
        dimensions.join(" "),
        text(&alarm["comparison"]),
        text(&alarm["threshold"]),
        text(&alarm["datapointsToAlarm"]),
        text(&alarm["evaluationPeriods"]),
        text(&alarm["periodS"]),
        text(&alarm["missingData"]),
    );
    let mut readings = Table::new(&["period", ">value", "breaches"]);
    for reading in alarm["readings"].as_array().into_iter().flatten() {
        readings.row([
            text(&reading["at"]),
            text(&reading["value"]),
            text(&reading["breaches"]),
        ]);
    }
    let mut changes = Table::new(&["at", "from", "to", "reason"]);
    for change in history["transitions"].as_array().into_iter().flatten() {
        changes.row([
            text(&change["at"]),
            text(&change["from"]),
            text(&change["to"]),
            text(&change["reason"]),
        ]);
    }
    format!(
        "{}  {}  since {}\n{}\n{rule}\n\n{}\n\n{}",
        text(&alarm["name"]),
        text(&alarm["state"]),
        text(&alarm["since"]),
        text(&alarm["description"]),
        readings.render("no periods"),
        changes.render("no changes yet"),
    )
}
