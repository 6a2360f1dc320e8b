//! How long a function takes to start: from the start of its process until it asks Lambda for its first event.
//!
//! Lambda's runtime interface is a listener here that never answers. The emulator can't tell: it starts a function with
//! the first event and reports both in one.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

/// What every function's environment has in Lambda beside its own variables.
const BY_LAMBDA: [(&str, &str); 3] = [
    ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
    ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512"),
    ("RUST_LOG", "info"),
];

/// How often it is looked whether the function has connected.
const LOOK: Duration = Duration::from_micros(100);

/// A start that takes longer has failed.
const MOST: Duration = Duration::from_secs(10);

/// The command that runs a function's binary with its environment and nothing else.
pub fn command(program: &Path, function: &str, variables: &BTreeMap<String, String>) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .env("AWS_LAMBDA_FUNCTION_NAME", function)
        .envs(BY_LAMBDA)
        .envs(variables)
        .stdin(Stdio::null());
    command
}

/// One start.
pub fn measure(program: &Path, function: &str, variables: &BTreeMap<String, String>) -> Result<Duration> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).context("could not listen")?;
    listener
        .set_nonblocking(true)
        .context("could not listen without waiting")?;
    let address = listener.local_addr().context("could not listen")?;
    let mut command = command(program, function, variables);
    command
        .env("AWS_LAMBDA_RUNTIME_API", address.to_string())
        .stderr(Stdio::null());
    let begun = Instant::now();
    let mut child = command
        .spawn()
        .with_context(|| format!("could not start {}", program.display()))?;
    let asked = first_question(&listener, &mut child, begun);
    // It waits for an event that never comes.
    let _ = child.kill();
    let _ = child.wait();
    asked
}

fn first_question(listener: &TcpListener, child: &mut Child, begun: Instant) -> Result<Duration> {
    while begun.elapsed() < MOST {
        match listener.accept() {
            Ok((connection, _)) => return read_question(connection).map(|()| begun.elapsed()),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => return Err(error).context("could not accept the function's connection"),
        }
        if let Some(status) = child.try_wait().context("lost the function")? {
            bail!("the function ended with {status} before it asked for an event");
        }
        std::thread::sleep(LOOK);
    }
    bail!("the function did not ask for an event")
}

fn read_question(mut connection: TcpStream) -> Result<()> {
    connection
        .set_nonblocking(false)
        .context("could not wait for the question")?;
    connection
        .set_read_timeout(Some(MOST))
        .context("could not bound the wait for the question")?;
    let mut bytes = [0; 64];
    let count = connection
        .read(&mut bytes)
        .context("could not read the question")?;
    ensure!(
        bytes[..count].starts_with(b"GET /2018-06-01/runtime/invocation/next"),
        "the function asked something else first"
    );
    Ok(())
}
