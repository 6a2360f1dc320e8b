//! Which glibc a binary needs, by the versions that its symbols ask for.
//!
//! The linker writes each version into the table of dynamic strings, `GLIBC_2.34`, and the loader refuses a binary that
//! asks for one that the machine does not have. The names are found by their bytes: nothing else in a binary of ours
//! has that form.

use std::fmt;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

/// A version of glibc.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    major: u32,
    minor: u32,
}

/// What `provided.al2023` has (Amazon Linux 2023 User Guide, "glibc").
pub const AMAZON_LINUX_2023: Version = Version { major: 2, minor: 34 };

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// The newest version that the binary asks for.
pub fn needed_by(binary: &Path) -> Result<Version> {
    let bytes = fs::read(binary).with_context(|| format!("could not read {}", binary.display()))?;
    newest(&bytes).with_context(|| format!("{} asks for no glibc at all", binary.display()))
}

fn newest(bytes: &[u8]) -> Option<Version> {
    const NAME: &[u8] = b"GLIBC_";
    let starts = bytes.windows(NAME.len()).enumerate();
    starts
        .filter(|(_, window)| *window == NAME)
        .filter_map(|(at, _)| version(&bytes[at + NAME.len()..]))
        .max()
}

/// The version that these bytes begin with. `2.2.5` counts as 2.2.
fn version(bytes: &[u8]) -> Option<Version> {
    let end = bytes
        .iter()
        .position(|byte| !byte.is_ascii_digit() && *byte != b'.')?;
    let mut numbers = std::str::from_utf8(&bytes[..end]).ok()?.split('.');
    Some(Version {
        major: numbers.next()?.parse().ok()?,
        minor: numbers.next()?.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_version_counts_by_number() {
        let bytes = b"\0libc.so.6\0GLIBC_2.9\0GLIBC_2.2.5\0GLIBC_2.28\0GLIBC_PRIVATE\0";
        assert_eq!(newest(bytes).unwrap().to_string(), "2.28");
        assert_eq!(newest(b"\0libc.so.6\0"), None);
    }

    #[test]
    fn a_newer_glibc_than_lambdas_is_told_apart() {
        let newer = newest(b"GLIBC_2.36\0").unwrap();
        assert!(newer > AMAZON_LINUX_2023);
        assert!(newest(b"GLIBC_2.34\0").unwrap() <= AMAZON_LINUX_2023);
    }
}
