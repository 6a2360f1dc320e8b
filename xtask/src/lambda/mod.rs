//! The Lambda functions as they are deployed: built by `sam build`, weighed, and timed one by one.
//!
//! `cargo xtask bench-lambda` runs each bootstrap under AWS' own Runtime Interface Emulator with the events that are
//! recorded beside it, in `lambdas/*/events`; what it calls of AWS is the counterpart's, in a stack of the project's
//! template. The counterpart is written in Python and answers slower than AWS, so a request's CPU time says more of a
//! function than its time by the clock.

mod emulator;
mod glibc;
mod report;
pub mod sam;
mod start;

use std::collections::BTreeMap;
use std::fs;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::counterpart::{self, Counterpart};
use crate::python;
use crate::run::{say, talk_to_stderr};
use emulator::Emulator;
use report::{EventFigures, FunctionFigures, Report};
use sam::Bootstrap;

/// The functions, by the folders of `lambdas`.
pub fn functions(root: &Path) -> Result<Vec<String>> {
    let folder = root.join("lambdas");
    let mut names = Vec::new();
    for entry in folder
        .read_dir()
        .with_context(|| format!("could not read {}", folder.display()))?
    {
        let entry = entry.with_context(|| format!("could not read {}", folder.display()))?;
        if entry.path().join("Cargo.toml").exists() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    ensure!(!names.is_empty(), "there is no function in {}", folder.display());
    names.sort();
    Ok(names)
}

/// What the command line asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Options {
    /// How often each event is sent to a function that runs.
    requests: usize,
    /// How often each function is started.
    starts: usize,
    is_json: bool,
    is_built: bool,
}

impl Options {
    fn parse(words: &[String]) -> Result<Self> {
        let mut options = Self {
            requests: 500,
            starts: 7,
            is_json: false,
            is_built: false,
        };
        let mut words = words.iter().map(String::as_str);
        while let Some(word) = words.next() {
            let mut count = || -> Result<usize> {
                let value = words.next().and_then(|value| value.parse().ok());
                value
                    .filter(|count| (1..=100_000).contains(count))
                    .with_context(|| format!("{word} takes a number from 1 to 100000"))
            };
            match word {
                "--requests" => options.requests = count()?,
                "--starts" => options.starts = count()?,
                "--no-build" => options.is_built = true,
                "--output" => match words.next() {
                    Some("json") => options.is_json = true,
                    Some("table") => options.is_json = false,
                    _ => bail!("--output takes table or json"),
                },
                _ => bail!("bench-lambda has no option {word}; see cargo xtask help"),
            }
        }
        Ok(options)
    }
}

/// The command: builds, measures, and writes a table or JSON to standard output; all else goes to standard error.
pub fn bench(root: &Path, words: &[String]) -> Result<()> {
    let options = Options::parse(words)?;
    talk_to_stderr();
    let bootstraps = if options.is_built {
        sam::built(root)?
    } else {
        sam::build(root, sam::Architecture::of_this_machine()?)?
    };
    let tools = python::environment(root, python::TOOLS, &["samcli.cli.main"])?;
    let emulator = emulator::find(&tools)?;
    let environment = counterpart::environment(root)?;
    let counterpart = Counterpart::start(root, &environment, None)?;
    let stack = Stack::deploy(root, &environment, &counterpart)?;
    let mut report = Report::new(options.requests, options.starts);
    for (index, bootstrap) in bootstraps.iter().enumerate() {
        let bench = Bench {
            emulator: &emulator,
            bootstrap,
            stack: &stack,
            variables: stack.variables_of(&bootstrap.function, &counterpart)?,
            options,
        };
        let progress = format!("[{}/{}] {}", index + 1, bootstraps.len(), bootstrap.function);
        report.functions.push(bench.function(root, &progress)?);
    }
    let text = if options.is_json {
        report.json()?
    } else {
        report.table()
    };
    writeln!(std::io::stdout(), "{text}").context("could not write the figures")
}

/// The stack on the counterpart, as `bench_stack.py` tells of it.
struct Stack(Value);

impl Stack {
    fn deploy(root: &Path, environment: &python::Environment, counterpart: &Counterpart) -> Result<Self> {
        say("deploying the stack to the counterpart");
        let output = environment
            .command("python")
            .arg("crates/aws/tests/e2e/bench_stack.py")
            .current_dir(root)
            .env("ORDERMILL_LAMBDAS", root.join(sam::FOLDER))
            .env("ORDERMILL_AWS_ENDPOINT", counterpart.endpoint())
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stderr(Stdio::inherit())
            .output()
            .context("could not start python")?;
        ensure!(output.status.success(), "the stack was not deployed; it said why");
        let told = serde_json::from_slice(&output.stdout).context("bench_stack.py wrote no JSON")?;
        Ok(Self(told))
    }

    fn text(&self, name: &str) -> Result<&str> {
        self.0[name]
            .as_str()
            .with_context(|| format!("bench_stack.py told no {name}"))
    }

