//! The real binary as a child process: started on a data directory, listened to, killed.

use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::CrashError;

/// How long a start may take until the server listens. A bound for a run that hangs, not a measure.
const START_DEADLINE: Duration = Duration::from_secs(60);
/// How long it may take to end once it was told to.
const END_DEADLINE: Duration = Duration::from_secs(60);
/// Between two looks at a process that has no event to wait for.
const LOOK: Duration = Duration::from_millis(2);

/// What the server is started with, the same each time.
#[derive(Debug, Clone)]
pub(super) struct Start {
    pub(super) data: PathBuf,
    /// Everything that it says, of all its starts.
    pub(super) log: PathBuf,
    pub(super) options: Vec<String>,
}

/// A server that runs, or has died.
pub(super) struct Server {
    child: Child,
    listening: Receiver<String>,
    url: Option<String>,
}

impl Start {
    /// Starts the server; it may not listen yet.
    pub(super) fn spawn(&self, binary: &Path, environment: &[(&str, String)]) -> Result<Server, CrashError> {
        let failed = |source| CrashError::Binary {
            path: binary.to_owned(),
            source,
        };
        let mut command = Command::new(binary);
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--log", "warn", "--data"])
            .arg(&self.data)
            .args(&self.options)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        for (name, value) in environment {
            command.env(name, value);
        }
        let mut log = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&self.log)
            .map_err(failed)?;
        let mut child = command.spawn().map_err(failed)?;
        let (found, listening) = channel();
        if let Some(stderr) = child.stderr.take() {
            // Ends when the process does.
            std::thread::spawn(move || {
                for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                    // A line that isn't kept is missed by nobody but who looks for a reason.
                    let _ = writeln!(log, "{line}");
                    if let Some(url) = line.strip_prefix("listening on ") {
                        let _ = found.send(url.trim().to_owned());
                    }
                }
            });
        }
        Ok(Server {
            child,
            listening,
            url: None,
        })
    }
}

impl Server {
    /// Waits until it listens, and says where; `None` when it died before.
    pub(super) fn url(&mut self) -> Result<Option<String>, CrashError> {
        if self.url.is_none() {
            self.url = match self.listening.recv_timeout(START_DEADLINE) {
                Ok(url) => Some(url),
                Err(RecvTimeoutError::Disconnected) => None,
                Err(RecvTimeoutError::Timeout) => return Err(CrashError::NotListening),
            };
        }
        Ok(self.url.clone())
    }

    /// SIGKILL: nothing is flushed, closed or answered.
    pub(super) fn kill(&mut self) -> Result<ExitStatus, CrashError> {
        // It may be dead already, which is as good.
        let _ = self.child.kill();
        self.child.wait().map_err(CrashError::Process)
    }

    /// SIGTERM, and waits for its end.
    pub(super) fn terminate(&mut self) -> Result<ExitStatus, CrashError> {
        if let Some(pid) = Pid::from_raw(i32::try_from(self.child.id()).unwrap_or(0)) {
            kill_process(pid, Signal::TERM).map_err(|e| CrashError::Process(e.into()))?;
        }
        match self.ended_within(END_DEADLINE)? {
            Some(status) => Ok(status),
            None => Err(CrashError::NotStopping),
        }
    }

    /// Waits for it to die by itself; `None` when it still lives after that time.
    pub(super) fn ended_within(&mut self, time: Duration) -> Result<Option<ExitStatus>, CrashError> {
        let deadline = Instant::now() + time;
        loop {
            if let Some(status) = self.child.try_wait().map_err(CrashError::Process)? {
                return Ok(Some(status));
            }
            if Instant::now() >= deadline {
                return Ok(None);
            }
            std::thread::sleep(LOOK);
        }
    }
}

/// Whatever becomes of a run, no server of it stays behind.
impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.kill();
    }
}
