//! AWS' own Runtime Interface Emulator, out of the wheel of aws-sam-cli, with a function in it.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use super::start;
use crate::counterpart::free_port;
use crate::python::Environment;

/// For how long the emulator may take to listen, and a function to answer.
const MOST: Duration = Duration::from_secs(30);

/// Clock ticks of `/proc` in a second, on every Linux that Rust runs on.
const TICKS_PER_S: f64 = 100.0;

/// Where the wheel has the emulator.
pub fn find(environment: &Environment) -> Result<PathBuf> {
    let script = "import samcli.local.rapid, pathlib; print(pathlib.Path(samcli.local.rapid.__path__[0]))";
    let output = environment
        .command("python")
        .args(["-c", script])
        .output()
        .context("could not start python")?;
    let folder = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    let name = match std::env::consts::ARCH {
        "aarch64" => "aws-lambda-rie-arm64",
        _ => "aws-lambda-rie-x86_64",
    };
    let path = folder.join(name);
    ensure!(path.exists(), "aws-sam-cli has no {name}");
    Ok(path)
}

/// A running emulator. It ends with this value, and the function with it.
pub struct Emulator {
    child: Child,
    port: u16,
}

/// What a function used.
#[derive(Debug, Clone, Copy)]
pub struct Used {
    /// The most memory that it had at one time, in KiB.
    pub peak_kib: u64,
    /// Its CPU time so far.
    pub cpu_ms: f64,
}

impl Emulator {
    /// Starts the emulator. The function itself starts with its first event.
    pub fn start(
        emulator: &Path,
        bootstrap: &Path,
        function: &str,
        variables: &BTreeMap<String, String>,
    ) -> Result<Self> {
        let port = free_port()?;
        let mut command = start::command(emulator, function, variables);
        command
            .arg("--runtime-interface-emulator-address")
            .arg(format!("127.0.0.1:{port}"))
            .arg("--runtime-api-address")
            .arg(format!("127.0.0.1:{}", free_port()?))
            .args(["--log-level", "error"])
            .arg(bootstrap)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let child = command.spawn().context("could not start the emulator")?;
        let emulator = Self { child, port };
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            ensure!(begun.elapsed() < MOST, "the emulator does not listen");
            std::thread::sleep(Duration::from_millis(2));
        }
        Ok(emulator)
    }

    /// Calls the function with this event, and how long that took.
    pub fn invoke(&self, event: &str) -> Result<Duration> {
        let begun = Instant::now();
        let answer = self.post(event).context("the emulator did not answer")?;
        let took = begun.elapsed();
        let (head, body) = answer
            .split_once("\r\n\r\n")
            .context("the emulator's answer has no body")?;
        ensure!(head.contains(" 200 "), "the emulator answered {head}");
        succeeded(body)?;
        Ok(took)
    }

    /// HTTP/1.0, so that the answer ends with the connection.
    fn post(&self, event: &str) -> std::io::Result<String> {
        let mut connection = TcpStream::connect(("127.0.0.1", self.port))?;
        connection.set_read_timeout(Some(MOST))?;
        connection.set_nodelay(true)?;
        let length = event.len();
        let path = "/2015-03-31/functions/function/invocations";
        let request =
            format!("POST {path} HTTP/1.0\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n{event}");
        connection.write_all(request.as_bytes())?;
        let mut answer = String::new();
        connection.read_to_string(&mut answer)?;
        Ok(answer)
    }

    /// What the function used since it started.
    pub fn used(&self) -> Result<Used> {
        let pid = self.function_pid()?;
        let read = |name: &str| {
            let path = format!("/proc/{pid}/{name}");
            fs::read_to_string(&path).with_context(|| format!("could not read {path}"))
        };
        let peak_kib = read("status")?
            .lines()
            .find_map(|line| {
                line.strip_prefix("VmHWM:")?
                    .trim()
                    .strip_suffix(" kB")?
                    .parse()
                    .ok()
            })
            .context("the process has no VmHWM")?;
        let ticks = ticks(&read("stat")?).context("the process has no times")?;
        Ok(Used {
            peak_kib,
            cpu_ms: ticks as f64 * 1_000.0 / TICKS_PER_S,
        })
    }

    /// The emulator's only child.
    fn function_pid(&self) -> Result<u32> {
        for entry in fs::read_dir("/proc").context("there is no /proc")? {
            let name = entry.context("could not read /proc")?.file_name();
            let Some(pid) = name.to_str().and_then(|name| name.parse::<u32>().ok()) else {
                continue;
            };
            // One that ended meanwhile is not ours.
            let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            if field(&stat, 4) == Some(u64::from(self.child.id())) {
                return Ok(pid);
            }
        }
        bail!("the emulator has started no function")
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        // The function loses its interface with the emulator, and ends by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An answer that says the function failed, or refused the event, is no measurement.
fn succeeded(body: &str) -> Result<()> {
    let Ok(answer) = serde_json::from_str::<Value>(body) else {
        bail!("the function answered no JSON: {body}")
    };
    let status = answer["statusCode"].as_u64();
    let failures = answer["batchItemFailures"].as_array().map_or(0, Vec::len);
    ensure!(
        answer.get("errorType").is_none() && status.is_none_or(|status| status < 300) && failures == 0,
        "the function answered {body}"
    );
    Ok(())
}

/// User and system time, of `/proc/PID/stat`.
fn ticks(stat: &str) -> Option<u64> {
    Some(field(stat, 14)? + field(stat, 15)?)
}

/// A numbered field of `/proc/PID/stat`, from 4 on. The second is a name in parentheses that may have spaces.
fn field(stat: &str, number: usize) -> Option<u64> {
    let (_, rest) = stat.rsplit_once(") ")?;
    rest.split(' ').nth(number - 3)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_read_though_its_name_has_spaces() {
        let stat = "77 (a ) b) S 42 77 77 0 -1 4194560 1 2 3 4 250 50 0 0 20 0";
        assert_eq!(field(stat, 4), Some(42));
        assert_eq!(ticks(stat), Some(300));
    }

    #[test]
    fn a_failure_is_no_measurement() {
        assert!(succeeded(r#"{"statusCode":200,"body":"{}"}"#).is_ok());
        assert!(succeeded("null").is_ok());
        assert!(succeeded(r#"{"batchItemFailures":[]}"#).is_ok());
        assert!(succeeded(r#"{"errorType":"StoreFailed","errorMessage":"x"}"#).is_err());
        assert!(succeeded(r#"{"statusCode":400,"body":"{}"}"#).is_err());
        assert!(succeeded(r#"{"batchItemFailures":[{"itemIdentifier":"1"}]}"#).is_err());
    }
}
