//! A virtual environment for the tools that are written in Python, under `target/venv`.
//!
//! It is made on first use, kept while the pins stay the same, and made anew when they change or when it is broken. It
//! needs a `python3` and, the first time, a package index; nothing else.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};

use crate::run::say;

/// The oldest Python that the pinned packages run on.
const OLDEST: (u32, u32) = (3, 10);

/// A virtual environment that is ready to use.
#[derive(Debug)]
pub struct Environment {
    bin: PathBuf,
}

impl Environment {
    /// The program `name` of one of its packages.
    pub fn command(&self, name: &str) -> Command {
        Command::new(self.bin.join(name))
    }

    /// A `PATH` that finds its programs before the machine's.
    pub fn path(&self) -> Result<OsString> {
        let others = std::env::var_os("PATH").unwrap_or_default();
        let folders = std::iter::once(self.bin.clone()).chain(std::env::split_paths(&others));
        std::env::join_paths(folders).context("a folder of PATH has a colon in its name")
    }
}

/// What an environment is made from and where.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// Its packages, in `xtask`.
    requirements: &'static str,
    /// Its folder, in `target`.
    folder: &'static str,
}

/// The linters and whatever else tests from outside.
pub const TOOLS: Kind = Kind {
    requirements: "requirements.txt",
    folder: "venv",
};

/// The counterpart of AWS. Apart, for it and the linters want different versions of one package.
pub const COUNTERPART: Kind = Kind {
    requirements: "requirements-aws.txt",
    folder: "venv-aws",
};

/// The environment of this kind, made if need be. `modules` must be importable in it, or it counts as broken.
///
/// Whoever else asks for it meanwhile waits.
pub fn environment(root: &Path, kind: Kind, modules: &[&str]) -> Result<Environment> {
    let target = root.join("target");
    fs::create_dir_all(&target).with_context(|| format!("could not make {}", target.display()))?;
    let lock_path = target.join(format!("{}.lock", kind.folder));
    let lock = File::create(&lock_path).with_context(|| format!("could not make {}", lock_path.display()))?;
    lock.lock()
        .with_context(|| format!("could not lock {}", lock_path.display()))?;

    let requirements_path = root.join("xtask").join(kind.requirements);
    let requirements = fs::read_to_string(&requirements_path)
        .with_context(|| format!("could not read {}", requirements_path.display()))?;
    let directory = target.join(kind.folder);
    let stamp_path = directory.join("made-from.txt");
    let environment = Environment {
        bin: directory.join("bin"),
    };
    let version = python_version()?;
    let stamp = stamp(&version, &requirements);
    if fs::read_to_string(&stamp_path).is_ok_and(|found| found == stamp) {
        if imports(&environment, modules) {
            return Ok(environment);
        }
        say("the Python environment is broken; making it anew");
    }
    let start = Instant::now();
    say(format!(
        "making the Python environment {} (Python {version})",
        directory.display()
    ));
    make(&directory)?;
    install(&environment, &requirements_path, package_count(&requirements))?;
    ensure!(
        imports(&environment, modules),
        "the packages are installed, but can't be imported: {}",
        modules.join(", ")
    );
    // Last, so that what is broken off here is made anew the next time.
    fs::write(&stamp_path, stamp).with_context(|| format!("could not write {}", stamp_path.display()))?;
    say(format!("made it in {:.0} s", start.elapsed().as_secs_f64()));
    Ok(environment)
}

/// What an environment was made from. The whole text and no hash of it: there is nothing to collide.
fn stamp(version: &str, requirements: &str) -> String {
    format!("python {version}\n{requirements}")
}

fn package_count(requirements: &str) -> usize {
    requirements.lines().filter(|line| line.contains("==")).count()
}

