//! `ordermill executions`: runs of the workflow.

mod list;
mod redrive;
mod show;

use clap::{Args, Subcommand};
use serde_json::Value;

use crate::client::connection::Connection;
use crate::exit::Verdict;
use crate::failure::Failure;
use crate::output::Output;
use crate::table::{Cell, Table};
use crate::view::{status_style, text};

/// Look at executions of the workflow, and run failed ones again.
#[derive(Debug, Args)]
pub struct ExecutionsArgs {
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    command: ExecutionsCommand,
}

#[derive(Debug, Subcommand)]
enum ExecutionsCommand {
    List(list::ListArgs),
    Show(show::ShowArgs),
    Redrive(redrive::RedriveArgs),
}

/// Runs the command.
pub fn run(args: ExecutionsArgs, output: &Output) -> Result<Verdict, Failure> {
    let client = args.connection.admin()?;
    match args.command {
        ExecutionsCommand::List(args) => list::run(&args, &client, output),
        ExecutionsCommand::Show(args) => show::run(&args, &client, output),
        ExecutionsCommand::Redrive(args) => redrive::run(&args, &client, output),
    }
}

/// Executions at a glance.
fn executions_table<'a>(executions: impl IntoIterator<Item = &'a Value>) -> String {
    let mut table = Table::new(&["execution", "status", "state", "error", "started", "stopped"]);
    for execution in executions {
        let status = text(&execution["status"]);
        table.row([
            Cell::from(text(&execution["name"])),
            Cell::styled(&status, status_style(&status)),
            Cell::from(text(&execution["currentState"])),
            Cell::from(text(&execution["error"])),
            Cell::from(text(&execution["startedAt"])),
            Cell::from(text(&execution["stoppedAt"])),
        ]);
    }
    table.render("no executions")
}
