//! `ordermill top`: how the system does, live: rates, queues, failures, alarms, the latest orders.

use std::io::IsTerminal;
use std::time::Duration;

use clap::Args;
use console::Term;
use domain::Timestamp;
use serde_json::{Value, json};

use crate::client::Client;
use crate::client::connection::Connection;
use crate::client::path::with_query;
use crate::exit::Verdict;
use crate::failure::Failure;
use crate::output::Output;
use crate::table::Table;
use crate::view::text;

/// What span of time the rates are of.
const WINDOW_MS: i64 = 5 * 60_000;

const HELP: &str = "Examples:
  ordermill top
  ordermill top --once --output json

Rates are of the last five minutes. Where standard output is no terminal, it is shown once.";

/// Watch rates, queues, failures, alarms and the latest orders
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub struct TopArgs {
    #[command(flatten)]
    connection: Connection,
    /// How often to look, in seconds
    #[arg(long, default_value_t = 2, value_name = "S", value_parser = clap::value_parser!(u64).range(1..=3600))]
    every: u64,
    /// Show it once and end
    #[arg(long)]
    once: bool,
}

/// Runs the command.
pub fn run(args: &TopArgs, output: &Output) -> Result<Verdict, Failure> {
    let client = args.connection.admin()?;
    let terminal = Term::stdout();
    if args.once || output.is_json() || !std::io::stdout().is_terminal() {
        let seen = look(&client)?;
        output.show(&seen, || render(&seen))?;
        return Ok(Verdict::Done);
    }
    loop {
        let text = render(&look(&client)?);
        terminal.clear_screen()?;
        output.text(text)?;
        std::thread::sleep(Duration::from_secs(args.every));
    }
}

fn look(client: &Client) -> Result<Value, Failure> {
    let now = jiff::Timestamp::now().as_millisecond();
    let from = Timestamp::from_ms(now - WINDOW_MS).to_string();
    let map: Value = client.get(&with_query("/admin/service-map", &[("from", Some(from))]))?;
    let queues: Value = client.get("/admin/queues")?;
    let alarms: Value = client.get("/admin/alarms")?;
    let orders: Value = client.get("/orders?limit=8")?;
    Ok(json!({
        "at": Timestamp::from_ms(now),
        "parts": map["nodes"],
        "queues": queues["queues"],
        "alarms": alarms["alarms"],
        "orders": orders["orders"],
    }))
}

fn render(seen: &Value) -> String {
    let rows = |name: &str| seen[name].as_array().cloned().unwrap_or_default();
    let float = |value: &Value| value.as_f64().unwrap_or(0.0);
    let mut parts = Table::new(&["part", ">calls/s", ">failed", ">average ms", ">p99 ms"]);
    for part in rows("parts").iter().filter(|part| part["kind"] != "client") {
        let figures = &part["figures"];
        parts.row([
            text(&part["name"]),
            format!("{:.1}", float(&figures["callsPerS"])),
            format!("{:.1} %", float(&figures["failureRate"]) * 100.0),
            format!("{:.1}", float(&figures["averageMs"])),
            format!("{:.1}", float(&figures["p99Ms"])),
        ]);
    }
    let mut queues = Table::new(&["queue", ">waiting", ">in flight", ">oldest"]);
    for queue in rows("queues") {
        queues.row([
            text(&queue["name"]),
            text(&queue["visible"]),
            text(&queue["inFlight"]),
            format!("{} s", queue["oldestAgeMs"].as_u64().unwrap_or(0) / 1_000),
        ]);
    }
    let mut alarms = Table::new(&["alarm", "state", "since", "reason"]);
    for alarm in rows("alarms").iter().filter(|alarm| alarm["state"] == "ALARM") {
        alarms.row([
            text(&alarm["name"]),
            text(&alarm["state"]),
            text(&alarm["since"]),
            text(&alarm["reason"]),
        ]);
    }
    let mut orders = Table::new(&["order", "status", ">total", "currency", "created"]);
    for order in rows("orders") {
        orders.row([
            text(&order["orderId"]),
            text(&order["status"]),
            text(&order["totalAmount"]),
            text(&order["currency"]),
            text(&order["createdAt"]),
        ]);
    }
    format!(
        "ordermill at {}\n\n{}\n\n{}\n\n{}\n\n{}",
        text(&seen["at"]),
        parts.render("nothing was called in the last five minutes"),
        queues.render("no queues"),
        alarms.render("no alarm"),
        orders.render("no orders"),
    )
}
