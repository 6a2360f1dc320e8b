//! Reading orders.

use domain::{Order, OrderId};
use ports::StoreError;
use ports::orders::{OrderFilter, OrderPage, OrderQueries, TimelineEntry};
use rusqlite::types::Value as SqlValue;

use super::{OrderRow, first_key_at, order_key, status_code};
use crate::{Engine, timeline};

impl OrderQueries for Engine {
    async fn get_order(&self, id: OrderId) -> Result<Option<Order>, StoreError> {
        let row = self.order_row_of(id)?;
        row.map(|row| row.to_order())
            .transpose()
            .map_err(StoreError::failed)
    }

    async fn list_orders(
        &self,
        filter: OrderFilter,
        after: Option<OrderId>,
        limit: u32,
    ) -> Result<OrderPage, StoreError> {
        let limit = limit.clamp(1, 100) as usize;
        let (sql, parameters) = list_sql(&filter, after, limit + 1);
        let mut rows: Vec<OrderRow> = self
            .readers()
            .read_blocking(move |connection| {
                connection
                    .prepare_cached(&sql)?
                    .query_map(rusqlite::params_from_iter(parameters), OrderRow::read)?
                    .collect()
            })
            .await?;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more).map(|row| row.id);
        let orders = rows
            .iter()
            .map(OrderRow::to_order)
            .collect::<Result<_, _>>()
            .map_err(StoreError::failed)?;
        Ok(OrderPage { orders, next })
    }

    async fn order_timeline(&self, id: OrderId) -> Result<Option<Vec<TimelineEntry>>, StoreError> {
        timeline::order_timeline(self, id).await
    }
}

/// One row more than the page, so that it's known whether another page follows.
fn list_sql(filter: &OrderFilter, after: Option<OrderId>, limit: usize) -> (String, Vec<SqlValue>) {
    let mut conditions = vec!["1"];
    let mut parameters: Vec<SqlValue> = Vec::new();
    let mut add = |condition: &'static str, value: SqlValue| {
        conditions.push(condition);
        parameters.push(value);
    };
    if let Some(status) = filter.status {
        // A customer has fewer orders than a status has, so with both the customer's index is the one to use; the
        // plus keeps SQLite from the other.
        let condition = if filter.customer_id.is_some() {
            "+status = ?"
        } else {
            "status = ?"
        };
        add(condition, status_code(status).into());
    }
    if let Some(customer) = &filter.customer_id {
        add("customer = ?", customer.as_str().to_owned().into());
    }
    if let Some(from) = filter.from {
        add("key >= ?", first_key_at(from).into());
    }
    if let Some(to) = filter.to {
        add("key < ?", first_key_at(to).into());
    }
    if let Some(after) = after {
        add("key < ?", order_key(after).into());
    }
    if filter.needs_attention {
        conditions.push("attention = 1");
    }
    parameters.push(SqlValue::from(limit as i64));
    let conditions = conditions.join(" AND ");
    let sql = format!(
        "SELECT {} FROM orders WHERE {conditions} ORDER BY key DESC LIMIT ?",
        OrderRow::COLUMNS
    );
    (sql, parameters)
}
