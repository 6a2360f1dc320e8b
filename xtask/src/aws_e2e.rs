//! The AWS side against a counterpart that runs here: `ministack`, pinned, on a port of its own.
//!
//! The functions are built as the tests build everything else, so that hardly anything is compiled twice; the deployment and
//! its tests are in `crates/aws/tests/e2e`. What the counterpart does otherwise than AWS is in `docs/ministack.md`.

use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::counterpart::{Counterpart, environment, free_port};
use crate::lambda::functions;
use crate::python::Environment;
use crate::run::{cargo, reading, succeeds};
use crate::suites::Tally;
use crate::{check, e2e};

/// Deploys the template to the counterpart and runs the tests of the deployed system, and those of the adapters.
pub fn run(root: &Path) -> Result<Tally> {
    let mut build = cargo(root, ["build", "--package", "cli"]);
    for function in functions(root)? {
        build.arg("--package").arg(function);
    }
    ensure!(succeeds(&mut build)?, "the functions do not build");
    let server = e2e::build(root, "cli", &[])?;
    let binaries = server.parent().context("the server's binary is in no folder")?;
    let environment = environment(root)?;
    let mut tally = adapters(root, &environment)?;
    // There the tests count what the functions ask for.
    let tally_port = free_port()?;
    let counterpart = Counterpart::start(root, &environment, Some(tally_port))?;
    let mut command = environment.command("python");
    command
        .args(["-m", "unittest", "discover", "--verbose"])
        .args(["--start-directory", "crates/aws/tests/e2e"])
        .current_dir(root)
        .env("ORDERMILL_BIN", &server)
        .env("ORDERMILL_LAMBDAS", binaries)
        .env("ORDERMILL_AWS_ENDPOINT", counterpart.endpoint())
        .env("ORDERMILL_TALLY_PORT", tally_port.to_string())
        .env("PYTHONDONTWRITEBYTECODE", "1");
    let deployed = e2e::unittest(&command)?;
    tally.passed += deployed.passed;
    tally.failed += deployed.failed;
    Ok(tally)
}

/// `cargo test --package aws` with the counterpart's address.
fn adapters(root: &Path, environment: &Environment) -> Result<Tally> {
    let counterpart = Counterpart::start(root, environment, None)?;
    let mut command = cargo(root, ["test", "--package", "aws", "--features", "counterpart"]);
    command.env("ORDERMILL_AWS_ENDPOINT", counterpart.endpoint());
    let mut tally = Tally::default();
    let success = reading(&mut command, |line| check::add_result(line, &mut tally))?;
    Ok(tally.with_exit(success))
}

/// Runs the adapters' tests only.
pub fn adapters_only(root: &Path) -> Result<Tally> {
    adapters(root, &environment(root)?)
}
