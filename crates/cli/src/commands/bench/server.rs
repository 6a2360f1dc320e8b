//! The server that is measured: a process of its own from the same binary, or one that runs elsewhere.

use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::{Duration, Instant};

use domain::OrderStatus;
use http::Method;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use super::http::OrderRequest;
use super::process;
use crate::client::Client;
use crate::failure::Failure;

/// What a server says on standard error once it takes requests.
const LISTENING: &str = "listening on ";
/// More stock than any benchmark takes; the catalogue's own bound.
const STOCK: u32 = 1_000_000_000;

/// A server under load.
pub struct Server {
    process: Option<Process>,
    address: SocketAddr,
    admin: Client,
    request: OrderRequest,
    /// From the start of the process to the first answer that it is ready; `None` when it ran before.
    pub ready_ms: Option<f64>,
}

/// What a server did so far.
#[derive(Debug, Clone, Copy)]
pub struct Counts {
    /// Transactions committed.
    pub commits: u64,
    /// Commands in them.
    pub commands: u64,
    /// Number of the newest change.
    pub latest_change: u64,
    /// How often it allocated memory; `None` when it doesn't count that.
    pub allocations: Option<u64>,
}

impl Server {
    /// Starts this binary with these arguments on the data directory, waits until it is ready and makes a key of a plan
    /// of its own, without limits.
    pub fn start(data: &Path, arguments: &[&str]) -> Result<Self, Failure> {
        let started = Instant::now();
        let (process, url) = Process::start(data, arguments)?;
        Client::new(&url, None).get::<Value>("/ready")?;
        let ready_ms = started.elapsed().as_secs_f64() * 1000.0;
        let key = std::fs::read_to_string(data.join("admin.key"))
            .map_err(|error| Failure::because("could not read the server's admin key", error))?;
        let admin = Client::new(&url, Some(key.trim().to_owned()));
        Ok(Self {
            process: Some(process),
            ready_ms: Some(ready_ms),
            ..Self::prepare(&url, admin)?
        })
    }

    /// Prepares a server that runs at `url`, with its admin key.
    pub fn prepare(url: &str, admin: Client) -> Result<Self, Failure> {
        let address = resolve(url)?;
        let name = format!("bench-{}", uuid::Uuid::now_v7().simple());
        // Its own plan, with no limit at all.
        let wanted = json!({ "name": name, "ratePerS": null, "burst": null, "quota": null });
        let key = admin.send(Method::POST, "/admin/keys", Some(&wanted), &[])?.body;
        let secret = key["key"].as_str().unwrap_or_default();
        Ok(Self {
            process: None,
            address,
            request: OrderRequest::new(address, secret),
            admin,
            ready_ms: None,
        })
    }

