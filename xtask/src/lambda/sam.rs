//! `sam build` as a user runs it: cargo-lambda and zig, pinned, from the project's own virtual environment.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use super::{functions, glibc};
use crate::lint::without_aws;
use crate::python;
use crate::run::{announce, say};

/// A function's binary as it would be deployed.
#[derive(Debug, Clone)]
pub struct Bootstrap {
    /// The function's name.
    pub function: String,
    /// The file.
    pub path: PathBuf,
    /// The newest glibc that it needs.
    pub glibc: glibc::Version,
}

/// Where `sam build` puts what it builds, in the repository.
pub const FOLDER: &str = ".aws-sam/build";

/// A processor that Lambda has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Architecture {
    /// Graviton.
    Arm64,
    /// Intel and AMD.
    X86_64,
}

impl Architecture {
    const ALL: [Self; 2] = [Self::Arm64, Self::X86_64];

    /// This machine's.
    pub fn of_this_machine() -> Result<Self> {
        let own = std::env::consts::ARCH;
        let found = Self::ALL.into_iter().find(|it| it.target().starts_with(own));
        found.with_context(|| format!("Lambda has no processor of the kind {own}"))
    }

    /// What `--architecture` asks for; this machine's when it does not stand there.
    fn read(options: &[String]) -> Result<Self> {
        match options {
            [] => Self::of_this_machine(),
            [option, name] if option == "--architecture" => Self::ALL
                .into_iter()
                .find(|it| it.name() == name)
                .with_context(|| format!("--architecture is arm64 or x86_64, not {name}")),
            _ => bail!("sam-build takes --architecture arm64|x86_64 and nothing else"),
        }
    }

    /// As Lambda and the template call it.
    fn name(self) -> &'static str {
        match self {
            Self::Arm64 => "arm64",
            Self::X86_64 => "x86_64",
        }
    }

    /// As Rust calls it.
    fn target(self) -> &'static str {
        match self {
            Self::Arm64 => "aarch64-unknown-linux-gnu",
            Self::X86_64 => "x86_64-unknown-linux-gnu",
        }
    }
}

/// zig links for any processor, but each has a standard library of Rust of its own.
fn require_standard_library(architecture: Architecture) -> Result<()> {
    let target = architecture.target();
    let asked = Command::new("rustc")
        .args(["--print", "target-libdir", "--target", target])
        .output()
        .context("could not ask rustc where its libraries are")?;
    let folder = String::from_utf8_lossy(&asked.stdout);
    ensure!(
        asked.status.success() && Path::new(folder.trim()).is_dir(),
        "there is no standard library for {target} here; `rustup target add {target}` fetches it"
    );
    Ok(())
}

/// Builds every function by `sam build`, and checks that Amazon Linux 2023 can run it.
pub fn build(root: &Path, architecture: Architecture) -> Result<Vec<Bootstrap>> {
    require_standard_library(architecture)?;
    let environment = python::environment(root, python::TOOLS, &["samcli.cli.main", "ziglang"])?;
    let mut command = environment.command("sam");
    command
        .args(["build", "--parameter-overrides"])
        .arg(format!("Architecture={}", architecture.name()))
        .current_dir(root)
        // sam looks for cargo-lambda there, and cargo-lambda for zig.
        .env("PATH", environment.path()?)
        .stdout(Stdio::from(std::io::stderr()));
    without_aws(&mut command, &root.join("target/aws-sam"));
    announce(&command);
    let status = command.status().context("could not start sam")?;
    ensure!(status.success(), "sam build failed; it said why");
    built(root)
}

/// What `sam build` built before.
pub fn built(root: &Path) -> Result<Vec<Bootstrap>> {
    let mut bootstraps = Vec::new();
    for function in functions(root)? {
        let path = root.join(FOLDER).join(logical_id(&function)).join("bootstrap");
        let glibc = glibc::needed_by(&path)?;
        ensure!(
            glibc <= glibc::AMAZON_LINUX_2023,
            "{function} needs glibc {glibc}, and Amazon Linux 2023 has {}",
            glibc::AMAZON_LINUX_2023
        );
        bootstraps.push(Bootstrap {
            function,
            path,
            glibc,
        });
    }
    Ok(bootstraps)
}

/// The command: builds, and says what each function needs.
pub fn run(root: &Path, options: &[String]) -> Result<()> {
    for bootstrap in build(root, Architecture::read(options)?)? {
        let Bootstrap {
            function,
            path,
            glibc,
        } = bootstrap;
        let length = path.metadata().context("the bootstrap is gone")?.len();
        say(format!(
            "{function:<19} {:>5.1} MB, glibc {glibc} or newer",
            length as f64 / 1e6
        ));
    }
    Ok(())
}

/// `order-creation` is `OrderCreationFunction` in the template.
fn logical_id(function: &str) -> String {
    let capitalised = |word: &str| {
        let mut letters = word.chars();
        let first = letters.next().map(|first| first.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    };
    let words: String = function.split('-').map(capitalised).collect();
    format!("{words}Function")
}

#[cfg(test)]
mod tests {
    use super::{Architecture, logical_id};

    #[test]
    fn an_architecture_is_one_that_lambda_has() {
        let read = |words: &[&str]| {
            Architecture::read(&words.iter().map(|&word| word.to_owned()).collect::<Vec<_>>())
        };
        assert_eq!(read(&["--architecture", "arm64"]).unwrap(), Architecture::Arm64);
        assert_eq!(read(&["--architecture", "x86_64"]).unwrap(), Architecture::X86_64);
        assert_eq!(read(&[]).unwrap(), Architecture::of_this_machine().unwrap());
        for wrong in [
            &["--architecture", "riscv64"][..],
            &["--architecture"],
            &["arm64"],
        ] {
            assert!(read(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_function_is_found_by_its_name_in_the_template() {
        assert_eq!(logical_id("order-creation"), "OrderCreationFunction");
    }
}
