//! Counting what a process executes and allocates: Valgrind's callgrind, and the count that the benchmark prints.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::budget::Count;
use crate::run::{say, succeeds};

/// Makes sure that there is a Valgrind: Debian's is installed where none is, which needs root.
pub fn ensure() -> Result<()> {
    if is_there() {
        return Ok(());
    }
    say("Valgrind is missing; it is installed from the system's packages");
    let installed =
        succeeds(Command::new("apt-get").args(["install", "--yes", "--no-install-recommends", "valgrind"]));
    if !installed.unwrap_or(false) || !is_there() {
        bail!(
            "Valgrind is missing and can't be installed from here: install it, or leave this suite out with --skip-guard"
        );
    }
    Ok(())
}

fn is_there() -> bool {
    Command::new("valgrind")
        .arg("--version")
        .output()
        .is_ok_and(|output| output.status.success())
}

/// Runs the benchmark's scenario so many times under callgrind and counts.
pub fn count(benchmark: &Path, scenario: &str, times: u32) -> Result<Count> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(benchmark)
        .args([scenario, &times.to_string()])
        .output()
        .context("could not start valgrind")?;
    let (said, talk) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    if !output.status.success() {
        bail!("the scenario {scenario} failed:\n{said}{talk}");
    }
    Ok(Count {
        instructions: number_after(&talk, "Collected :").context("callgrind named no count")?,
        allocations: number_after(&said, "allocations ").context("the benchmark named no count")?,
    })
}

/// The number that follows these words on some line.
fn number_after(text: &str, words: &str) -> Option<u64> {
    text.lines()
        .find_map(|line| line.split_once(words)?.1.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callgrinds_count_is_found() {
        let talk = "==42== Events    : Ir\n==42== Collected : 45644461\n==42== \n";
        assert_eq!(number_after(talk, "Collected :"), Some(45_644_461));
        assert_eq!(number_after("==42== Collected : none", "Collected :"), None);
    }
}
