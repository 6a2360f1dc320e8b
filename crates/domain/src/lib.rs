//! Orders, money, products, status and the rules about them.
//!
//! Pure: no clock, no randomness, no I/O. Time, ids and chance come in as arguments. Everything else in the
//! workspace depends inward on this crate.

pub mod currency;
pub mod ids;
pub mod money;
pub mod order;
pub mod product;
pub mod status;
pub mod time;

pub use currency::Currency;
pub use ids::{CustomerId, OrderId, ProductId};
pub use money::Amount;
pub use order::{Order, OrderLine, OrderState, PlacedOrder, Quantity};
pub use product::Product;
pub use status::OrderStatus;
pub use time::Timestamp;
