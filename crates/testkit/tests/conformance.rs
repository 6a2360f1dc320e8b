//! The single-machine engine keeps what the ports promise.

#![allow(clippy::panic, reason = "a test that can't go on stops")]

use std::ops::Deref;

use connectors::{Rate, SimulatedSettings};
use domain::{OrderId, PlacedOrder};
use embedded::Engine;
use tempfile::TempDir;
use testkit::conformance::by_hand::Hands;
use testkit::conformance::{Broken, Outcome};
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

impl Hands for Embedded {
    type Backend = Engine;
    type Sender = Engine;

    fn backend(&self) -> &Engine {
        &self.shop.engine
    }

    fn sender(&self) -> &Engine {
        &self.shop.engine
    }

    /// An order and its change are one commit.
    async fn feed(&self, _: &PlacedOrder) -> Outcome {
        Ok(())
    }

    /// It is paid, there is none left of its product, and the money can't be given back.
    async fn strand(&self) -> Result<OrderId, Broken> {
        let payments = SimulatedSettings {
            success_rate: Rate::ALWAYS,
            refund_failure_rate: Rate::ALWAYS,
            ..SimulatedSettings::default()
        };
        let options = ShopOptions {
            payments,
            ..ShopOptions::default()
        };
        let strand = async {
            self.shop.stock("EMPTY", 0).await?;
            let id = self.shop.place("EMPTY", 1).await?;
            self.shop.start(&options).await?;
            self.shop.ended(id).await?;
            Ok(id)
        };
        strand
            .await
            .map_err(|error: ShopError| Broken::Sample(error.to_string()))
    }
}

testkit::conformance!(backend);
/// Boxed, for a case is given what this derefs to.
async fn hands() -> Box<Embedded> {
    Box::new(backend().await)
}

testkit::conformance_by_hand!(hands);
