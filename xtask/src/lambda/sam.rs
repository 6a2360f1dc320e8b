//! `sam build` as a user runs it: cargo-lambda and zig, pinned, from the project's own virtual environment.

use std::path::{Path, PathBuf};
use std::process::Stdio;

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

/// Builds every function by `sam build` for this machine's processor, and checks that Amazon Linux 2023 can run it.
pub fn build(root: &Path) -> Result<Vec<Bootstrap>> {
    let environment = python::environment(root, python::TOOLS, &["samcli.cli.main", "ziglang"])?;
    let architecture = match std::env::consts::ARCH {
        "aarch64" => "arm64",
        "x86_64" => "x86_64",
        other => bail!("Lambda has no processor of the kind {other}"),
    };
    let mut command = environment.command("sam");
    command
        .args(["build", "--parameter-overrides"])
        .arg(format!("Architecture={architecture}"))
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
pub fn run(root: &Path) -> Result<()> {
    for bootstrap in build(root)? {
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
    use super::logical_id;

    #[test]
    fn a_function_is_found_by_its_name_in_the_template() {
        assert_eq!(logical_id("order-creation"), "OrderCreationFunction");
    }
}
