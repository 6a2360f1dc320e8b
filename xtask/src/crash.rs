//! The server killed under load, again and again: `testkit`'s crash harness with the built binaries.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::e2e::build;
use crate::run::reading;
use crate::suites::Tally;

/// How many kills the suite of `cargo xtask test` has.
const KILLS: &str = "25";

/// The suite of `cargo xtask test`.
pub fn suite(root: &Path) -> Result<Tally> {
    run(root, &["--kills".to_owned(), KILLS.to_owned()])
}

/// Runs the harness with these options: `--kills 500 --seed 7`.
pub fn run(root: &Path, options: &[String]) -> Result<Tally> {
    let failpoints = build_failpoints(root)?;
    let binary = build(root, "cli", &[])?;
    let harness = build(root, "testkit", &[])?;
    let mut command = Command::new(harness);
    command
        .arg("--binary")
        .arg(binary)
        .arg("--failpoint-binary")
        .arg(failpoints)
        .args(options)
        .current_dir(root);
    let mut tally = Tally::default();
    let success = reading(&mut command, |line| {
        if let Some(counted) = result(line) {
            tally = counted;
        }
    })?;
    Ok(tally.with_exit(success))
}

/// The binary that dies where it is told to, under a name of its own: the plain build takes its place.
fn build_failpoints(root: &Path) -> Result<PathBuf> {
    let built = build(root, "cli", &["failpoints"])?;
    let kept = built.with_file_name("ordermill-failpoints");
    std::fs::copy(&built, &kept).with_context(|| format!("could not write {}", kept.display()))?;
    Ok(kept)
}

/// Reads `25 kills survived, 0 violations`.
fn result(line: &str) -> Option<Tally> {
    let (kills, rest) = line.split_once(" kills survived, ")?;
    Some(Tally {
        passed: kills.parse().ok()?,
        failed: rest.strip_suffix(" violations")?.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_of_the_harness_is_counted() {
        let tally = result("25 kills survived, 1 violations");
        assert_eq!(
            tally,
            Some(Tally {
                passed: 25,
                failed: 1
            })
        );
        assert_eq!(result("[3/25] killed 20 ms after it listened"), None);
    }
}
