//! The console in a real browser: Chromium, driven as a person would use it, and axe-core on every page.
//!
//! The tests are `crates/console/tests/browser`, for Node.js's own test runner. Their two packages are pinned by a lock
//! file and installed under `target/browser`, never into the repository.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::e2e;
use crate::run::{reading, say, succeeds};
use crate::suites::Tally;

const CHROMIUM: &str = "/usr/bin/chromium";

/// Builds the binary and runs the tests against it.
pub fn run(root: &Path) -> Result<Tally> {
    let binary = e2e::build(root, "cli", &[])?;
    let directory = install(root)?;
    ensure_chromium()?;
    let mut tally = Tally::default();
    let mut node = Command::new("node");
    node.args(["--test", "--test-concurrency=1", "--test-reporter=tap"])
        .args(tests(&directory)?)
        .current_dir(&directory)
        .env("ORDERMILL_BIN", &binary)
        .env("CHROMIUM", CHROMIUM);
    let success = reading(&mut node, |line| count(line, &mut tally))?;
    if tally.passed == 0 && success {
        bail!("no test ran");
    }
    Ok(tally.with_exit(success))
}

/// Copies the tests to where their packages are, and installs those.
fn install(root: &Path) -> Result<PathBuf> {
    let source = root.join("crates/console/tests/browser");
    let directory = root.join("target/browser");
    fs::create_dir_all(&directory).with_context(|| format!("could not make {}", directory.display()))?;
    // Tests that are no more must not be run.
    for old in tests(&directory)? {
        fs::remove_file(directory.join(old)).context("could not remove an old test")?;
    }
    for entry in fs::read_dir(&source).with_context(|| format!("could not read {}", source.display()))? {
        let path = entry.context("could not read the tests")?.path();
        if let Some(name) = path.file_name() {
            fs::copy(&path, directory.join(name))
                .with_context(|| format!("could not copy {}", path.display()))?;
        }
    }
    let mut npm = Command::new("npm");
    npm.args([
        "ci",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--loglevel=error",
    ])
    .current_dir(&directory);
    ensure!(
        succeeds(&mut npm)?,
        "npm could not install the browser tests' packages (Node.js 20 or newer and npm are needed)"
    );
    Ok(directory)
}

fn tests(directory: &Path) -> Result<Vec<String>> {
    let entries =
        fs::read_dir(directory).with_context(|| format!("could not read {}", directory.display()))?;
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut tests: Vec<String> = names.filter(|name| name.ends_with(".test.mjs")).collect();
    tests.sort();
    Ok(tests)
}

/// Installs Debian's package, unless there is a Chromium already.
fn ensure_chromium() -> Result<()> {
    if Path::new(CHROMIUM).exists() {
        return Ok(());
    }
    say("installing the Debian package chromium");
    let mut apt = Command::new("apt-get");
    apt.args(["install", "--yes", "--no-install-recommends", "chromium"])
        .env("DEBIAN_FRONTEND", "noninteractive");
    let installed = succeeds(&mut apt)? && Path::new(CHROMIUM).exists();
    ensure!(
        installed,
        "there is no {CHROMIUM}, and it could not be installed; install it, or leave these tests out with --skip-browser"
    );
    Ok(())
}

/// Reads TAP: `ok 3 - name`, `not ok 4 - name`; what is indented belongs to one of those.
fn count(line: &str, tally: &mut Tally) {
    if line.starts_with("ok ") {
        tally.passed += 1;
    } else if line.starts_with("not ok ") {
        tally.failed += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::count;
    use crate::suites::Tally;

    #[test]
    fn tap_is_counted() {
        let mut tally = Tally::default();
        for line in [
            "TAP version 13",
            "ok 1 - a",
            "not ok 2 - b",
            "    ok 1 - inner",
            "# pass 1",
        ] {
            count(line, &mut tally);
        }
        assert_eq!(tally, Tally { passed: 1, failed: 1 });
    }
}
