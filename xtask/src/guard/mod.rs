//! The guard of the hot path: what one order costs, in instructions and allocations, against a recorded budget.
//!
//! Instructions are counted by callgrind, so the check minds neither how fast the machine is nor what else it does. The
//! benchmark does each scenario a few times in one process and more often in another; what it costs once is the
//! difference. How far a count may go beyond its budget stands in the budget's file.

mod budget;
mod callgrind;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result, bail};

use self::budget::{Budget, Count};
use crate::e2e::executable_in;
use crate::run::{cargo, say};
use crate::suites::Tally;

/// Where the budget stands.
const BUDGET: &str = "crates/testkit/benches/hot_path/budget.txt";

/// Counts every scenario and holds it to its budget.
pub fn run(root: &Path) -> Result<Tally> {
    let budget = read(root)?;
    let compiler = compiler()?;
    if compiler != budget.compiler {
        say(format!(
            "note: recorded with {}, counted with {compiler}",
            budget.compiler
        ));
    }
    let benchmark = prepare(root)?;
    let mut tally = Tally::default();
    for line in &budget.lines {
        let counted = count(&benchmark, &line.name, line.few, line.many)?;
        let verdict = line.judge(counted);
        say(&verdict);
        if verdict.holds() {
            tally.passed += 1;
        } else {
            tally.failed += 1;
        }
    }
    if tally.failed > 0 {
        say(
            "The hot path costs more than its budget. If that is meant, record it: cargo xtask bench-guard --update",
        );
    }
    Ok(tally)
}

/// Counts every scenario and writes what it costs now into the budget.
pub fn update(root: &Path) -> Result<ExitCode> {
    let mut budget = read(root)?;
    budget.compiler = compiler()?;
    let benchmark = prepare(root)?;
    for line in &mut budget.lines {
        let counted = count(&benchmark, &line.name, line.few, line.many)?;
        say(line.judge(counted));
        line.budget = counted;
    }
    std::fs::write(root.join(BUDGET), budget.to_string())
        .with_context(|| format!("{BUDGET} can't be written"))?;
    say(format!("recorded in {BUDGET}"));
    Ok(ExitCode::SUCCESS)
}

fn read(root: &Path) -> Result<Budget> {
    let text =
        std::fs::read_to_string(root.join(BUDGET)).with_context(|| format!("{BUDGET} can't be read"))?;
    Budget::parse(&text).with_context(|| format!("{BUDGET} can't be understood"))
}

fn prepare(root: &Path) -> Result<PathBuf> {
    callgrind::ensure()?;
    build(root)
}

/// What doing the scenario once costs.
fn count(benchmark: &Path, scenario: &str, few: u32, many: u32) -> Result<Count> {
    let small = callgrind::count(benchmark, scenario, few)?;
    let large = callgrind::count(benchmark, scenario, many)?;
    let times = u64::from(many.saturating_sub(few).max(1));
    Ok(Count {
        instructions: large.instructions.saturating_sub(small.instructions) / times,
        allocations: large.allocations.saturating_sub(small.allocations) / times,
    })
}

/// The benchmark, built as the server is that people run.
fn build(root: &Path) -> Result<PathBuf> {
    let arguments = [
        "bench",
        "--package",
        "testkit",
        "--bench",
        "hot_path",
        "--no-run",
        "--message-format",
        "json-render-diagnostics",
    ];
    let output = cargo(root, arguments)
        .stderr(Stdio::inherit())
        .output()
        .context("could not start cargo")?;
    if !output.status.success() {
        bail!("the benchmark does not build");
    }
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(executable_in)
        .find(|executable| is_benchmark(executable))
        .context("cargo named no executable of the benchmark")
}

/// Cargo names the package's own binaries too, in any order.
fn is_benchmark(executable: &Path) -> bool {
    let name = executable.file_name().unwrap_or_default().to_string_lossy();
    name.starts_with("hot_path-")
}

/// Such as `rustc 1.95.0`: counts of another compiler's code may differ a little.
fn compiler() -> Result<String> {
    let output = Command::new("rustc")
        .arg("--version")
        .output()
        .context("could not ask rustc for its version")?;
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(text.split_whitespace().take(2).collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_benchmark_is_told_from_the_binaries_beside_it() {
        assert!(is_benchmark(Path::new("target/release/deps/hot_path-0a1b2c3d")));
        assert!(!is_benchmark(Path::new("target/release/crash")));
    }
}
