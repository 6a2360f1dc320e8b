//! `ordermill products import`

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use super::catalogue_file::{CatalogueFile, FileFormat, LineFault};
use super::put_product;
use crate::client::connection::Connection;
use crate::exit::Verdict;
use crate::failure::Failure;
use crate::output::Output;

const HELP: &str = "Examples:
  ordermill products import catalogue.csv --dry-run
  ordermill products import --format jsonl - < catalogue.jsonl

CSV has the heading productId,name,price,currency,stock. A file with faults is not imported at all: each
fault is shown with its line, and the exit code is 1. Products that the file doesn't name stay as they are.";

/// Write many products from a CSV file or from JSON lines
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub struct ImportArgs {
    /// The file; - reads standard input
    file: PathBuf,
    /// How the file is written; by its name when not given
    #[arg(long, value_enum)]
    format: Option<FileFormat>,
    /// Only check the file
    #[arg(long)]
    dry_run: bool,
}

/// Runs the command.
pub fn run(args: &ImportArgs, connection: &Connection, output: &Output) -> Result<Verdict, Failure> {
    let format = args.format.or_else(|| by_name(&args.file)).ok_or_else(|| {
        Failure::usage("the file's name ends in neither .csv nor .jsonl; say --format csv or --format jsonl")
    })?;
    let mut file = CatalogueFile::read(open(&args.file)?, format);
    let mut imported = 0;
    if file.faults.is_empty() && !args.dry_run {
        imported = import(&mut file, connection, output)?;
    }
    report(&file, imported, args.dry_run, output)?;
    Ok(Verdict::from_well(file.faults.is_empty()))
}

fn by_name(file: &Path) -> Option<FileFormat> {
    match file.extension()?.to_str()? {
        "csv" => Some(FileFormat::Csv),
        "jsonl" | "ndjson" => Some(FileFormat::Jsonl),
        _ => None,
    }
}

fn open(file: &Path) -> Result<Box<dyn Read>, Failure> {
    if file == Path::new("-") {
        return Ok(Box::new(io::stdin().lock()));
    }
    match File::open(file) {
        Ok(file) => Ok(Box::new(file)),
        Err(error) => Err(Failure::usage(format!(
            "could not open {}: {error}",
            file.display()
        ))),
    }
}

/// Writes the products one by one. What the server refuses about one is that line's fault; the others go on.
fn import(file: &mut CatalogueFile, connection: &Connection, output: &Output) -> Result<u64, Failure> {
    let client = connection.admin()?;
    let bar = output.progress(file.products.len() as u64, "products");
    let mut imported = 0;
    for (line, product) in &file.products {
        match put_product(&client, product) {
            Ok(_) => imported += 1,
            Err(Failure::Refused(problem)) if matches!(problem.status, 400 | 409 | 422) => {
                file.faults.push(LineFault {
                    line: *line,
                    problem: problem.to_string(),
                });
            }
            Err(failure) => {
                bar.abandon();
                output.say(format!(
                    "{imported} of {} products were imported",
                    file.products.len()
                ));
                return Err(failure);
            }
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(imported)
}

fn report(file: &CatalogueFile, imported: u64, dry_run: bool, output: &Output) -> Result<(), Failure> {
    let document = json!({
        "products": file.products.len(), "imported": imported, "dryRun": dry_run, "faults": file.faults,
    });
    output.show(&document, || {
        let mut text: String = file.faults.iter().map(|fault| format!("{fault}\n")).collect();
        text.push_str(&match (dry_run, file.faults.len()) {
            (true, 0) => format!("{} products, no faults; nothing was written", file.products.len()),
            (_, 0) => format!("{imported} products imported"),
            (_, faults) => format!("{imported} products imported, {faults} faults"),
        });
        text
    })
}
