//! Errors as a log shows them.

use std::error::Error;
use std::fmt;

/// Shows an error with all its causes, each once: `could not store order …: the store failed: disk I/O error`.
pub(crate) struct Chain<'e>(pub &'e (dyn Error + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut source = self.0.source();
        while let Some(error) = source {
            write!(f, ": {error}")?;
            source = error.source();
        }
        Ok(())
    }
}
