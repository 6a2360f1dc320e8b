//! `ordermill workflow graph`

use std::fs;
use std::path::{Path, PathBuf};

use asl::graph::{Highlight, mermaid, svg};
use clap::{Args, ValueEnum};

use super::source::read_definition;
use crate::exit::Verdict;
use crate::failure::Failure;
use crate::output::Output;

const HELP: &str = "Examples:
  ordermill workflow graph workflows/order.asl.json -o order.svg
  ordermill workflow graph workflows/order.asl.json --format mermaid

Without -o the picture goes to standard output. Without --format the file's name says it: .mmd and .mermaid are Mermaid,
all else is SVG.";

/// Draw a definition: its states, what follows what, and where errors lead
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub struct GraphArgs {
    /// The definition; - reads standard input
    file: PathBuf,
    /// How to draw it
    #[arg(long, value_enum)]
    format: Option<GraphFormat>,
    /// File to write the picture to
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// A way to draw.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum GraphFormat {
    Svg,
    Mermaid,
}

/// Runs the command.
pub fn run(args: &GraphArgs, output: &Output) -> Result<Verdict, Failure> {
    let definition = read_definition(&args.file)?;
    let picture = match args.format.unwrap_or_else(|| by_name(args.out.as_deref())) {
        GraphFormat::Svg => svg(definition.json(), &Highlight::none()),
        GraphFormat::Mermaid => mermaid(definition.json()),
    };
    match &args.out {
        None => output.text(picture)?,
        Some(file) => {
            fs::write(file, picture)
                .map_err(|e| Failure::because(format!("could not write {}", file.display()), e))?;
            output.say(format!("drawn in {}", file.display()));
        }
    }
    Ok(Verdict::Done)
}

fn by_name(file: Option<&Path>) -> GraphFormat {
    match file
        .and_then(Path::extension)
        .and_then(|extension| extension.to_str())
    {
        Some("mmd" | "mermaid") => GraphFormat::Mermaid,
        Some(_) | None => GraphFormat::Svg,
    }
}
