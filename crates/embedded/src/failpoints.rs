//! Dying on purpose at a named point of a commit, for tests of what a crash leaves. Only in builds with the feature
//! `failpoints`, which no release has.
//!
//! A point is a stage and a command of the writer: `before:InsertOrder` is when an order is written and not committed,
//! `after:InsertOrder` when it is on the disk and nobody was told. Two environment variables drive it:
//! - `ORDERMILL_FAILPOINT=STAGE:COMMAND[:NTH]`: the process kills itself with SIGKILL the NTH time (from 1) that it passes
//!   there; nothing is flushed, closed or answered.
//! - `ORDERMILL_FAILPOINTS_SEEN=FILE`: each point passed is appended to the file once, so that whoever tests knows the
//!   points that there are.

use std::collections::HashSet;
use std::fs::{File, OpenOptions};
use std::io::{Error, Write};

use rustix::process::{Signal, getpid, kill_process};

/// On which side of the commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Stage {
    /// Everything is written, nothing is committed.
    Before,
    /// Everything is on the disk, nobody was told.
    After,
}

impl Stage {
    fn as_str(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::After => "after",
        }
    }
}

/// Where to die, and where it is noted what was passed.
#[derive(Debug, Default)]
pub(crate) struct Failpoints {
    target: Option<Target>,
    seen: Option<(File, HashSet<(Stage, &'static str)>)>,
}

#[derive(Debug, PartialEq, Eq)]
struct Target {
    stage: String,
    command: String,
    /// How often it is still passed until it strikes; 1: the next time.
    left: u64,
}

impl Failpoints {
    /// As the environment says. An environment that says nothing kills nobody.
    ///
    /// # Errors
    /// When it says what can't be understood, or the file can't be opened.
    pub(crate) fn from_environment() -> std::io::Result<Self> {
        let target = match std::env::var("ORDERMILL_FAILPOINT") {
            Ok(text) => Some(Target::parse(&text).ok_or_else(|| {
                Error::other(format!("ORDERMILL_FAILPOINT={text} is not STAGE:COMMAND[:NTH]"))
            })?),
            Err(_) => None,
        };
        let seen = match std::env::var_os("ORDERMILL_FAILPOINTS_SEEN") {
            Some(path) => {
                let file = OpenOptions::new().create(true).append(true).open(path)?;
                Some((file, HashSet::new()))
            }
            None => None,
        };
        Ok(Self { target, seen })
    }

    /// A commit with these commands has come to this stage.
    pub(crate) fn pass(&mut self, stage: Stage, commands: impl Iterator<Item = &'static str>) {
        for command in commands {
            let command = command.rsplit("::").next().unwrap_or(command);
            if let Some((file, seen)) = &mut self.seen
                && seen.insert((stage, command))
            {
                // A note that is lost costs a test one of its points, and the run nothing.
                let _ = file.write_all(format!("{}:{command}\n", stage.as_str()).as_bytes());
            }
            if self
                .target
                .as_mut()
                .is_some_and(|target| target.strikes(stage, command))
            {
                die();
            }
        }
    }
}

impl Target {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(':');
        let (stage, command) = (parts.next()?, parts.next()?);
        let left = parts.next().map_or(Some(1), |nth| nth.parse().ok())?;
        let known = [Stage::Before, Stage::After]
            .iter()
            .any(|known| known.as_str() == stage);
        (known && left > 0 && parts.next().is_none()).then(|| Self {
            stage: stage.to_owned(),
            command: command.to_owned(),
            left,
        })
    }

    fn strikes(&mut self, stage: Stage, command: &str) -> bool {
        if self.stage != stage.as_str() || self.command != command {
            return false;
        }
        self.left = self.left.saturating_sub(1);
        self.left == 0
    }
}

/// Ends the process as a power cut would.
fn die() {
    // Whether it could be sent makes no difference: nothing more is written after this point.
    let _ = kill_process(getpid(), Signal::KILL);
    loop {
        std::thread::park();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_is_a_stage_a_command_and_which_time() {
        let mut third = Target::parse("after:InsertOrder:3").unwrap();
        assert!(!third.strikes(Stage::Before, "InsertOrder"));
        assert!(!third.strikes(Stage::After, "SettleMessages"));
        let passes: Vec<bool> = (0..3)
            .map(|_| third.strikes(Stage::After, "InsertOrder"))
            .collect();
        assert_eq!(passes, [false, false, true]);
        assert!(
            Target::parse("before:Advance")
                .unwrap()
                .strikes(Stage::Before, "Advance")
        );
        for wrong in [
            "",
            "after",
            "during:Advance",
            "after:Advance:0",
            "after:Advance:x",
            "after:Advance:1:2",
        ] {
            assert_eq!(Target::parse(wrong), None, "{wrong}");
        }
    }
}
