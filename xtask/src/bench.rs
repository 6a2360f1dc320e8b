//! `cargo xtask bench`: the benchmark of the binary that people run, and allocations by a build of it that counts them.
//!
//! Counting costs a few percent, so it has a build of its own and none of the other figures comes from there.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::e2e::executable_in;
use crate::run::{cargo, say, succeeds};

/// The figures that the counting build is asked for, in their sections.
const COUNTED: [(&str, &str); 3] = [
    ("lifecycle", "allocations_per_order"),
    ("lifecycle", "allocations_ratio_to_http_ceiling"),
    ("ceilings", "http_allocations_per_request"),
];

/// Runs `ordermill bench` with these options and adds the count of allocations to what it says.
pub fn run(root: &Path, options: &[String]) -> Result<ExitCode> {
    let is_json = options
        .windows(2)
        .any(|pair| pair == ["--output".to_owned(), "json".to_owned()])
        || options.iter().any(|option| option == "--output=json");
    let plain = build(root, None)?;
    let mut command = Command::new(plain);
    command.arg("bench").args(options);
    if !is_json {
        let well = succeeds(&mut command)?;
        let counted = count(root)?;
        let figure = |(section, name): (&str, &str)| counted[section][name].as_f64().unwrap_or_default();
        let [per_order, ratio, per_request] = COUNTED.map(figure);
        say(format!(
            "allocations an order: {per_order:.0}, {ratio:.1} times the {per_request:.0} of HTTP alone (a build that counts)"
        ));
        return Ok(code(well));
    }
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .context("could not start the benchmark")?;
    let mut figures: Value = serde_json::from_slice(&output.stdout).context("the benchmark wrote no JSON")?;
    let counted = count(root)?;
    for (section, name) in COUNTED {
        figures[section][name] = counted[section][name].clone();
    }
    say(serde_json::to_string_pretty(&figures)?);
    Ok(code(output.status.success()))
}

fn code(well: bool) -> ExitCode {
    if well {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// A short benchmark by the build that counts.
fn count(root: &Path) -> Result<Value> {
    let counting = build(root, Some("count-allocations"))?;
    let output = Command::new(counting)
        .args(["bench", "--seconds", "1", "--output", "json"])
        .stderr(Stdio::inherit())
        .output()
        .context("could not start the benchmark that counts")?;
    // Both builds bear the same name: leave the one there that people expect.
    build(root, None)?;
    serde_json::from_slice(&output.stdout).context("the benchmark that counts wrote no JSON")
}

/// Builds the binary in release, with this feature.
pub fn build(root: &Path, feature: Option<&str>) -> Result<PathBuf> {
    let arguments = [
        "build",
        "--release",
        "--package",
        "cli",
        "--message-format",
        "json-render-diagnostics",
    ];
    let feature = feature.map(|feature| ["--features", feature]);
    let output = cargo(root, arguments.into_iter().chain(feature.into_iter().flatten()))
        .stderr(Stdio::inherit())
        .output()
        .context("could not start cargo")?;
    if !output.status.success() {
        bail!("the binary does not build");
    }
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(executable_in)
        .next_back()
        .context("cargo named no executable")
}
