//! The suites that cargo itself runs, and the template's linters.

use std::path::Path;

use anyhow::Result;

use crate::lint;
use crate::run::{cargo, reading, succeeds};
use crate::suites::Tally;

/// The code is formatted.
pub fn fmt(root: &Path) -> Result<Tally> {
    succeeds(&mut cargo(root, ["fmt", "--all", "--check"])).map(Tally::one)
}

/// Clippy has nothing to say.
pub fn clippy(root: &Path) -> Result<Tally> {
    let arguments = [
        "clippy",
        "--workspace",
        "--all-targets",
        "--quiet",
        "--",
        "-D",
        "warnings",
    ];
    succeeds(&mut cargo(root, arguments)).map(Tally::one)
}

/// Unit tests, integration tests and the examples in the documentation.
pub fn tests(root: &Path) -> Result<Tally> {
    let mut tally = Tally::default();
    let mut command = cargo(root, ["test", "--workspace", "--no-fail-fast"]);
    let success = reading(&mut command, |line| add_result(line, &mut tally))?;
    Ok(tally.with_exit(success))
}

/// The documentation builds without a warning: no broken link, no missing text.
pub fn docs(root: &Path) -> Result<Tally> {
    let arguments = [
        "doc",
        "--workspace",
        "--no-deps",
        "--document-private-items",
        "--quiet",
    ];
    succeeds(cargo(root, arguments).env("RUSTDOCFLAGS", "-D warnings")).map(Tally::one)
}

/// The template holds before the linters that its users run.
pub fn lint(_root: &Path) -> Result<Tally> {
    let lint::Summary { passed, failed } = lint::run()?;
    Ok(Tally { passed, failed })
}

/// Counts what a line of libtest says came of the tests, if it says that.
pub fn add_result(line: &str, tally: &mut Tally) {
    if let Some(counted) = test_result(line) {
        tally.passed += counted.passed;
        tally.failed += counted.failed;
    }
}

/// Reads `test result: ok. 17 passed; 0 failed; 0 ignored; ...`.
fn test_result(line: &str) -> Option<Tally> {
    let (_, counts) = line.strip_prefix("test result: ")?.split_once(". ")?;
    let count = |name: &str| {
        let text = counts.split("; ").find_map(|part| part.strip_suffix(name))?;
        text.trim().parse().ok()
    };
    Some(Tally {
        passed: count(" passed")?,
        failed: count(" failed")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_result_line_of_libtest_is_counted() {
        let line = "test result: FAILED. 17 passed; 2 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s";
        assert_eq!(
            test_result(line),
            Some(Tally {
                passed: 17,
                failed: 2
            })
        );
        assert_eq!(test_result("test domain::tests::test ... ok"), None);
    }
}
