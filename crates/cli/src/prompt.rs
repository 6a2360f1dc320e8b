//! Asking a person before something that can't be undone.

use std::io::{self, BufRead, IsTerminal, Write};

use crate::failure::Failure;

/// Asks `question` on the terminal; only `y` and `yes` agree.
///
/// # Errors
/// [`Failure::Usage`] when nobody is there to answer: a script must say `--yes`.
pub fn confirm(question: &str) -> Result<bool, Failure> {
    if !io::stdin().is_terminal() {
        return Err(Failure::usage(
            "this can't be undone; say --yes to do it without being asked",
        ));
    }
    let mut stderr = io::stderr();
    write!(stderr, "{question} [y/N] ")?;
    stderr.flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}
