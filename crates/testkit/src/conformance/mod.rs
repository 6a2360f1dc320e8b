//! What the ports promise, as tests that every backend must pass.
//!
//! Each case is a plain function over the ports: it makes orders and products of its own, so that cases may run at the
//! same time on one backend and on tables that others use too. The macro `conformance!` turns all of them into tests:
//!
//! ```text
//! async fn backend() -> Engine { … }
//! testkit::conformance!(backend);
//! ```
//! What follows by itself only where the whole system runs is in `by_hand`, and `conformance_by_hand!` makes its tests.
//! Time can't be moved here, for nobody moves AWS's; what needs it (24 hours of an idempotency record) is each backend's own.

pub mod analytics;
pub mod by_hand;
pub mod cancelling;
pub mod catalogue;
pub mod idempotency;
pub mod ids;
pub mod inventory;
pub mod ledger;
pub mod listing;
pub mod placing;
pub mod processing;
mod samples;
pub mod timeline;

use ports::StoreError;
use ports::analytics::AnalyticsView;
use ports::catalogue::Catalogue;
use ports::clock::OrderIds;
use ports::inventory::{Inventory, TakeStockError};
use ports::orders::{CancelOrder, CancelOrderError, OrderQueries, PlaceOrder, PlaceOrderError};
use ports::payment::GatewayLedger;
use ports::processing::BeginProcessing;

/// Everything that is tested here, in one value.
pub trait Backend:
    PlaceOrder
    + OrderQueries
    + CancelOrder
    + Catalogue
    + Inventory
    + GatewayLedger
    + BeginProcessing
    + AnalyticsView
    + OrderIds
{
}

impl<T> Backend for T where
    T: PlaceOrder
        + OrderQueries
        + CancelOrder
        + Catalogue
        + Inventory
        + GatewayLedger
        + BeginProcessing
        + AnalyticsView
        + OrderIds
{
}

/// A promise that was not kept, or a call that failed where it should not.
#[derive(Debug, thiserror::Error)]
pub enum Broken {
    /// The backend answered something else than was promised.
    #[error("{promise}: {found}")]
    Promise {
        /// What was promised.
        promise: &'static str,
        /// What was found.
        found: String,
    },
    /// A sample could not be made.
    #[error("a sample could not be made: {0}")]
    Sample(String),
    /// The backend failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The backend did not place an order.
    #[error(transparent)]
    Place(#[from] PlaceOrderError),
    /// The backend did not cancel an order.
    #[error(transparent)]
    Cancel(#[from] CancelOrderError),
    /// The backend did not take stock.
    #[error(transparent)]
    Stock(#[from] TakeStockError),
}

/// What a case comes to.
pub type Outcome = Result<(), Broken>;

/// Breaks the promise unless the two are equal.
fn equal<T: PartialEq + std::fmt::Debug>(promise: &'static str, found: &T, promised: &T) -> Outcome {
    if found == promised {
        return Ok(());
    }
    let found = format!("found {found:?} where {promised:?} was promised");
    Err(Broken::Promise { promise, found })
}

/// Breaks the promise unless it holds.
fn holds(promise: &'static str, it: bool, found: impl std::fmt::Debug) -> Outcome {
    if it {
        return Ok(());
    }
    let found = format!("found {found:?}");
    Err(Broken::Promise { promise, found })
}

/// Runs `count` calls at the same time, each in a task of its own, and returns their answers in order.
async fn at_once<F>(count: usize, call: impl Fn(usize) -> F) -> Vec<F::Output>
where
    F: Future<Output: Send> + Send,
{
    futures_util::future::join_all((0..count).map(call)).await
}

/// Makes a test of each case; `$backend` is an async function that returns the backend, or anything that derefs to it.
#[macro_export]
macro_rules! conformance {
    ($backend:path) => {
        $crate::conformance_cases! { $backend;
            placing::a_placed_order_is_read_back_as_it_was,
            placing::an_id_is_taken_once,
            placing::an_unknown_order_is_no_order,
            idempotency::a_repeat_gets_the_first_order,
            idempotency::another_body_is_refused_and_leaves_nothing,
            idempotency::what_was_placed_with_a_key_is_found,
            idempotency::many_at_once_make_one_order,
            listing::pages_hold_each_order_once_newest_first,
            listing::the_status_index_follows_the_order,
            listing::a_range_of_time_includes_its_start_and_not_its_end,
            cancelling::a_pending_order_is_cancelled,
            cancelling::an_ended_order_is_not_cancelled_again,
            cancelling::one_of_many_at_once_cancels,
            cancelling::an_unknown_order_is_not_found,
            catalogue::a_product_is_read_back_as_it_was,
            catalogue::products_come_in_the_order_asked_for,
            catalogue::products_are_listed_by_id,
            inventory::stock_is_taken_once_for_an_order,
            inventory::too_little_stock_takes_nothing,
            inventory::an_unknown_product_takes_nothing,
            inventory::stock_is_given_back_once,
            inventory::what_was_released_is_not_taken,
            inventory::the_last_piece_is_sold_once,
            ledger::the_first_entry_of_a_key_stands,
            ledger::a_charge_is_refunded_once,
            ledger::what_was_not_charged_is_not_refunded,
            processing::an_order_is_begun_once,
            processing::a_cancelled_order_is_not_begun,
            processing::one_failure_touches_no_other,
            analytics::figures_add_up,
            analytics::a_record_counts_once,
            timeline::a_timeline_begins_with_the_placing,
            timeline::a_timeline_tells_of_payment_stock_and_end,
            timeline::an_unknown_order_has_no_timeline,
            ids::ids_are_unique_and_tell_their_time,
        }
    };
}

/// Makes a test of each case that needs a backend's own hands; `$hands` is an async function that returns [`by_hand::Hands`].
#[macro_export]
macro_rules! conformance_by_hand {
    ($hands:path) => {
        $crate::conformance_cases! { $hands;
            by_hand::a_placed_order_is_one_change_of_the_feed,
            by_hand::a_message_is_handed_over_once,
            by_hand::what_needs_attention_is_listed,
        }
    };
}

/// The tests that `conformance!` and `conformance_by_hand!` make.
#[doc(hidden)]
#[macro_export]
macro_rules! conformance_cases {
    ($backend:path; $($port:ident :: $case:ident,)*) => {$(
        #[tokio::test]
        async fn $case() -> $crate::conformance::Outcome {
            let backend = $backend().await;
            $crate::conformance::$port::$case(&*backend).await
        }
    )*};
}
