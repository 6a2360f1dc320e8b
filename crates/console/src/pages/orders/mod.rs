//! Orders: the list with its filters, one order whole, and cancelling it.

mod cancel;
mod filter;
mod list;
mod paid;
mod search;
mod show;
mod timeline;

pub(crate) use cancel::{ask_to_cancel, cancel};
pub(crate) use list::{list, list_of};
pub(crate) use search::search;
pub(crate) use show::show;

use domain::{Order, OrderId};
use ports::orders::OrderQueries;

use crate::error::PageError;

async fn find_order(engine: &impl OrderQueries, id: &str) -> Result<Order, PageError> {
    let not_found = || PageError::not_found("order", id);
    let id: OrderId = id.parse().map_err(|_| not_found())?;
    engine.get_order(id).await?.ok_or_else(not_found)
}
