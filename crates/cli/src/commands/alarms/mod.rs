//! `ordermill alarms`: what the template's alarms say, and said before.

mod list;
mod show;

use clap::{Args, Subcommand};

use crate::client::connection::Connection;
use crate::exit::Verdict;
use crate::failure::Failure;
use crate::output::Output;

/// See what the alarms say, and what they said before.
#[derive(Debug, Args)]
pub struct AlarmsArgs {
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    command: AlarmsCommand,
}

#[derive(Debug, Subcommand)]
enum AlarmsCommand {
    List(list::ListArgs),
    Show(show::ShowArgs),
}

/// Runs the command.
pub fn run(args: AlarmsArgs, output: &Output) -> Result<Verdict, Failure> {
    let client = args.connection.admin()?;
    match args.command {
        AlarmsCommand::List(_) => list::run(&client, output),
        AlarmsCommand::Show(args) => show::run(&args, &client, output),
    }
}
