//! `ordermill workflow validate`

use std::path::PathBuf;

use asl::{Definition, Fault};
use clap::Args;
use console::style;
use serde_json::{Value, json};

use super::source::read_text;
use crate::exit::Verdict;
use crate::failure::Failure;
use crate::output::Output;

const HELP: &str = "Examples:
  ordermill workflow validate workflows/order.asl.json
  ordermill workflow validate workflows/order.asl.json --output json

Each fault has its place as a JSON pointer, what is wrong, and what would be right. The exit code is 1 when there is
one. JSON output has the shape of ValidateStateMachineDefinition.";

/// Find every fault of a definition before anything runs
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub struct ValidateArgs {
    /// The definition; - reads standard input
    file: PathBuf,
}

/// Runs the command.
pub fn run(args: &ValidateArgs, output: &Output) -> Result<Verdict, Failure> {
    let faults = Definition::parse(&read_text(&args.file)?)
        .err()
        .unwrap_or_default();
    let diagnostics: Vec<Value> = faults.iter().map(diagnostic).collect();
    let result = if faults.is_empty() { "OK" } else { "FAIL" };
    output.show(&json!({ "result": result, "diagnostics": diagnostics }), || {
        let file = args.file.display();
        match faults.len() {
            0 => format!("{file}: {}", style("valid").green()),
            n => format!(
                "{}{file}: {}",
                faults.iter().map(paragraph).collect::<String>(),
                style(count(n)).red()
            ),
        }
    })?;
    Ok(Verdict::from_well(faults.is_empty()))
}

fn diagnostic(fault: &Fault) -> Value {
    let Fault {
        code,
        pointer,
        problem,
        remedy,
    } = fault;
    let message = if remedy.is_empty() {
        problem.clone()
    } else {
        format!("{problem} ({remedy})")
    };
    json!({
        "severity": "ERROR", "code": code, "location": pointer, "message": message,
        "problem": problem, "remedy": remedy,
    })
}

fn paragraph(fault: &Fault) -> String {
    let pointer = if fault.pointer.is_empty() {
        "/"
    } else {
        &fault.pointer
    };
    let mut text = format!("{}\n  {}\n", style(pointer).bold(), fault.problem);
    if !fault.remedy.is_empty() {
        text.push_str(&format!("  {} {}\n", style("→").green(), fault.remedy));
    }
    text
}

fn count(faults: usize) -> String {
    if faults == 1 {
        "1 fault".to_owned()
    } else {
        format!("{faults} faults")
    }
}
