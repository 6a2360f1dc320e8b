//! The command line as a whole: which commands there are, and what they share.

use clap::{Parser, Subcommand};

use crate::commands::{dlq, executions, keys, orders, products, workflow};
use crate::exit;
use crate::output::Format;

/// Takes orders over HTTP and sees each one through: payment, stock, completion, and word to the customer.
///
/// Without a command it serves.
#[derive(Debug, Parser)]
#[command(name = "ordermill", version, after_help = exit::HELP, max_term_width = 110)]
pub struct Cli {
    /// How data is written to standard output
    #[arg(
        long,
        global = true,
        value_enum,
        default_value = "text",
        env = "ORDERMILL_OUTPUT"
    )]
    pub output: Format,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Place, list, show and cancel orders
    Orders(orders::OrdersArgs),
    /// List and write the products of the catalogue
    Products(products::ProductsArgs),
    /// Make, list and revoke API keys, and see what they used
    Keys(keys::KeysArgs),
    /// Look at dead-letter queues, send their messages back or delete them
    Dlq(dlq::DlqArgs),
    /// Look at executions of the workflow, and run failed ones again
    Executions(executions::ExecutionsArgs),
    /// Check, draw and try out workflows in Amazon States Language; needs no server
    Workflow(workflow::WorkflowArgs),
}

/// Reads the process's arguments; ends the process for `--help`, `--version` and whatever is wrong.
pub fn parse() -> Cli {
    Cli::parse_from(std::env::args_os())
}
