//! Reading what a workflow command is given: definitions and values, from files, standard input or the command line.

use std::fs;
use std::io::Read;
use std::path::Path;

use asl::{Definition, Fault};
use serde_json::Value;

use crate::failure::Failure;

/// Reads a text file; `-` is standard input.
pub fn read_text(file: &Path) -> Result<String, Failure> {
    let unreadable = |error| Failure::usage(format!("could not read {}: {error}", file.display()));
    if file == Path::new("-") {
        let mut text = String::new();
        std::io::stdin()
            .lock()
            .read_to_string(&mut text)
            .map_err(unreadable)?;
        return Ok(text);
    }
    fs::read_to_string(file).map_err(unreadable)
}

/// Reads a definition that must be without faults.
pub fn read_definition(file: &Path) -> Result<Definition, Failure> {
    Definition::parse(&read_text(file)?).map_err(|faults| {
        let faults: Vec<String> = faults.iter().map(Fault::to_string).collect();
        Failure::failed(format!(
            "{} has {} faults:\n  {}",
            file.display(),
            faults.len(),
            faults.join("\n  ")
        ))
    })
}

/// Reads JSON given as it stands, or as `@FILE`.
pub fn read_json_argument(argument: &str) -> Result<Value, Failure> {
    let text = match argument.strip_prefix('@') {
        Some(file) => read_text(Path::new(file))?,
        None => argument.to_owned(),
    };
    serde_json::from_str(&text).map_err(|e| Failure::usage(format!("{argument} is not JSON: {e}")))
}
