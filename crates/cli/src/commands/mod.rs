//! The commands, a folder or file each.

pub mod alarms;
pub mod bench;
pub mod demo;
pub mod dlq;
pub mod executions;
pub mod keys;
pub mod logs;
pub mod orders;
pub mod products;
pub mod serve;
pub mod top;
pub mod workflow;

use crate::args::Command;
use crate::exit::Verdict;
use crate::failure::Failure;
use crate::output::Output;

/// Runs a command.
pub fn run(command: Command, output: &Output) -> Result<Verdict, Failure> {
    match command {
        Command::Serve(args) => serve::run(args, output),
        Command::Demo(args) => demo::run(&args, output),
        Command::Orders(args) => orders::run(args, output),
        Command::Products(args) => products::run(args, output),
        Command::Keys(args) => keys::run(args, output),
        Command::Dlq(args) => dlq::run(args, output),
        Command::Executions(args) => executions::run(args, output),
        Command::Alarms(args) => alarms::run(args, output),
        Command::Logs(args) => logs::run(&args, output),
        Command::Top(args) => top::run(&args, output),
        Command::Workflow(args) => workflow::run(args, output),
        Command::Bench(args) => bench::run(&args, output),
    }
}
