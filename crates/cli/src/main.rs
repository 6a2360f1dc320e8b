//! The binary `ordermill`: the server, and the clients of a server.
//!
//! A command reads its arguments, does its work and writes data to standard output; whatever is said to a person
//! goes to standard error. What a command comes to is an [`exit::Verdict`] or a [`failure::Failure`], and these alone
//! decide the exit code.

mod allocations;
mod args;
mod client;
mod commands;
#[cfg(test)]
mod documentation;
mod exit;
mod failure;
mod history;
mod output;
mod prompt;
mod serve;
mod table;
mod timeline;
mod view;

use std::process::ExitCode;

fn main() -> ExitCode {
    let (format, command) = args::parse();
    let output = output::Output::new(format);
    match commands::run(command, &output) {
        Ok(verdict) => verdict.code(),
        Err(failure) => {
            output.complain(&failure);
            failure.code()
        }
    }
}
