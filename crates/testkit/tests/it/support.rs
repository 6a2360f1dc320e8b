//! What the tests share: a directory, a scenario to play, and the audit afterwards.

use std::path::Path;
use std::sync::Arc;

use connectors::{Rate, SimulatedSettings};
use domain::{Order, OrderId, OrderStatus};
use embedded::Faults;
use ports::operations::Operations;
use testkit::{Audit, Shop, ShopError, ShopOptions};

/// One of the seed's three timelines, and cancelling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scenario {
    Completes,
    Declined,
    OutOfStock,
}

/// What is in stock at first; orders are for 2.
const SHELF: &str = "SHELF";

impl Scenario {
    pub const ALL: [Self; 3] = [Self::Completes, Self::Declined, Self::OutOfStock];

    pub fn stock(self) -> u32 {
        if self == Self::OutOfStock { 1 } else { 10 }
    }

    pub fn ends_as(self) -> OrderStatus {
        match self {
            Self::Completes => OrderStatus::Completed,
            Self::Declined | Self::OutOfStock => OrderStatus::Failed,
        }
    }

    /// The states that its execution goes through by calling something, in order.
    pub fn tasks(self) -> &'static [&'static str] {
        match self {
            Self::Completes => &[
                "ValidateOrder",
                "ProcessPayment",
                "UpdateInventory",
                "UpdateOrderStatus",
                "SendSuccessNotification",
            ],
            Self::Declined => &[
                "ValidateOrder",
                "ProcessPayment",
                "PaymentFailed",
                "MarkOrderFailed",
            ],
            Self::OutOfStock => &[
                "ValidateOrder",
                "ProcessPayment",
                "UpdateInventory",
                "CompensatePayment",
                "SendRefundNotification",
                "MarkOrderFailed",
            ],
        }
    }

    pub fn options(self, faults: Faults) -> ShopOptions {
        let success_rate = if self == Self::Declined {
            Rate::NEVER
        } else {
            Rate::ALWAYS
        };
        ShopOptions {
            payments: SimulatedSettings {
                success_rate,
                ..SimulatedSettings::default()
            },
            faults: Arc::new(faults),
            ..ShopOptions::default()
        }
    }

    /// Fills the shelf and places the order.
    pub async fn place(self, shop: &Shop) -> Result<OrderId, ShopError> {
        shop.stock(SHELF, self.stock()).await?;
        shop.place(SHELF, 2).await
    }

    /// Places the order on a shelf that may be filled already.
    pub async fn place_on_filled_shelf(self, shop: &Shop) -> Result<OrderId, ShopError> {
        match shop.place(SHELF, 2).await {
            Err(ShopError::NoProduct(_)) => self.place(shop).await,
            placed => placed,
        }
    }

    /// Plays it to the end on a new shop and checks the books. Returns the order and the history of its execution.
    pub async fn play(self, options: &ShopOptions) -> (Order, String) {
        let dir = tempfile::tempdir().unwrap();
        let shop = Shop::open(dir.path(), options).await.unwrap();
        let id = self.place(&shop).await.unwrap();
        let order = shop.ended(id).await.unwrap();
        shop.settled().await.unwrap();
        let execution = shop.engine.get_execution(id.to_string()).await.unwrap();
        shop.close().await;
        self.audit(dir.path(), &[id]);
        (order, serde_json::to_string(&execution.events).unwrap())
    }

    /// Checks the books of a closed shop.
    pub fn audit(self, dir: &Path, placed: &[OrderId]) {
        let violations = Audit::open(dir)
            .unwrap()
            .violations(placed, &[(SHELF, i64::from(self.stock()))])
            .unwrap();
        assert!(violations.is_empty(), "{self:?}: {violations:#?}");
    }
}
