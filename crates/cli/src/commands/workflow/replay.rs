//! `ordermill workflow replay`

use std::io::{self, BufRead, BufWriter, Write};

use clap::Args;

use crate::exit::Verdict;
use crate::failure::Failure;
use crate::output::Output;

const HELP: &str = "Example:
  ordermill workflow replay < cases.jsonl > results.jsonl

Each line in is {\"id\",\"definition\",\"input\",\"script\"?}; script is what each attempt of a task got, in order:
{\"state\",\"event\",\"output\"?,\"error\"?,\"cause\"?}, where event is TaskSucceeded, TaskFailed or TaskTimedOut.
Each line out is {\"id\",\"status\",\"output\",\"error\",\"cause\",\"event_types\"}. A line that is no case is told on
standard error, and the exit code is then 1.";

/// Run recorded cases from standard input on a virtual clock, a JSON line each
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub struct ReplayArgs {}

/// Runs the command.
pub fn run(_: &ReplayArgs, output: &Output) -> Result<Verdict, Failure> {
    let mut results = BufWriter::new(io::stdout().lock());
    let mut all_read = true;
    for (index, line) in io::stdin().lock().lines().enumerate() {
        let line = line.map_err(|e| Failure::because("could not read standard input", e))?;
        if line.trim().is_empty() {
            continue;
        }
        match asl::replay::run(&line) {
            Ok(result) => {
                serde_json::to_writer(&mut results, &result).map_err(io::Error::from)?;
                results.write_all(b"\n")?;
            }
            Err(error) => {
                all_read = false;
                output.complain(&Failure::because(format!("line {}", index + 1), error));
            }
        }
    }
    results.flush()?;
    Ok(Verdict::from_well(all_read))
}