    /// Puts enough of the product into stock.
    pub fn fill_stock(&self) -> Result<(), Failure> {
        let price = serde_json::from_str("29.99").unwrap_or(Value::Null);
        let product = json!({ "name": "Coffee mug", "price": price, "currency": "USD", "stock": STOCK });
        self.admin
            .send(Method::PUT, "/products/PROD-001", Some(&product), &[])?;
        Ok(())
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The order that the load sends, with the key made for it.
    pub fn request(&self) -> &OrderRequest {
        &self.request
    }

    /// A client with the admin key.
    pub fn admin(&self) -> &Client {
        &self.admin
    }

    /// What it did so far.
    pub fn counts(&self) -> Result<Counts, Failure> {
        let status: Value = self.admin.get("/admin/status")?;
        let count = |name: &str| status[name].as_u64();
        Ok(Counts {
            commits: count("commits").unwrap_or_default(),
            commands: count("commands").unwrap_or_default(),
            latest_change: count("latestChange").unwrap_or_default(),
            allocations: count("allocations"),
        })
    }

    /// Whether there's an order with this status.
    pub fn has_orders(&self, status: OrderStatus) -> Result<bool, Failure> {
        let page: Value = self.admin.get(&format!("/orders?status={status}&limit=1"))?;
        Ok(page["orders"].as_array().is_some_and(|orders| !orders.is_empty()))
    }

    /// Its CPU time so far; `None` when it is no process of ours.
    pub fn cpu_time(&self) -> Result<Option<Duration>, Failure> {
        self.of_process(process::cpu_time)
    }

    /// Its peak memory so far in bytes; `None` when it is no process of ours.
    pub fn peak_memory_bytes(&self) -> Result<Option<u64>, Failure> {
        self.of_process(process::peak_memory_bytes)
    }

    fn of_process<T>(&self, read: impl FnOnce(u32) -> std::io::Result<T>) -> Result<Option<T>, Failure> {
        let read = self.process.as_ref().map(|process| read(process.child.id()));
        read.transpose()
            .map_err(|error| Failure::because("could not read the server's figures from /proc", error))
    }

    /// Asks the process to stop and waits until it has; a server that ran before goes on.
    pub fn stop(self) -> Result<(), Failure> {
        self.process.map_or(Ok(()), |process| process.end(Signal::TERM))
    }

    /// Kills the process, as a power cut would.
    pub fn kill(self) -> Result<(), Failure> {
        self.process.map_or(Ok(()), |process| process.end(Signal::KILL))
    }
}

/// A server's process. However the benchmark ends, it ends too.
struct Process {
    child: Child,
    /// Stays open: a server whose standard error is closed can't say anything any more.
    stderr: BufReader<ChildStderr>,
}

impl Process {
    /// Starts this binary and returns once it says its URL.
    fn start(data: &Path, arguments: &[&str]) -> Result<(Self, String), Failure> {
        let failed = |error| Failure::because("could not start a server to measure", error);
        let binary = std::env::current_exe().map_err(failed)?;
        let mut child = Command::new(binary)
            .args(arguments)
            .arg("--data")
            .arg(data)
            .args(["--listen", "127.0.0.1:0"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(failed)?;
        let Some(stderr) = child.stderr.take() else {
            return Err(Failure::failed("the server's standard error can't be read"));
        };
        let mut process = Self {
            child,
            stderr: BufReader::new(stderr),
        };
        let url = read_url(&mut process.stderr)?;
        Ok((process, url))
    }

    fn end(mut self, signal: Signal) -> Result<(), Failure> {
        let failed = |error: std::io::Error| Failure::because("could not stop the server", error);
        kill_process(Pid::from_child(&self.child), signal).map_err(|error| failed(error.into()))?;
        self.child.wait().map_err(failed)?;
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // There's nobody left to tell that it was gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads what a starting server says, up to its URL.
fn read_url(stderr: &mut impl BufRead) -> Result<String, Failure> {
    let mut said = String::new();
    loop {
        let mut line = String::new();
        let read = stderr
            .read_line(&mut line)
            .map_err(|error| Failure::because("the server's standard error can't be read", error))?;
        if let Some(url) = line.trim_end().strip_prefix(LISTENING) {
            return Ok(url.to_owned());
        }
        if read == 0 {
            return Err(Failure::failed(format!(
                "the server did not start: {}",
                said.trim()
            )));
        }
        said.push_str(&line);
    }
}

/// The address that a URL such as `http://127.0.0.1:8080` leads to.
fn resolve(url: &str) -> Result<SocketAddr, Failure> {
    let wrong = || Failure::usage(format!("{url} is no URL such as http://127.0.0.1:8080"));
    let uri: http::Uri = url.parse().map_err(|_| wrong())?;
    if uri.scheme_str() != Some("http") {
        return Err(wrong());
    }
    let host = uri.host().ok_or_else(wrong)?.trim_matches(['[', ']']);
    (host, uri.port_u16().unwrap_or(80))
        .to_socket_addrs()
        .ok()
        .and_then(|mut addresses| addresses.next())
        .ok_or_else(wrong)
}

/// Where a server of the benchmark's own keeps its data: the named directory, or one that goes with the benchmark.
pub enum DataDirectory {
    /// The user's.
    Named(PathBuf),
    /// Removed at the end.
    Temporary(tempfile::TempDir),
}

impl DataDirectory {
    /// The named directory, or a new one.
    pub fn new(named: Option<&Path>) -> Result<Self, Failure> {
        match named {
            Some(path) => Ok(Self::Named(path.to_owned())),
            None => tempfile::Builder::new()
                .prefix("ordermill-bench-")
                .tempdir()
                .map(Self::Temporary)
                .map_err(|error| Failure::because("could not make a temporary directory", error)),
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        match self {
            Self::Named(path) => path,
            Self::Temporary(directory) => directory.path(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_leads_to_an_address() {
        for (url, address) in [
            ("http://127.0.0.1:8080", "127.0.0.1:8080"),
            ("http://127.0.0.1", "127.0.0.1:80"),
            ("http://[::1]:81/", "[::1]:81"),
        ] {
            assert_eq!(resolve(url).unwrap().to_string(), address);
        }
        for url in ["https://127.0.0.1", "127.0.0.1:80", "http://", "nonsense"] {
            assert!(resolve(url).is_err(), "{url}");
        }
    }
}
