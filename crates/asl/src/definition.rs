//! A definition: read, validated and compiled once, then run any number of times.

use std::fmt;

use serde_json::Value;

use crate::model::{self, Machine};
use crate::{Fault, validate};

/// A state machine's definition, ready to run.
///
/// ```
/// let definition = asl::Definition::parse(
///     r#"{"StartAt": "Greet", "States": {"Greet": {"Type": "Pass", "Result": "Hello", "End": true}}}"#,
/// )
/// .unwrap();
/// assert!(definition.text().contains("Greet"));
///
/// let faults = asl::Definition::parse(r#"{"StartAt": "Greet", "States": {}}"#).unwrap_err();
/// assert!(!faults.is_empty());
/// ```
pub struct Definition {
    text: String,
    json: Value,
    fingerprint: u64,
    machine: Machine,
}

impl Definition {
    /// Reads a definition, at most 1 MB of JSON.
    ///
    /// # Errors
    ///
    /// Every fault that the definition has, each with its place and what would be right.
    pub fn parse(text: &str) -> Result<Definition, Vec<Fault>> {
        let faults = validate::validate_text(text);
        if !faults.is_empty() {
            return Err(faults);
        }
        let json = serde_json::from_str(text)
            .map_err(|error| vec![Fault::new("", format!("not JSON: {error}"), "")])?;
        let machine = model::compile(&json)?;
        Ok(Definition {
            text: text.to_owned(),
            fingerprint: fingerprint(text),
            json,
            machine,
        })
    }

    /// The definition's text as it was read.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The definition as JSON.
    pub fn json(&self) -> &Value {
        &self.json
    }

    /// A number that tells this text from others. Stable between releases and machines.
    pub fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    pub(crate) fn machine(&self) -> &Machine {
        &self.machine
    }
}

impl fmt::Debug for Definition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Definition")
            .field("fingerprint", &self.fingerprint)
            .field("states", &self.machine.states.len())
            .finish_non_exhaustive()
    }
}

/// FNV-1a, 64 bits.
fn fingerprint(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}
