//! Running programs so that their output streams by and is read at the same time.

use std::ffi::OsStr;
use std::fmt::Display;
use std::io::{BufRead, BufReader, IsTerminal, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result};

static TALKS_TO_STDERR: AtomicBool = AtomicBool::new(false);

/// From now on [`say`] leaves standard output to the data.
pub fn talk_to_stderr() {
    TALKS_TO_STDERR.store(true, Ordering::Relaxed);
}

/// Says something to whoever runs this. That nobody listens is nothing to fail for.
pub fn say(text: impl Display) {
    let _ = if TALKS_TO_STDERR.load(Ordering::Relaxed) {
        writeln!(std::io::stderr(), "{text}")
    } else {
        writeln!(std::io::stdout(), "{text}")
    };
}

/// The cargo that runs this, in `root`.
pub fn cargo<S: AsRef<OsStr>>(root: &Path, arguments: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(root);
    if std::io::stdout().is_terminal() {
        command.env("CARGO_TERM_COLOR", "always");
    }
    command
}

/// Runs a program to its end; `true` when it succeeded.
pub fn succeeds(command: &mut Command) -> Result<bool> {
    announce(command);
    let status = command
        .status()
        .with_context(|| format!("could not start {}", program(command)))?;
    Ok(status.success())
}

/// Runs a program to its end, passing its standard output on line by line, and gives each line to `read` too.
pub fn reading(command: &mut Command, mut read: impl FnMut(&str)) -> Result<bool> {
    announce(command);
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("could not start {}", program(command)))?;
    if let Some(stdout) = child.stdout.take() {
        for line in BufReader::new(stdout).split(b'\n') {
            let line = line.with_context(|| format!("could not read from {}", program(command)))?;
            let line = String::from_utf8_lossy(&line);
            say(&line);
            read(&line);
        }
    }
    Ok(child
        .wait()
        .with_context(|| format!("lost {}", program(command)))?
        .success())
}

fn program(command: &Command) -> String {
    command.get_program().to_string_lossy().into_owned()
}

/// Says which program is run.
pub fn announce(command: &Command) {
    let name = Path::new(command.get_program())
        .file_name()
        .unwrap_or(command.get_program());
    let words = std::iter::once(name).chain(command.get_args());
    say(format!(
        "$ {}",
        words.map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ")
    ));
}
