//! `ordermill dlq`: dead-letter queues and what is in them.

mod list;
mod purge;
mod redrive;
mod show;

use clap::{Args, Subcommand};
use serde_json::Value;

use crate::client::connection::Connection;
use crate::client::{Client, path::encode, path::with_query};
use crate::exit::Verdict;
use crate::failure::Failure;
use crate::output::Output;

/// Look at dead-letter queues, send their messages back or delete them.
#[derive(Debug, Args)]
pub struct DlqArgs {
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    command: DlqCommand,
}

#[derive(Debug, Subcommand)]
enum DlqCommand {
    List(list::ListArgs),
    Show(show::ShowArgs),
    Redrive(redrive::RedriveArgs),
    Purge(purge::PurgeArgs),
}

/// Which dead letters.
#[derive(Debug, Args)]
struct Selection {
    /// The dead-letter queue's name
    queue: String,
    /// Only the message with this id; repeat for more
    #[arg(long, value_name = "ID")]
    message: Vec<String>,
}

impl Selection {
    /// The request's body: all of the queue's messages, or only those named.
    fn body(&self) -> Value {
        match self.message.as_slice() {
            [] => serde_json::json!({}),
            ids => serde_json::json!({ "messageIds": ids }),
        }
    }
}

/// Runs the command.
pub fn run(args: DlqArgs, output: &Output) -> Result<Verdict, Failure> {
    let client = args.connection.admin()?;
    match args.command {
        DlqCommand::List(args) => list::run(&args, &client, output),
        DlqCommand::Show(args) => show::run(&args, &client, output),
        DlqCommand::Redrive(args) => redrive::run(&args, &client, output),
        DlqCommand::Purge(args) => purge::run(&args, &client, output),
    }
}

/// The dead-letter queues.
fn dead_letter_queues(client: &Client) -> Result<Vec<Value>, Failure> {
    let body: Value = client.get("/admin/queues")?;
    let queues = body["queues"].as_array().cloned().unwrap_or_default();
    Ok(queues
        .into_iter()
        .filter(|queue| queue["isDeadLetterQueue"] == Value::Bool(true))
        .collect())
}

/// One page of a queue's messages, oldest first: `{"messages": [...], "nextAfter"}`.
fn messages(client: &Client, queue: &str, after: Option<String>, limit: u32) -> Result<Value, Failure> {
    let path = format!("/admin/queues/{}/messages", encode(queue));
    client.get(&with_query(
        &path,
        &[("after", after), ("limit", Some(limit.to_string()))],
    ))
}
