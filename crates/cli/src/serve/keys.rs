//! The keys of a first start: made once, written to files that only their owner can read.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use embedded::Engine;
use ports::access::{QuotaPeriod, Role, UsagePlan};

use super::StartError;

/// The secrets, as far as their files are there.
pub struct Keys {
    pub default: String,
    pub admin: String,
}

/// The names of the keys of a first start.
const DEFAULT: &str = "default";
const ADMIN: &str = "admin";

/// An operator is not held up by a plan.
const UNLIMITED: UsagePlan = UsagePlan {
    rate_per_s: None,
    burst: None,
    quota: None,
    period: QuotaPeriod::Month,
};

/// Whether the directory holds the keys of a shop. They are written when its database is there.
pub fn are_in(dir: &Path) -> bool {
    [DEFAULT, ADMIN].iter().any(|name| key_file(dir, name).exists())
}

fn key_file(dir: &Path, name: &str) -> PathBuf {
    dir.join(format!("{name}.key"))
}

/// Revokes the admin key, so that [`ensure`] makes it anew. If the process dies in between, the next start does.
pub async fn revoke_admin(engine: &Engine) -> Result<(), StartError> {
    if engine.discard_key(ADMIN.to_owned()).await? {
        tracing::warn!(event_type = "admin_key_reset");
    }
    Ok(())
}

/// Makes the keys that aren't there yet.
pub async fn ensure(engine: &Engine, dir: &Path) -> Result<Keys, StartError> {
    Ok(Keys {
        default: ensure_key(engine, dir, DEFAULT, Role::Client, None).await?,
        admin: ensure_key(engine, dir, ADMIN, Role::Admin, Some(UNLIMITED)).await?,
    })
}

async fn ensure_key(
    engine: &Engine,
    dir: &Path,
    name: &str,
    role: Role,
    plan: Option<UsagePlan>,
) -> Result<String, StartError> {
    let path = key_file(dir, name);
    let keep = |secret: &str| {
        write_durably(&path, secret).map_err(|source| StartError::KeyFile {
            path: path.clone(),
            source,
        })
    };
    match engine.ensure_key(name, role, plan, keep).await? {
        Some(secret) => Ok(secret),
        // Whoever took the file away keeps the key elsewhere.
        None => Ok(std::fs::read_to_string(&path)
            .map(|text| text.trim().to_owned())
            .unwrap_or_default()),
    }
}

/// Writes a file that only its owner can read, whole or not at all.
fn write_durably(path: &Path, text: &str) -> std::io::Result<()> {
    let new = path.with_extension("new");
    match std::fs::remove_file(&new) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&new)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&new, path)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_key_file_is_its_owners_alone_whatever_stood_there_before() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("admin.key");
        std::fs::write(&path, "old and open to all").unwrap();
        std::fs::write(dir.path().join("admin.new"), "left behind").unwrap();
        write_durably(&path, "om_secret").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "om_secret");
        assert_eq!(
            std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
