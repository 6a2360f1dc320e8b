//! Time and ids, which come in as ports so that tests can choose them.

use domain::{OrderId, Timestamp};

/// What time it is.
pub trait Clock: Send + Sync {
    /// Now, to the millisecond. It may step back when the machine's clock is set.
    fn now(&self) -> Timestamp;
}

/// Makes ids for new orders.
pub trait OrderIds: Send + Sync {
    /// A new id whose time is now, and which no other call of this source gets.
    fn next_order_id(&self) -> OrderId;
}
