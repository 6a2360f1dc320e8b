//! `ordermill workflow`: definitions in Amazon States Language, checked, drawn and tried out. Needs no server.

mod graph;
mod mock;
mod replay;
mod run;
mod source;
mod validate;

use clap::{Args, Subcommand};

use crate::exit::Verdict;
use crate::failure::Failure;
use crate::output::Output;

/// Check, draw and try out workflows in Amazon States Language; needs no server.
#[derive(Debug, Args)]
pub struct WorkflowArgs {
    #[command(subcommand)]
    command: WorkflowCommand,
}

#[derive(Debug, Subcommand)]
enum WorkflowCommand {
    Validate(validate::ValidateArgs),
    Graph(graph::GraphArgs),
    Replay(replay::ReplayArgs),
    Run(run::RunArgs),
}

/// Runs the command.
pub fn run(args: WorkflowArgs, output: &Output) -> Result<Verdict, Failure> {
    match args.command {
        WorkflowCommand::Validate(args) => validate::run(&args, output),
        WorkflowCommand::Graph(args) => graph::run(&args, output),
        WorkflowCommand::Replay(args) => replay::run(&args, output),
        WorkflowCommand::Run(args) => run::run(&args, output),
    }
}
