//! Orders, money, products, status and the rules about them.
//!
//! Pure: no clock, no randomness, no I/O. Time, ids and chance come in as arguments. Everything else in the
//! workspace depends inward on this crate.

pub mod cancel_order;
pub mod currency;
pub mod fault;
pub mod ids;
mod json;
pub mod lifecycle;
pub mod money;
pub mod order;
pub mod place_order;
mod placement;
pub mod product;
pub mod put_product;
pub mod status;
pub mod time;

pub use currency::Currency;
pub use fault::{Fault, FaultCode};
pub use ids::{CustomerId, OrderId, ProductId};
pub use lifecycle::{Effect, OrderEvent, Refused, decide};
pub use money::Amount;
pub use order::{Order, OrderLine, OrderState, PlacedOrder, Quantity};
pub use place_order::PlaceOrderRequest;
pub use placement::Placement;
pub use product::Product;
pub use status::OrderStatus;
pub use time::Timestamp;