fn python_version() -> Result<String> {
    let script = "import sys; print('%d.%d.%d' % sys.version_info[:3])";
    let output = Command::new("python3").args(["-c", script]).output();
    let output = output.context("could not start python3; install Python 3.10 or newer")?;
    let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    match parse_version(&version) {
        Some(found) if found >= OLDEST => Ok(version),
        Some(_) => bail!(
            "python3 is {version}; install Python {}.{} or newer",
            OLDEST.0,
            OLDEST.1
        ),
        None => bail!("python3 does not say its version, but {version:?}"),
    }
}

fn parse_version(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

fn make(directory: &Path) -> Result<()> {
    let output = Command::new("python3")
        .args(["-m", "venv", "--clear"])
        .arg(directory)
        .output();
    let output = output.context("could not start python3")?;
    ensure!(
        output.status.success(),
        "python3 -m venv failed (on Debian and Ubuntu it is in the package python3-venv):\n{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    Ok(())
}

/// Installs what `requirements` says, telling each of the `total` packages as its turn comes.
fn install(environment: &Environment, requirements: &Path, total: usize) -> Result<()> {
    let mut pip = environment.command("python");
    pip.args([
        "-m",
        "pip",
        "install",
        "--no-input",
        "--disable-pip-version-check",
        "--progress-bar",
        "off",
    ])
    .arg("--requirement")
    .arg(requirements)
    .stdout(Stdio::piped());
    let mut child = pip.spawn().context("could not start pip")?;
    let mut begun = 0;
    if let Some(stdout) = child.stdout.take() {
        for line in BufReader::new(stdout).lines() {
            let line = line.context("could not read from pip")?;
            // Lines without a version repeat a package on behalf of another.
            let package = line
                .strip_prefix("Collecting ")
                .and_then(|line| line.split_whitespace().next());
            if let Some(package) = package.filter(|package| package.contains("==")) {
                begun += 1;
                say(format!("[{begun}/{total}] {package}"));
            } else if line.starts_with("Installing ") {
                say(format!("unpacking {total} packages"));
            }
        }
    }
    let status = child.wait().context("lost pip")?;
    ensure!(
        status.success(),
        "pip could not install {}; it said why",
        requirements.display()
    );
    Ok(())
}

fn imports(environment: &Environment, modules: &[&str]) -> bool {
    let script = format!("import {}", modules.join(", "));
    let output = environment.command("python").args(["-c", &script]).output();
    output.is_ok_and(|output| output.status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_pin_or_another_python_makes_another_stamp() {
        let kept = stamp("3.11.7", "cfn-lint==1.0\n");
        assert_ne!(kept, stamp("3.11.7", "cfn-lint==1.1\n"));
        assert_ne!(kept, stamp("3.12.0", "cfn-lint==1.0\n"));
    }

    #[test]
    fn versions_compare_by_number() {
        assert!(parse_version("3.9.18").unwrap() < OLDEST);
        assert!(parse_version("3.10.0").unwrap() >= OLDEST);
        assert!(parse_version("3.14.1").unwrap() >= OLDEST);
        assert_eq!(parse_version("three"), None);
    }

    #[test]
    fn every_package_is_pinned() {
        for (chosen, requirements, least) in [
            (
                include_str!("../requirements.in"),
                include_str!("../requirements.txt"),
                50,
            ),
            (
                include_str!("../requirements-aws.in"),
                include_str!("../requirements-aws.txt"),
                20,
            ),
        ] {
            pinned(chosen, requirements, least);
        }
    }

    fn pinned(chosen: &str, requirements: &str, least: usize) {
        let loose: Vec<_> = requirements
            .lines()
            .filter(|line| !line.starts_with('#') && !line.contains("=="))
            .collect();
        assert_eq!(loose, Vec::<&str>::new());
        assert!(package_count(requirements) > least);
        for chosen in chosen.lines().filter(|line| !line.starts_with('#')) {
            assert!(
                requirements.lines().any(|line| line == chosen),
                "{chosen} is not in requirements.txt"
            );
        }
    }
}
