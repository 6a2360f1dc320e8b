//! The template and its workflow, built in or from a file.

use std::path::{Path, PathBuf};

use template::{Read, System, TemplateFault};

/// Why the template can't be used.
#[derive(Debug, thiserror::Error)]
pub enum DefinitionError {
    /// The file can't be read.
    #[error("the template {path} can't be read")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It has faults.
    #[error("the template {name} has faults:{}", list(.faults))]
    Faults {
        /// The file's name.
        name: String,
        /// All of them.
        faults: Vec<TemplateFault>,
    },
}

fn list(faults: &[TemplateFault]) -> String {
    faults.iter().map(|fault| format!("\n  - {fault}")).collect()
}

/// Reads the system from the file, or from what is built in. Workflows are found relative to the template.
pub fn read(file: Option<&Path>) -> Result<Read, DefinitionError> {
    let Some(path) = file else {
        let name = "template.yaml (built in)".to_owned();
        return System::built_in().map_err(|faults| DefinitionError::Faults { name, faults });
    };
    let text = std::fs::read_to_string(path).map_err(|source| DefinitionError::File {
        path: path.to_owned(),
        source,
    })?;
    let folder = path.parent().unwrap_or(Path::new(""));
    System::parse(&text, &|workflow| {
        std::fs::read_to_string(folder.join(workflow)).ok()
    })
    .map_err(|faults| DefinitionError::Faults {
        name: path.display().to_string(),
        faults,
    })
}
