//! Data to standard output, talk to standard error; as text for people or JSON for programs.

use std::error::Error;
use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use console::style;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use serde_json::Value;

use crate::failure::Failure;
use crate::table::harmless;

/// How data is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// For programs: one JSON document.
    Json,
}

/// Where a command's words go. Colours are on terminals only, and never with `NO_COLOR`.
#[derive(Debug, Clone, Copy)]
pub struct Output {
    format: Format,
}

impl Output {
    /// An output that writes data in this format.
    pub fn new(format: Format) -> Self {
        Self { format }
    }

    /// Whether data goes out as JSON.
    pub fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    /// Writes the data: `value` as JSON, or what `text` makes for people.
    pub fn show(&self, value: &impl Serialize, text: impl FnOnce() -> String) -> Result<(), Failure> {
        match self.format {
            Format::Json => self.json(value),
            Format::Text => self.text(text()),
        }
    }

    /// Writes one JSON document, indented.
    pub fn json(&self, value: &impl Serialize) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(value)
            .map_err(|e| Failure::because("could not write the data as JSON", e))?;
        self.text(text)
    }

    /// Writes text as data, with a newline at its end.
    pub fn text(&self, text: impl Display) -> Result<(), Failure> {
        let text = text.to_string();
        let mut stdout = io::stdout().lock();
        stdout.write_all(text.as_bytes())?;
        if !text.ends_with('\n') && !text.is_empty() {
            stdout.write_all(b"\n")?;
        }
        Ok(stdout.flush()?)
    }

    /// Says something to a person. That standard error is closed is nothing to fail for.
    pub fn say(&self, text: impl Display) {
        let _ = writeln!(io::stderr(), "{text}");
    }

    /// Says to people that a list goes on, and the option that goes on with it, when `next` is where. JSON has it in
    /// the document.
    pub fn say_more(&self, option: &str, next: &Value) {
        if let (Value::String(next), false) = (next, self.is_json()) {
            self.say(format!("there are more: {option} {}", harmless(next)));
        }
    }

    /// Says why a command failed, with the whole chain of causes.
    pub fn complain(&self, failure: &Failure) {
        if matches!(failure, Failure::OutputClosed) {
            return;
        }
        self.say(format!("{} {failure}", style("error:").red().bold().for_stderr()));
        let mut cause = failure.source();
        while let Some(error) = cause {
            self.say(format!("  {} {error}", style("because:").dim().for_stderr()));
            cause = error.source();
        }
    }

    /// A bar for `total` steps, drawn when standard error is a terminal and otherwise silent.
    pub fn progress(&self, total: u64, what: &'static str) -> ProgressBar {
        let bar = self.hidden_unless_terminal(ProgressBar::new(total));
        let shape = "{msg} {wide_bar} {pos}/{len} {per_sec} {eta}";
        if let Ok(style) = ProgressStyle::with_template(shape) {
            bar.set_style(style);
        }
        bar.with_message(what)
    }

    /// A spinner for work of unknown length, under the same condition.
    pub fn spinner(&self, what: impl Into<std::borrow::Cow<'static, str>>) -> ProgressBar {
        let bar = self.hidden_unless_terminal(ProgressBar::new_spinner());
        bar.enable_steady_tick(Duration::from_millis(100));
        bar.with_message(what)
    }

    fn hidden_unless_terminal(&self, bar: ProgressBar) -> ProgressBar {
        if !io::stderr().is_terminal() {
            bar.set_draw_target(indicatif::ProgressDrawTarget::hidden());
        }
        bar
    }
}
