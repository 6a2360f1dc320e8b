//! The suites, and running them one after the other: a failure of one stops none of the others.

use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::run::say;
use crate::{aws_e2e, browser, check, crash, e2e, guard, interface};

/// What a suite came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Tests or checks that held.
    pub passed: u64,
    /// Those that did not.
    pub failed: u64,
}

impl Tally {
    /// A suite that is one check.
    pub fn one(holds: bool) -> Self {
        Self {
            passed: u64::from(holds),
            failed: u64::from(!holds),
        }
    }

    /// A suite whose program did not succeed has failed, even if no test of it was seen to fail: it did not build,
    /// or it broke off.
    pub fn with_exit(self, success: bool) -> Self {
        if success || self.failed > 0 {
            self
        } else {
            Self { failed: 1, ..self }
        }
    }
}

/// A named group of checks.
pub struct Suite {
    /// What `--skip-NAME` says.
    pub name: &'static str,
    /// Whether `--quick` has it.
    quick: bool,
    run: fn(&Path) -> Result<Tally>,
}

const ALL: &[Suite] = &[
    Suite {
        name: "fmt",
        quick: true,
        run: check::fmt,
    },
    Suite {
        name: "clippy",
        quick: true,
        run: check::clippy,
    },
    Suite {
        name: "tests",
        quick: true,
        run: check::tests,
    },
    Suite {
        name: "docs",
        quick: false,
        run: check::docs,
    },
    Suite {
        name: "lint",
        quick: false,
        run: check::lint,
    },
    Suite {
        name: "e2e",
        quick: false,
        run: e2e::run,
    },
    Suite {
        name: "browser",
        quick: false,
        run: browser::run,
    },
    Suite {
        name: "guard",
        quick: false,
        run: guard::run,
    },
    Suite {
        name: "interface",
        quick: false,
        run: interface::suite,
    },
    Suite {
        name: "crash",
        quick: false,
        run: crash::suite,
    },
    Suite {
        name: "aws-e2e",
        quick: false,
        run: aws_e2e::run,
    },
];

/// The suites that these options leave.
pub fn select(options: &[String]) -> Result<Vec<&'static Suite>> {
    let mut suites: Vec<&Suite> = ALL.iter().collect();
    for option in options {
        let skipped = option.strip_prefix("--skip-");
        match (option.as_str(), skipped) {
            ("--quick", _) => suites.retain(|suite| suite.quick),
            (_, Some(name)) if ALL.iter().any(|suite| suite.name == name) => {
                suites.retain(|suite| suite.name != name);
            }
            _ => bail!("test has no option {option}; see cargo xtask help"),
        }
    }
    Ok(suites)
}

/// The suites of these names.
pub fn select_named(names: &[&str]) -> Vec<&'static Suite> {
    ALL.iter().filter(|suite| names.contains(&suite.name)).collect()
}

/// Runs the suites and sums up; the last line is `N passed, N failed`.
pub fn run(root: &Path, suites: &[&Suite]) -> Result<ExitCode> {
    let mut results = Vec::with_capacity(suites.len());
    for suite in suites {
        say(format!("\n=== {}", suite.name));
        let start = Instant::now();
        let tally = (suite.run)(root).unwrap_or_else(|error| {
            say(format!("error: {error:#}"));
            Tally::one(false)
        });
        results.push((suite.name, tally, start.elapsed()));
    }
    let failed = summarise(&results);
    Ok(if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// The exit code of a command that is one suite with options of its own.
pub fn code(tally: Tally) -> ExitCode {
    let Tally { passed, failed } = tally;
    say(format!("{passed} passed, {failed} failed"));
    if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn summarise(results: &[(&str, Tally, Duration)]) -> u64 {
    say("\n=== summary");
    for (name, tally, elapsed) in results {
        let verdict = if tally.failed == 0 { "ok" } else { "FAILED" };
        let Tally { passed, failed } = tally;
        say(format!(
            "{name:<9} {verdict:<7} {passed:>5} passed {failed:>4} failed {:>8.1} s",
            elapsed.as_secs_f64()
        ));
    }
    let passed: u64 = results.iter().map(|(_, tally, _)| tally.passed).sum();
    let failed: u64 = results.iter().map(|(_, tally, _)| tally.failed).sum();
    say(format!("{passed} passed, {failed} failed"));
    failed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(options: &[&str]) -> String {
        let options: Vec<String> = options.iter().map(|&option| option.to_owned()).collect();
        select(&options)
            .unwrap()
            .iter()
            .map(|suite| suite.name)
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn options_leave_suites_out() {
        assert_eq!(
            names(&[]),
            "fmt clippy tests docs lint e2e browser guard interface crash aws-e2e"
        );
        assert_eq!(names(&["--quick", "--skip-fmt"]), "clippy tests");
        assert!(select(&["--skip-nothing".to_owned()]).is_err());
    }

    #[test]
    fn a_program_that_failed_without_a_failed_test_counts_as_one() {
        let tally = Tally { passed: 3, failed: 0 };
        assert_eq!(tally.with_exit(true), tally);
        assert_eq!(tally.with_exit(false), Tally { passed: 3, failed: 1 });
        assert_eq!(Tally { passed: 3, failed: 2 }.with_exit(false).failed, 2);
    }
}
