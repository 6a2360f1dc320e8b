//! `ordermill dlq show`

use clap::Args;
use serde_json::Value;

use super::messages;
use crate::client::Client;
use crate::exit::Verdict;
use crate::failure::Failure;
use crate::output::Output;
use crate::table::harmless;
use crate::view::text;

const HELP: &str = "Example:
  ordermill dlq show OrderProcessingDLQ 7";

/// Show one dead letter with its body and its last error
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub struct ShowArgs {
    /// The dead-letter queue's name
    queue: String,
    /// The message's id
    message: String,
}

/// Runs the command.
pub fn run(args: &ShowArgs, client: &Client, output: &Output) -> Result<Verdict, Failure> {
    let message = find(args, client)?;
    output.show(&message, || describe(&message))?;
    Ok(Verdict::Done)
}

/// Looks the message up page by page.
fn find(args: &ShowArgs, client: &Client) -> Result<Value, Failure> {
    const PAGE: u32 = 100;
    let mut after = None;
    loop {
        let page = messages(client, &args.queue, after, PAGE)?;
        let mut found = page["messages"].as_array().into_iter().flatten();
        if let Some(message) = found.find(|m| m["messageId"].as_str() == Some(&args.message)) {
            return Ok(message.clone());
        }
        after = page["nextAfter"].as_str().map(str::to_owned);
        if after.is_none() {
            return Err(Failure::NotFound(format!(
                "there is no message {} in {}",
                args.message, args.queue
            )));
        }
    }
}

fn describe(message: &Value) -> String {
    let facts = [
        ("message", &message["messageId"]),
        ("queue", &message["queue"]),
        ("from", &message["source"]),
        ("sent", &message["sentAt"]),
        ("receives", &message["receiveCount"]),
        ("error", &message["lastError"]),
    ];
    let mut out: String = facts
        .iter()
        .map(|(name, fact)| format!("{name:<10} {}\n", harmless(&text(fact))))
        .collect();
    // A body of JSON is easier to read indented; any other stands as it was sent.
    let body = text(&message["body"]);
    let indented = serde_json::from_str::<Value>(&body)
        .ok()
        .and_then(|body| serde_json::to_string_pretty(&body).ok());
    out.push('\n');
    out.push_str(&indented.unwrap_or_else(|| harmless(&body)));
    out
}
