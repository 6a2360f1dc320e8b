//! The keys of a first start: made once, written to files that only their owner can read.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use embedded::Engine;
use ports::access::{QuotaPeriod, Role, UsagePlan};

use super::StartError;

/// The secrets, as far as their files are there.
pub struct Keys {
    pub default: String,
    pub admin: String,
}

/// An operator is not held up by a plan.
const UNLIMITED: UsagePlan = UsagePlan {
    rate_per_s: None,
    burst: None,
    quota: None,
    period: QuotaPeriod::Month,
};

/// Makes the keys that aren't there yet.
pub async fn ensure(engine: &Engine, dir: &Path) -> Result<Keys, StartError> {
    Ok(Keys {
        default: ensure_key(engine, dir, "default", Role::Client, None).await?,
        admin: ensure_key(engine, dir, "admin", Role::Admin, Some(UNLIMITED)).await?,
    })
}

async fn ensure_key(
    engine: &Engine,
    dir: &Path,
    name: &str,
    role: Role,
    plan: Option<UsagePlan>,
) -> Result<String, StartError> {
    let path = dir.join(format!("{name}.key"));
    let Some(secret) = engine.ensure_key(name, role, plan).await? else {
        return Ok(std::fs::read_to_string(&path)
            .map(|text| text.trim().to_owned())
            .unwrap_or_default());
    };
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&path)
        .and_then(|mut file| file.write_all(secret.as_bytes()))
        .map_err(|source| StartError::KeyFile { path, source })?;
    Ok(secret)
}
