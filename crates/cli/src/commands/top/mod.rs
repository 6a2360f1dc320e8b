//! `ordermill top`: how the system does, live: rates, queues, payments, failures, alarms, the latest orders.

mod layout;
mod look;
mod screen;
mod watch;

use std::io::IsTerminal;
use std::time::Duration;

use clap::Args;

use self::layout::{Size, lay_out};
use self::look::look;
use crate::client::connection::Connection;
use crate::exit::Verdict;
use crate::failure::Failure;
use crate::output::Output;

/// How often to look unless said, in seconds.
const EVERY_S: u64 = 2;
/// How wide lines may be where there is no terminal to ask.
const WIDTH: usize = 120;

const HELP: &str = "Examples:
  ordermill top
  ordermill top --once --output json
  ordermill top --every 5 --output json

Figures are of the last five minutes. q ends it.
Where standard output is no terminal, or as JSON, it is shown once, unless --every is given. As JSON each look is a line.";

/// Watch rates, queues, payments, failures, alarms and the latest orders
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub struct TopArgs {
    #[command(flatten)]
    connection: Connection,
    /// How often to look, in seconds; 2 unless said
    #[arg(long, value_name = "S", value_parser = clap::value_parser!(u64).range(1..=3600))]
    every: Option<u64>,
    /// Show it once and end
    #[arg(long, conflicts_with = "every")]
    once: bool,
}

/// Runs the command.
pub fn run(args: &TopArgs, output: &Output) -> Result<Verdict, Failure> {
    let client = args.connection.admin()?;
    // Who names a wrong server or a wrong key is told at once, not on a screen that waits.
    let first = look(&client)?;
    let is_live = !args.once && !output.is_json() && std::io::stdout().is_terminal();
    if is_live {
        let every = Duration::from_secs(args.every.unwrap_or(EVERY_S));
        return watch::watch(client, first, every);
    }
    let show = |seen: &look::Seen| match output.is_json() {
        true => output.text(serde_json::Value::from(seen)),
        false => output.text(lay_out(seen, None, Size::unbounded(WIDTH)).join("\n")),
    };
    show(&first)?;
    if let (Some(every), false) = (args.every, args.once) {
        loop {
            std::thread::sleep(Duration::from_secs(every));
            match look(&client) {
                Ok(seen) => show(&seen)?,
                Err(failure) => output.say(format!("{}: {failure}", watch::NO_ANSWER)),
            }
        }
    }
    Ok(Verdict::Done)
}