    /// The function's environment as the stack sets it, with credentials and the counterpart's address as Lambda would.
    fn variables_of(&self, function: &str, counterpart: &Counterpart) -> Result<BTreeMap<String, String>> {
        let set = self.0["variables"][function]
            .as_object()
            .with_context(|| format!("the stack has no function {function}"))?;
        let set = set
            .iter()
            .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())));
        let by_lambda = [
            ("AWS_REGION", self.text("region")?.to_owned()),
            ("AWS_ACCESS_KEY_ID", "test".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
            ("AWS_ENDPOINT_URL", counterpart.endpoint()),
        ];
        let by_lambda = by_lambda.map(|(name, value)| (name.to_owned(), value));
        Ok(set.chain(by_lambda).collect())
    }

    /// A recorded event, about the order that the stack has.
    fn fill(&self, event: &str) -> Result<String> {
        Ok(event
            .replace("{{orderId}}", self.text("orderId")?)
            .replace("{{createdAt}}", self.text("createdAt")?))
    }

    fn zipped_bytes(&self, function: &str) -> Result<u64> {
        self.0["zippedBytes"][function]
            .as_u64()
            .with_context(|| format!("bench_stack.py told no size of {function}"))
    }
}

/// One function, ready to be measured.
struct Bench<'a> {
    emulator: &'a Path,
    bootstrap: &'a Bootstrap,
    stack: &'a Stack,
    variables: BTreeMap<String, String>,
    options: Options,
}

impl Bench<'_> {
    fn function(&self, root: &Path, progress: &str) -> Result<FunctionFigures> {
        let Bootstrap {
            function,
            path,
            glibc,
        } = self.bootstrap;
        let mut starts = Vec::with_capacity(self.options.starts);
        for count in 0..self.options.starts {
            show(&format!("{progress}: start {count}"));
            starts.push(start::measure(path, function, &self.variables)?);
        }
        let mut events = Vec::new();
        for event in recorded(root, function)? {
            let name = event
                .file_stem()
                .map(|name| name.to_string_lossy().into_owned())
                .unwrap_or_default();
            let figures = self.event(&event, &format!("{progress}: {name}"));
            events.push((
                name,
                figures.with_context(|| format!("could not measure {}", event.display()))?,
            ));
        }
        show("");
        say(format!("{progress} measured"));
        Ok(FunctionFigures {
            function: function.clone(),
            bootstrap_bytes: path.metadata().context("the bootstrap is gone")?.len(),
            zipped_bytes: self.stack.zipped_bytes(function)?,
            glibc: glibc.to_string(),
            starts,
            events,
        })
    }

    fn event(&self, path: &Path, progress: &str) -> Result<EventFigures> {
        let event = fs::read_to_string(path).context("could not read it")?;
        let event = self.stack.fill(&event)?;
        let Bootstrap { function, path, .. } = self.bootstrap;
        let start = || Emulator::start(self.emulator, path, function, &self.variables);
        let mut firsts = Vec::with_capacity(self.options.starts);
        let mut running = None;
        for count in 0..self.options.starts {
            show(&format!("{progress}, first request {count}"));
            drop(running.take());
            let emulator = start()?;
            firsts.push(emulator.invoke(&event)?);
            running = Some(emulator);
        }
        let emulator = running.context("nothing was started")?;
        let before = emulator.used()?;
        let mut warm: Vec<Duration> = Vec::with_capacity(self.options.requests);
        for count in 0..self.options.requests {
            if count % 50 == 0 {
                show(&format!("{progress}, request {count}"));
            }
            warm.push(emulator.invoke(&event)?);
        }
        let after = emulator.used()?;
        Ok(EventFigures {
            firsts,
            warm,
            cpu_ms: (after.cpu_ms - before.cpu_ms) / self.options.requests as f64,
            peak_kib: after.peak_kib,
        })
    }
}

/// The function's recorded events, by name.
fn recorded(root: &Path, function: &str) -> Result<Vec<PathBuf>> {
    let folder = root.join("lambdas").join(function).join("events");
    let entries = fs::read_dir(&folder).with_context(|| format!("could not read {}", folder.display()))?;
    let mut events: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    events.sort();
    ensure!(!events.is_empty(), "{function} has no recorded event");
    Ok(events)
}

/// Shows what is being done, on one line of a terminal.
fn show(progress: &str) {
    let mut stderr = std::io::stderr();
    if stderr.is_terminal() {
        // That nobody sees it is nothing to fail for.
        let _ = write!(stderr, "\r\x1b[K{progress}");
        let _ = stderr.flush();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read_or_named() {
        let parse = |text: &str| Options::parse(&text.split(' ').map(str::to_owned).collect::<Vec<_>>());
        let options = parse("--requests 20 --starts 3 --output json --no-build").unwrap();
        assert_eq!((options.requests, options.starts), (20, 3));
        assert!(options.is_json && options.is_built);
        for wrong in ["--requests 0", "--requests x", "--output xml", "--fast"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn every_function_has_an_event_and_every_event_is_json() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        for function in functions(&root).unwrap() {
            for event in recorded(&root, &function).unwrap() {
                let text = fs::read_to_string(&event).unwrap();
                assert!(
                    serde_json::from_str::<Value>(&text).unwrap().is_object(),
                    "{}",
                    event.display()
                );
            }
        }
    }
}
