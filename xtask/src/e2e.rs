//! The tests from outside: a client that is not ours, in Python's standard library, against the built binary. A collector of
//! traces and a parser of metrics that nobody here wrote are in the project's virtual environment.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::python;
use crate::run::{cargo, reading, say};
use crate::suites::Tally;

/// Builds the binary as the tests have it and runs `crates/cli/tests/e2e` against it.
pub fn run(root: &Path) -> Result<Tally> {
    let environment = python::environment(root, python::TOOLS, &["prometheus_client", "rotel"])?;
    let binary = build(root, "cli", &[])?;
    let mut command = environment.command("python");
    command
        .args([
            "-m",
            "unittest",
            "discover",
            "--start-directory",
            "crates/cli/tests/e2e",
            "--verbose",
        ])
        .current_dir(root)
        .env("ORDERMILL_BIN", &binary)
        .env("PYTHONDONTWRITEBYTECODE", "1");
    unittest(&command)
}

/// Runs unittest, verbose, and counts its tests.
pub fn unittest(command: &Command) -> Result<Tally> {
    let mut tally = Tally::default();
    // unittest talks on standard error; one stream of both keeps the order of what is said.
    let mut shell = merge_streams(command);
    let success = reading(&mut shell, |line| count(line, &mut tally))?;
    if tally.passed == 0 && success {
        bail!("no test ran");
    }
    Ok(tally.with_exit(success))
}

/// A package's binary, built in the profile of the tests, so that hardly anything is compiled twice.
pub fn build(root: &Path, package: &str, features: &[&str]) -> Result<PathBuf> {
    let mut executable = None;
    let mut command = cargo(
        root,
        [
            "build",
            "--package",
            package,
            "--message-format",
            "json-render-diagnostics",
        ],
    );
    if !features.is_empty() {
        command.args(["--features", &features.join(",")]);
    }
    let output = command
        .stderr(std::process::Stdio::inherit())
        .output()
        .context("could not start cargo")?;
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        executable = executable_in(line).or(executable);
    }
    if !output.status.success() {
        bail!("the binary of {package} does not build");
    }
    executable.context("cargo named no executable")
}

/// Reads `"executable":"/path"` in one of cargo's messages. The path has no escapes on the systems that we run on.
pub fn executable_in(message: &str) -> Option<PathBuf> {
    let (_, rest) = message.split_once("\"executable\":\"")?;
    Some(PathBuf::from(rest.split_once('"')?.0))
}

/// The command with its standard error going where its standard output goes.
pub fn merge_streams(command: &Command) -> Command {
    let mut shell = Command::new("sh");
    shell
        .args(["-c", "exec \"$0\" \"$@\" 2>&1"])
        .arg(command.get_program())
        .args(command.get_args());
    if let Some(directory) = command.get_current_dir() {
        shell.current_dir(directory);
    }
    for (name, value) in command.get_envs() {
        if let Some(value) = value {
            shell.env(name, value);
        }
    }
    shell
}

/// Reads unittest's verbose lines: `test_name (module.Class) ... ok`.
fn count(line: &str, tally: &mut Tally) {
    let Some((_, result)) = line.rsplit_once(" ... ") else {
        return;
    };
    match result.trim() {
        "ok" => tally.passed += 1,
        "FAIL" | "ERROR" => tally.failed += 1,
        other if other.starts_with("skipped") => say(format!("note: {line}")),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unittest_lines_are_counted() {
        let mut tally = Tally::default();
        for line in [
            "test_a (m.C.test_a) ... ok",
            "test_b (m.C) ... FAIL",
            "test_c ... ERROR",
            "Ran 3 tests in 1s",
            "...",
        ] {
            count(line, &mut tally);
        }
        assert_eq!(tally, Tally { passed: 1, failed: 2 });
    }

    #[test]
    fn the_executable_is_found_in_cargos_messages() {
        let message =
            r#"{"reason":"compiler-artifact","filenames":["/t/x"],"executable":"/t/ordermill","fresh":true}"#;
        assert_eq!(executable_in(message), Some(PathBuf::from("/t/ordermill")));
        assert_eq!(executable_in(r#"{"executable":null}"#), None);
    }
}
