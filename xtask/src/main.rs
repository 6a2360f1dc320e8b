//! `cargo xtask`: the checks of the project, the same on a developer's machine and in CI.

mod aws_e2e;
mod bench;
mod bench_console;
mod browser;
mod check;
mod counterpart;
mod crash;
mod e2e;
mod guard;
mod interface;
mod lambda;
mod lint;
mod python;
mod run;
mod suites;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};

const HELP: &str = "cargo xtask: the checks of the project

Usage:
  cargo xtask test [--quick] [--skip-SUITE ...]   everything that CI runs, suite by suite, with a summary
  cargo xtask check                               formatting, clippy and documentation
  cargo xtask lint                                the SAM template by cfn-lint and sam validate
  cargo xtask e2e                                 only the tests from outside, against the built binary
  cargo xtask browser                             only the console's tests in a real browser
  cargo xtask bench [OPTION ...]                  ordermill bench in release, with allocations from a build that counts
  cargo xtask bench-console [--data DIR] ...      how long the server takes for each page of the console with a million orders
  cargo xtask bench-guard [--update]              only the hot path's instruction counts against their budget; --update
                                                  records them anew
  cargo xtask interface [--max-examples N] [--seed N] ...
                                                  the HTTP interface against its description, by Schemathesis
  cargo xtask aws-e2e                             the template deployed to a counterpart of AWS that runs here, and the
                                                  tests of the adapters against it
  cargo xtask aws-test                            only the tests of the adapters
  cargo xtask sam-build [--architecture arm64|x86_64]
                                                  sam build, for this machine's processor if none is named, and whether
                                                  Lambda's glibc runs what it built
  cargo xtask bench-lambda [--requests N] [--starts N] [--no-build] [--output table|json]
                                                  the functions as sam builds them: size, start, time, memory
  cargo xtask crash [--kills N] [--seed N] ...    kills the server under load and checks its books

Suites of test, in order: fmt, clippy, tests, docs, lint, e2e, browser, guard, interface, crash,
aws-e2e. --quick has the first three.
The last line of test is 'N passed, N failed'.";

fn main() -> ExitCode {
    match dispatch() {
        Ok(code) => code,
        Err(error) => {
            run::say(format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn dispatch() -> Result<ExitCode> {
    let root = root()?;
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (command, options) = match arguments.split_first() {
        Some((command, options)) => (command.as_str(), options),
        None => ("help", &[][..]),
    };
    match command {
        "test" => suites::run(&root, &suites::select(options)?),
        "check" => suites::run(&root, &suites::select_named(&["fmt", "clippy", "docs"])),
        "lint" => suites::run(&root, &suites::select_named(&["lint"])),
        "e2e" => suites::run(&root, &suites::select_named(&["e2e"])),
        "browser" => suites::run(&root, &suites::select_named(&["browser"])),
        "bench" => bench::run(&root, options),
        "bench-console" => bench_console::run(&root, options),
        "bench-guard" if options.iter().any(|option| option == "--update") => guard::update(&root),
        "bench-guard" => suites::run(&root, &suites::select_named(&["guard"])),
        "interface" => interface::run(&root, options).map(suites::code),
        "aws-e2e" => suites::run(&root, &suites::select_named(&["aws-e2e"])),
        "aws-test" => aws_e2e::adapters_only(&root).map(suites::code),
        "sam-build" => lambda::sam::run(&root, options).map(|()| ExitCode::SUCCESS),
        "bench-lambda" => lambda::bench(&root, options).map(|()| ExitCode::SUCCESS),
        "crash" => crash::run(&root, options).map(suites::code),
        "help" | "--help" | "-h" => {
            run::say(HELP);
            Ok(ExitCode::SUCCESS)
        }
        other => bail!("there is no command {other}\n\n{HELP}"),
    }
}

/// The repository's root: the folder above this crate.
fn root() -> Result<PathBuf> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    root.canonicalize()
        .with_context(|| format!("{} is gone", root.display()))
}
