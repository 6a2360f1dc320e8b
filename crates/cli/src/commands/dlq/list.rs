//! `ordermill dlq list`

use clap::Args;
use serde_json::json;

use super::{dead_letter_queues, messages};
use crate::client::Client;
use crate::exit::Verdict;
use crate::failure::Failure;
use crate::output::Output;
use crate::table::Table;
use crate::view::text;

const HELP: &str = "Examples:
  ordermill dlq list
  ordermill dlq list OrderProcessingDLQ --limit 100 --output json";

/// List the dead-letter queues, or the messages in one
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub struct ListArgs {
    /// The dead-letter queue whose messages to list
    queue: Option<String>,
    /// How many messages at most, oldest first
    #[arg(long, default_value_t = 20, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: u32,
    /// Go on after the message with this id
    #[arg(long, value_name = "ID")]
    after: Option<String>,
}

/// Runs the command.
pub fn run(args: &ListArgs, client: &Client, output: &Output) -> Result<Verdict, Failure> {
    match &args.queue {
        Some(queue) => list_messages(args, queue, client, output)?,
        None => list_queues(client, output)?,
    }
    Ok(Verdict::Done)
}

fn list_queues(client: &Client, output: &Output) -> Result<(), Failure> {
    let queues = dead_letter_queues(client)?;
    output.show(&json!({ "queues": queues }), || {
        let mut table = Table::new(&["queue", ">messages", ">in flight", ">oldest"]);
        for queue in &queues {
            let oldest_ms = queue["oldestAgeMs"].as_u64().unwrap_or(0);
            table.row([
                text(&queue["name"]),
                text(&queue["visible"]),
                text(&queue["inFlight"]),
                format!("{} s", oldest_ms / 1000),
            ]);
        }
        table.render("no dead-letter queues")
    })
}

fn list_messages(args: &ListArgs, queue: &str, client: &Client, output: &Output) -> Result<(), Failure> {
    let body = messages(client, queue, args.after.clone(), args.limit)?;
    output.show(&body, || {
        let mut table = Table::new(&["message", "sent", ">receives", "from", "last error"]);
        for message in body["messages"].as_array().into_iter().flatten() {
            table.row([
                text(&message["messageId"]),
                text(&message["sentAt"]),
                text(&message["receiveCount"]),
                text(&message["source"]),
                text(&message["lastError"]),
            ]);
        }
        table.render("no messages")
    })?;
    output.say_more("--after", &body["nextAfter"]);
    Ok(())
}
