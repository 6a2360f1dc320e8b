//! The HTTP interface against its own description: Schemathesis, with all its checks, on a running server.

use std::path::Path;

use anyhow::Result;

use crate::e2e::{build, merge_streams};
use crate::python;
use crate::run::reading;
use crate::suites::Tally;

/// The suite of `cargo xtask test`: always the same requests, and few enough of them to wait for.
pub fn suite(root: &Path) -> Result<Tally> {
    let options = ["--seed", "1", "--max-examples", "20"];
    run(root, &options.map(str::to_owned))
}

/// Runs Schemathesis with these options of its `run`: `--seed 7 --max-examples 200`.
pub fn run(root: &Path, options: &[String]) -> Result<Tally> {
    let environment = python::environment(root, python::TOOLS, &["schemathesis"])?;
    let binary = build(root, "cli", &[])?;
    let mut command = environment.command("python");
    command
        .arg("crates/cli/tests/api/run.py")
        .arg("--no-color")
        .args(options)
        .current_dir(root)
        .env("ORDERMILL_BIN", &binary)
        .env("PYTHONDONTWRITEBYTECODE", "1");
    let mut tally = Tally::default();
    let success = reading(&mut merge_streams(&command), |line| count(line, &mut tally))?;
    Ok(tally.with_exit(success))
}

/// Reads how many calls of the interface were tested, `  Tested: 30`, and each kind of failure among them,
/// `  ❌ Server error: 2`. Its phases have such marks too, without a number.
fn count(line: &str, tally: &mut Tally) {
    let line = line.trim();
    if let Some(tested) = line.strip_prefix("Tested: ") {
        tally.passed = tested.parse().unwrap_or(0);
    } else if let Some((_, failures)) = line.strip_prefix('❌').and_then(|kind| kind.rsplit_once(": ")) {
        tally.failed += failures.parse::<u64>().unwrap_or(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_of_schemathesis_is_counted() {
        let mut tally = Tally::default();
        for line in [
            "  Selected: 30/30",
            "  Tested: 30",
            "  ❌ Fuzzing",
            "  ❌ ST202 Schema-valid request rejected: 5",
            "  ❌ Server error: 1",
        ] {
            count(line, &mut tally);
        }
        assert_eq!(
            tally,
            Tally {
                passed: 30,
                failed: 6
            }
        );
    }
}
