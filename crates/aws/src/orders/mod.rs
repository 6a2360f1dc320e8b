//! The orders table: placing, reading, listing, cancelling.

mod cancel;
mod list;
mod place;

use domain::{Order, OrderId};
use ports::StoreError;
use ports::orders::{OrderFilter, OrderPage, OrderQueries, TimelineEntry};

use crate::environment::Variable;
use crate::error::store_error;
use crate::item::{Attributes, order_key, read_order};
use crate::store::{Store, call};

impl Store {
    /// The order's item as it stands, whatever replica the table answers from: a consistent read.
    pub(crate) async fn order_item(&self, id: OrderId) -> Result<Option<Attributes>, StoreError> {
        let request = self
            .dynamodb()
            .get_item()
            .table_name(self.name(Variable::OrdersTable)?)
            .set_key(Some(order_key(id)))
            .consistent_read(true);
        let answer = call("dynamodb", "GetItem", request.send())
            .await
            .map_err(store_error)?;
        Ok(answer.item)
    }
}

impl OrderQueries for Store {
    async fn get_order(&self, id: OrderId) -> Result<Option<Order>, StoreError> {
        let item = self.order_item(id).await?;
        Ok(item.as_ref().map(read_order).transpose()?)
    }

    async fn list_orders(
        &self,
        filter: OrderFilter,
        after: Option<OrderId>,
        limit: u32,
    ) -> Result<OrderPage, StoreError> {
        list::list_orders(self, &filter, after, limit).await
    }

    async fn order_timeline(&self, id: OrderId) -> Result<Option<Vec<TimelineEntry>>, StoreError> {
        crate::timeline::order_timeline(self, id).await
    }
}
