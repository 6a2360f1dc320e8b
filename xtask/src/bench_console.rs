//! `cargo xtask bench-console`: how long the server takes for each page of the console with a million orders.

use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::Result;

use crate::bench::build;
use crate::run::succeeds;

/// Builds the binary that people run, fills a database with it, and asks for each page. Options go to the script, whose
/// help names them.
pub fn run(root: &Path, options: &[String]) -> Result<ExitCode> {
    let mut command = Command::new("python3");
    command
        .arg(root.join("crates/console/tests/bench/pages.py"))
        .arg("--binary")
        .arg(build(root, None)?)
        .args(options);
    Ok(match succeeds(&mut command)? {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}
