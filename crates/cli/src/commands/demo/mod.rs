//! `ordermill demo`: the seed's section 9, played for real.

mod play;
mod render;
mod scenario;

use std::net::SocketAddr;

use clap::Args;
use connectors::{Rate, SimulatedSettings};
use console::style;
use serde_json::{Value, json};

use crate::client::Client;
use crate::exit::Verdict;
use crate::failure::Failure;
use crate::output::Output;
use crate::serve::{self, Runtimes, ServeOptions};
use play::Played;
use scenario::{SCENARIOS, Scenario};

const HELP: &str = "Examples:
  ordermill demo
  ordermill demo --output json

Each timeline runs on a server of its own, in a temporary directory and on a free port of 127.0.0.1, and is played by
HTTP. The exit code is 0 when all three went as they should.";

/// Play three orders on a real server: one completes, one is declined, one is out of stock after the payment
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub struct DemoArgs {}

/// Runs the command.
pub fn run(_: &DemoArgs, output: &Output) -> Result<Verdict, Failure> {
    let runtimes = Runtimes::start().map_err(|e| Failure::because("could not start the runtime", e))?;
    let mut played = Vec::with_capacity(SCENARIOS.len());
    for scenario in &SCENARIOS {
        let spinner = output.spinner(scenario.title);
        let result = play_on_a_server(scenario, &runtimes);
        spinner.finish_and_clear();
        played.push(result?);
    }
    let documents: Vec<Value> = played.iter().map(render::document).collect();
    output.show(&json!({ "scenarios": documents }), || {
        let parts = played
            .iter()
            .enumerate()
            .map(|(index, played)| render::describe(index + 1, played));
        format!(
            "{}\n\n{}",
            style(heading()).bold(),
            parts.collect::<Vec<_>>().join("\n")
        )
    })?;
    Ok(Verdict::from_well(played.iter().all(Played::is_as_expected)))
}

fn heading() -> &'static str {
    "Three orders of 2 × PROD-001 at 29.99 USD: how long the seed says each step takes, and how long it took here"
}

fn play_on_a_server(scenario: &'static Scenario, runtimes: &Runtimes) -> Result<Played, Failure> {
    let directory = tempfile::Builder::new()
        .prefix("ordermill-demo-")
        .tempdir()
        .map_err(|e| Failure::because("could not make a temporary directory", e))?;
    let success_rate = if scenario.payment_succeeds {
        Rate::ALWAYS
    } else {
        Rate::NEVER
    };
    let options = ServeOptions {
        data: directory.path().to_owned(),
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        template: None,
        gateway: SimulatedSettings {
            success_rate,
            ..SimulatedSettings::default()
        },
        max_in_flight: None,
        reset_admin_key: false,
        logging: telemetry::Logging::default(),
        traces: true,
        otlp: None,
        back: runtimes.back(),
    };
    let running = runtimes
        .block_on(serve::start(options))
        .map_err(|e| Failure::because("could not start the demo's server", e))?;
    let client = Client::new(&running.url, Some(running.default_key.clone()));
    let admin = Client::new(&running.url, Some(running.admin_key.clone()));
    let played = play::play(scenario, &client, &admin);
    runtimes.block_on(running.shutdown());
    played
}
