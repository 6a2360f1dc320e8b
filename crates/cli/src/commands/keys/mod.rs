//! `ordermill keys`: API keys and what they may and did use.

mod create;
mod list;
mod revoke;
mod usage;

use clap::{Args, Subcommand};

use crate::client::connection::Connection;
use crate::exit::Verdict;
use crate::failure::Failure;
use crate::output::Output;

/// Make, list and revoke API keys, and see what they used.
#[derive(Debug, Args)]
pub struct KeysArgs {
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    command: KeysCommand,
}

#[derive(Debug, Subcommand)]
enum KeysCommand {
    Create(create::CreateArgs),
    List(list::ListArgs),
    Revoke(revoke::RevokeArgs),
    Usage(usage::UsageArgs),
}

/// Runs the command.
pub fn run(args: KeysArgs, output: &Output) -> Result<Verdict, Failure> {
    let client = args.connection.admin()?;
    match args.command {
        KeysCommand::Create(args) => create::run(&args, &client, output),
        KeysCommand::List(args) => list::run(&args, &client, output),
        KeysCommand::Revoke(args) => revoke::run(&args, &client, output),
        KeysCommand::Usage(args) => usage::run(&args, &client, output),
    }
}
