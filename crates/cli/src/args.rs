//! The command line as a whole: which commands there are, and what they share.

use std::ffi::OsString;

use clap::error::{Error, ErrorKind};
use clap::{CommandFactory, Parser, Subcommand};

use crate::commands::{
    alarms, bench, demo, dlq, executions, keys, logs, orders, products, serve, top, workflow,
};
use crate::exit;
use crate::output::Format;

/// Takes orders over HTTP and sees each one through: payment, stock, completion, and word to the customer.
///
/// Without a command it serves.
#[derive(Debug, Parser)]
#[command(name = "ordermill", version, after_help = exit::HELP, max_term_width = 110)]
pub struct Cli {
    /// How data is written to standard output: text for people, json for programs
    #[arg(
        long,
        global = true,
        value_enum,
        default_value = "text",
        env = "ORDERMILL_OUTPUT",
        value_name = "text|json",
        hide_possible_values = true
    )]
    output: Format,
    /// What to do; [`read`] puts `serve` where there's nothing.
    #[command(subcommand)]
    command: Option<Command>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the system on this machine: HTTP interface, queue, topic and workflow in one data directory
    Serve(serve::ServeArgs),
    /// Play three orders on a real server: one completes, one is declined, one is out of stock after the payment
    Demo(demo::DemoArgs),
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
    /// See what the alarms say, and what they said before
    Alarms(alarms::AlarmsArgs),
    /// Search and follow the logs, and change what is logged
    Logs(logs::LogsArgs),
    /// Watch rates, queues, failures, alarms and the latest orders
    Top(top::TopArgs),
    /// Check, draw and try out workflows in Amazon States Language; needs no server
    Workflow(workflow::WorkflowArgs),
    /// Measure how fast this machine takes orders and sees them through
    Bench(bench::BenchArgs),
}

/// Reads the process's arguments; ends the process for `--help`, `--version` and whatever is wrong.
pub fn parse() -> (Format, Command) {
    read(std::env::args_os().collect()).unwrap_or_else(|error| error.exit())
}

/// Reads arguments, the program's name first. Without a command they are those of `serve`.
pub fn read(arguments: Vec<OsString>) -> Result<(Format, Command), Error> {
    let begins_with_option = arguments
        .get(1)
        .is_some_and(|argument| argument.as_encoded_bytes().starts_with(b"-"));
    match Cli::try_parse_from(&arguments) {
        Ok(Cli {
            output,
            command: Some(command),
        }) => Ok((output, command)),
        Ok(Cli { command: None, .. }) => read_serve(arguments),
        Err(error) if error.kind() == ErrorKind::UnknownArgument && begins_with_option => {
            read_serve(arguments)
        }
        Err(error) => Err(error),
    }
}

fn read_serve(mut arguments: Vec<OsString>) -> Result<(Format, Command), Error> {
    arguments.insert(1.min(arguments.len()), "serve".into());
    let cli = Cli::try_parse_from(arguments)?;
    let command = cli
        .command
        .ok_or_else(|| Cli::command().error(ErrorKind::MissingSubcommand, "a command is missing"))?;
    Ok((cli.output, command))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<(Format, Command), Error> {
        super::read(line.split(' ').map(OsString::from).collect())
    }

    #[test]
    fn without_a_command_it_serves() {
        for line in [
            "ordermill",
            "ordermill --listen 127.0.0.1:0",
            "ordermill --output json --data x",
            "ordermill serve",
        ] {
            assert!(matches!(read(line), Ok((_, Command::Serve(_)))), "{line}");
        }
        assert!(matches!(
            read("ordermill --output json demo"),
            Ok((Format::Json, Command::Demo(_)))
        ));
    }

    #[test]
    fn what_is_wrong_stays_wrong() {
        for line in [
            "ordermill nonsense",
            "ordermill --nonsense",
            "ordermill orders --listen 127.0.0.1:0",
        ] {
            assert_eq!(read(line).unwrap_err().exit_code(), 2, "{line}");
        }
        assert_eq!(
            read("ordermill --help").unwrap_err().kind(),
            ErrorKind::DisplayHelp
        );
    }
}
