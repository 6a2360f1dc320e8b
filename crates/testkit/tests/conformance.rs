//! The single-machine engine keeps what the ports promise.

#![allow(clippy::panic, reason = "a test that can't go on stops")]

use std::ops::Deref;

use embedded::Engine;
use tempfile::TempDir;
use testkit::{Shop, ShopError, ShopOptions};

/// An engine that doesn't work, so that orders stay as they are put; and its directory.
struct Embedded {
    shop: Shop,
    _dir: TempDir,
}

impl Deref for Embedded {
    type Target = Engine;

    fn deref(&self) -> &Engine {
        &self.shop.engine
    }
}

async fn open() -> Result<Embedded, ShopError> {
    let dir = TempDir::new().map_err(|error| ShopError::Order(error.to_string()))?;
    let shop = Shop::open_idle(dir.path(), &ShopOptions::default()).await?;
    Ok(Embedded { shop, _dir: dir })
}

async fn backend() -> Embedded {
    match open().await {
        Ok(embedded) => embedded,
        Err(error) => panic!("the engine can't be opened: {error}"),
    }
}

testkit::conformance!(backend);
