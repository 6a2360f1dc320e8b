//! `ordermill orders`: what a customer's shop does with orders.

mod cancel;
pub mod follow;
mod list;
mod place;
mod request;
mod show;
pub mod view;

use clap::{Args, Subcommand};

use crate::client::connection::Connection;
use crate::exit::Verdict;
use crate::failure::Failure;
use crate::output::Output;

/// Place, list, show and cancel orders.
#[derive(Debug, Args)]
pub struct OrdersArgs {
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    command: OrdersCommand,
}

#[derive(Debug, Subcommand)]
enum OrdersCommand {
    Place(place::PlaceArgs),
    List(list::ListArgs),
    Show(show::ShowArgs),
    Cancel(cancel::CancelArgs),
}

/// Runs the command.
pub fn run(args: OrdersArgs, output: &Output) -> Result<Verdict, Failure> {
    let client = args.connection.client()?;
    match args.command {
        OrdersCommand::Place(args) => place::run(args, &client, output),
        OrdersCommand::List(args) => list::run(&args, &client, output),
        OrdersCommand::Show(args) => show::run(&args, &client, output),
        OrdersCommand::Cancel(args) => cancel::run(&args, &client, output),
    }
}
