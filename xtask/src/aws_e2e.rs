//! The AWS side against a counterpart that runs here: `ministack`, pinned, on a port of its own.
//!
//! The functions are built as the tests build everything else, so that hardly anything is compiled twice; the deployment and
//! its tests are in `crates/aws/tests/e2e`. What the counterpart does otherwise than AWS is in `docs/ministack.md`.

use std::fs::File;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Child;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::python::{self, Environment};
use crate::run::{cargo, reading, say, succeeds};
use crate::suites::Tally;
use crate::{check, e2e};

/// How long the counterpart may take to start; on an idle machine it takes a second or two.
const START: Duration = Duration::from_secs(60);

/// Deploys the template to the counterpart and runs the tests of the deployed system, and those of the adapters.
pub fn run(root: &Path) -> Result<Tally> {
    let mut build = cargo(root, ["build", "--package", "cli"]);
    for function in functions(root)? {
        build.arg("--package").arg(function);
    }
    ensure!(succeeds(&mut build)?, "the functions do not build");
    let server = e2e::build(root, "cli", &[])?;
    let binaries = server.parent().context("the server's binary is in no folder")?;
    let environment = environment(root)?;
    let mut tally = adapters(root, &environment)?;
    let counterpart = Counterpart::start(root, &environment)?;
    let mut command = environment.command("python");
    command
        .args(["-m", "unittest", "discover", "--verbose"])
        .args(["--start-directory", "crates/aws/tests/e2e"])
        .current_dir(root)
        .env("ORDERMILL_BIN", &server)
        .env("ORDERMILL_LAMBDAS", binaries)
        .env("ORDERMILL_AWS_ENDPOINT", counterpart.endpoint())
        .env("PYTHONDONTWRITEBYTECODE", "1");
    let deployed = e2e::unittest(&command)?;
    tally.passed += deployed.passed;
    tally.failed += deployed.failed;
    Ok(tally)
}

fn environment(root: &Path) -> Result<Environment> {
    python::environment(
        root,
        python::COUNTERPART,
        &["boto3", "ministack", "samtranslator"],
    )
}

/// `cargo test --package aws` with the counterpart's address.
fn adapters(root: &Path, environment: &Environment) -> Result<Tally> {
    let counterpart = Counterpart::start(root, environment)?;
    let mut command = cargo(root, ["test", "--package", "aws", "--features", "counterpart"]);
    command.env("ORDERMILL_AWS_ENDPOINT", counterpart.endpoint());
    let mut tally = Tally::default();
    let success = reading(&mut command, |line| check::add_result(line, &mut tally))?;
    Ok(tally.with_exit(success))
}

/// The functions, by the folders of `lambdas`.
fn functions(root: &Path) -> Result<Vec<String>> {
    let folder = root.join("lambdas");
    let mut names = Vec::new();
    for entry in folder
        .read_dir()
        .with_context(|| format!("could not read {}", folder.display()))?
    {
        let entry = entry.with_context(|| format!("could not read {}", folder.display()))?;
        if entry.path().is_dir() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    ensure!(!names.is_empty(), "there is no function in {}", folder.display());
    names.sort();
    Ok(names)
}

/// A running counterpart. It ends with this value.
struct Counterpart {
    child: Child,
    port: u16,
}

impl Counterpart {
    /// Starts one and waits until it answers. What it says goes to `target/ministack.log`.
    fn start(root: &Path, environment: &Environment) -> Result<Self> {
        let port = free_port()?;
        let log_path = root.join("target/ministack.log");
        let log =
            File::create(&log_path).with_context(|| format!("could not make {}", log_path.display()))?;
        let errors = log.try_clone().context("could not share the counterpart's log")?;
        let mut command = environment.command("ministack");
        command
            .env("BIND_HOST", "127.0.0.1")
            .env("MINISTACK_HOST", "127.0.0.1")
            .env("GATEWAY_PORT", port.to_string())
            // Its functions call it back here.
            .env("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{port}"))
            .current_dir(root.join("target"))
            .stdout(log)
            .stderr(errors);
        let child = command.spawn().context("could not start ministack")?;
        let mut counterpart = Self { child, port };
        counterpart.wait(&log_path)?;
        say(format!("the counterpart listens on {}", counterpart.endpoint()));
        Ok(counterpart)
    }

    fn endpoint(&self) -> String {
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
fn free_port() -> Result<u16> {
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

/// Runs the adapters' tests only.
pub fn adapters_only(root: &Path) -> Result<Tally> {
    adapters(root, &environment(root)?)
}
