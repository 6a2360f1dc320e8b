//! The linters of `template.yaml`: `cfn-lint`, and `sam validate --lint`, which also makes the SAM transformation.
//!
//! Both run without credentials and without AWS.

use std::io::Write;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::python::{self, Environment};

/// How many of the linters were content.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// Those that were.
    pub passed: u64,
    /// Those that were not.
    pub failed: u64,
}

/// Runs the linters on the template at the root of the repository, in the environment that [`python::environment`]
/// makes. What they find goes to standard output as it is found.
///
/// # Errors
/// When the environment can't be made, or a linter can't be started. What they find is no error but counted.
pub fn run() -> Result<Summary> {
    run_at(&Path::new(env!("CARGO_MANIFEST_DIR")).join(".."), "template.yaml")
}

fn run_at(root: &Path, template: &str) -> Result<Summary> {
    let root = root
        .canonicalize()
        .with_context(|| format!("{} is gone", root.display()))?;
    let environment = python::environment(&root, python::TOOLS, &["cfnlint.runner", "samcli.cli.main"])?;
    let linters: [&[&str]; 2] = [
        &[
            "cfn-lint",
            "--non-zero-exit-code",
            "informational",
            "--template",
            template,
        ],
        &["sam", "validate", "--lint", "--template", template],
    ];
    let mut summary = Summary::default();
    for words in linters {
        if lint(&root, &environment, words)? {
            summary.passed += 1;
        } else {
            summary.failed += 1;
        }
    }
    Ok(summary)
}

fn lint(root: &Path, environment: &Environment, words: &[&str]) -> Result<bool> {
    let Some((program, arguments)) = words.split_first() else {
        return Ok(true);
    };
    let _ = writeln!(std::io::stdout(), "$ {}", words.join(" "));
    let mut command = environment.command(program);
    without_aws(
        command.args(arguments).current_dir(root),
        &root.join("target/aws-sam"),
    );
    let status = command
        .status()
        .with_context(|| format!("could not start {program}"))?;
    Ok(status.success())
}

/// Nothing of this machine's AWS settings is used, and nobody is told that we lint.
pub fn without_aws<'c>(command: &'c mut Command, settings: &Path) -> &'c mut Command {
    command
        .env_remove("AWS_PROFILE")
        .env_remove("AWS_SESSION_TOKEN")
        .env("AWS_ACCESS_KEY_ID", "none")
        .env("AWS_SECRET_ACCESS_KEY", "none")
        .env("AWS_DEFAULT_REGION", "us-east-1")
        .env("AWS_CONFIG_FILE", "/dev/null")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("SAM_CLI_TELEMETRY", "0")
        .env("__SAM_CLI_APP_DIR", settings)
}
