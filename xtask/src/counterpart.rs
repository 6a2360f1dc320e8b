//! The counterpart of AWS that the tests run against: `ministack`, pinned, on a port of its own.

use std::fs::File;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Child;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::python::{self, Environment};
use crate::run::say;

/// How long the counterpart may take to start; on an idle machine it takes a second or two.
const START: Duration = Duration::from_secs(60);

/// The counterpart and what talks to it.
pub fn environment(root: &Path) -> Result<Environment> {
    python::environment(
        root,
        python::COUNTERPART,
        &["boto3", "ministack", "samtranslator"],
    )
}

/// A running counterpart. It ends with this value.
pub struct Counterpart {
    child: Child,
    port: u16,
}

impl Counterpart {
    /// Starts one and waits until it answers. What it says goes to `target/ministack.log`.
    ///
    /// Its functions call AWS at the port `called_by_functions` if there is one, else at its own.
    pub fn start(root: &Path, environment: &Environment, called_by_functions: Option<u16>) -> Result<Self> {
        let port = free_port()?;
        let called = called_by_functions.unwrap_or(port);
        let log_path = root.join("target/ministack.log");
        let log =
            File::create(&log_path).with_context(|| format!("could not make {}", log_path.display()))?;
        let errors = log.try_clone().context("could not share the counterpart's log")?;
        let mut command = environment.command("ministack");
        command
            .env("BIND_HOST", "127.0.0.1")
            .env("MINISTACK_HOST", "127.0.0.1")
            .env("GATEWAY_PORT", port.to_string())
            .env("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{called}"))
            .current_dir(root.join("target"))
            .stdout(log)
            .stderr(errors);
        let child = command.spawn().context("could not start ministack")?;
        let mut counterpart = Self { child, port };
        counterpart.wait(&log_path)?;
        say(format!("the counterpart listens on {}", counterpart.endpoint()));
        Ok(counterpart)
    }

    /// Its address, for the SDKs' `AWS_ENDPOINT_URL`.
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    fn wait(&mut self, log: &Path) -> Result<()> {
        let start = Instant::now();
        while start.elapsed() < START {
            if let Some(status) = self.child.try_wait().context("lost ministack")? {
                bail!("ministack ended with {status}; see {}", log.display());
            }
            if is_healthy(self.port) {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        bail!("ministack does not answer; see {}", log.display())
    }
}

impl Drop for Counterpart {
    fn drop(&mut self) {
        // It is gone already, or it goes now.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port that nobody has at this moment.
pub fn free_port() -> Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).context("could not get a port")?;
    Ok(listener.local_addr().context("could not get a port")?.port())
}

fn is_healthy(port: u16) -> bool {
    let ask = || -> std::io::Result<String> {
        let mut connection = TcpStream::connect(("127.0.0.1", port))?;
        connection.set_read_timeout(Some(Duration::from_secs(5)))?;
        connection
            .write_all(b"GET /_ministack/health HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")?;
        let mut answer = String::new();
        connection.read_to_string(&mut answer)?;
        Ok(answer)
    };
    ask().is_ok_and(|answer| answer.starts_with("HTTP/1.1 200"))
}
