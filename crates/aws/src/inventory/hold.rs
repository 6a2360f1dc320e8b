//! A hold: what an order took from stock.

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{AttributeValue, Delete, Put, TransactWriteItem, Update};
use domain::{OrderId, ProductId, Timestamp};
use ports::StoreError;

use crate::environment::Variable;
use crate::error::{Damaged, store_error};
use crate::item::{Attributes, Reader};
use crate::store::{Store, call};
use crate::time::{epoch_s, now};
use crate::transact::{n, s};

/// For how long a hold is kept: far longer than an execution can be run again (14 days).
const KEPT_S: i64 = 90 * 24 * 3_600;

/// So much of a product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HoldLine {
    pub(crate) product_id: ProductId,
    pub(crate) quantity: u32,
}

/// What an order holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hold {
    pub(crate) order: OrderId,
    pub(crate) lines: Vec<HoldLine>,
    /// How many of the lines are taken, from the first on.
    pub(crate) taken: usize,
    pub(crate) at: Timestamp,
    /// Once this is set nothing is taken for the order any more.
    pub(crate) released_at: Option<Timestamp>,
    /// Whether it stands in the table.
    pub(crate) exists: bool,
}

impl Hold {
    /// A hold of nothing yet.
    pub(crate) fn new(order: OrderId, lines: Vec<HoldLine>, at: Timestamp) -> Self {
        Self {
            order,
            lines,
            taken: 0,
            at,
            released_at: None,
            exists: false,
        }
    }

    pub(crate) fn is_released(&self) -> bool {
        self.released_at.is_some()
    }

    fn item(&self) -> Attributes {
        let line = |line: &HoldLine| {
            AttributeValue::M(HashMap::from([
                ("productId".to_owned(), s(line.product_id.as_str())),
                ("quantity".to_owned(), n(line.quantity)),
            ]))
        };
        let mut item = Attributes::from([
            ("orderId".to_owned(), s(self.order.to_string())),
            (
                "lines".to_owned(),
                AttributeValue::L(self.lines.iter().map(line).collect()),
            ),
            ("taken".to_owned(), n(self.taken)),
            ("at".to_owned(), s(self.at.to_string())),
            ("expiresAt".to_owned(), n(epoch_s(self.at) + KEPT_S)),
        ]);
        if let Some(at) = self.released_at {
            item.insert("releasedAt".to_owned(), s(at.to_string()));
        }
        item
    }

    fn read(order: OrderId, item: &Attributes) -> Result<Self, Damaged> {
        let reader = Reader { item, of: "a hold" };
        let Some(AttributeValue::L(lines)) = item.get("lines") else {
            return Err(reader.damaged("lines"));
        };
        let line = |line: &AttributeValue| {
            let AttributeValue::M(line) = line else {
                return Err(reader.damaged("lines"));
            };
            let reader = Reader {
                item: line,
                of: "a hold",
            };
            Ok(HoldLine {
                product_id: ProductId::new(reader.required("productId")?)
                    .map_err(|_| reader.damaged("productId"))?,
                quantity: reader.number("quantity")?,
            })
        };
        let lines: Vec<HoldLine> = lines.iter().map(line).collect::<Result<_, _>>()?;
        let taken: usize = reader.number("taken")?;
        if taken > lines.len() {
            return Err(reader.damaged("taken"));
        }
        Ok(Self {
            order,
            lines,
            taken,
            at: reader.parsed("at")?,
            released_at: match reader.optional("releasedAt") {
                Some(_) => Some(reader.parsed("releasedAt")?),
                None => None,
            },
            exists: true,
        })
    }
}

impl Store {
    pub(crate) async fn find_hold(&self, order: OrderId) -> Result<Option<Hold>, StoreError> {
        let request = self
            .dynamodb()
            .get_item()
            .table_name(self.name(Variable::HoldsTable)?)
            .key("orderId", s(order.to_string()))
            .consistent_read(true);
        let answer = call("dynamodb", "GetItem", request.send())
            .await
            .map_err(store_error)?;
        Ok(answer.item.map(|item| Hold::read(order, &item)).transpose()?)
    }

    /// Writes that nothing was taken for the order and nothing will be. `false` when it has a hold already.
    pub(super) async fn bar_hold(&self, order: OrderId) -> Result<bool, StoreError> {
        let mut hold = Hold::new(order, Vec::new(), now());
        hold.released_at = Some(hold.at);
        let request = self
            .dynamodb()
            .put_item()
            .table_name(self.name(Variable::HoldsTable)?)
            .set_item(Some(hold.item()))
            .condition_expression("attribute_not_exists(orderId)");
        match call("dynamodb", "PutItem", request.send()).await {
            Ok(_) => Ok(true),
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(_)) => Ok(false),
                Some(_) | None => Err(store_error(error)),
            },
        }
    }

    /// Moves the count of taken lines, on condition that nobody else did, and marks the hold released if that is asked.
    pub(super) fn move_hold(
        &self,
        hold: &Hold,
        taken: usize,
        release_at: Option<Timestamp>,
    ) -> Result<TransactWriteItem, StoreError> {
        let table = self.name(Variable::HoldsTable)?;
        if !hold.exists {
            let mut item = hold.item();
            item.insert("taken".to_owned(), n(taken));
            let put = Put::builder()
                .table_name(table)
                .set_item(Some(item))
                .condition_expression("attribute_not_exists(orderId)")
                .build()
                .map_err(StoreError::failed)?;
            return Ok(TransactWriteItem::builder().put(put).build());
        }
        let mut update = Update::builder()
            .table_name(table)
            .key("orderId", s(hold.order.to_string()))
            .expression_attribute_values(":from", n(hold.taken))
            .expression_attribute_values(":to", n(taken));
        update = match release_at {
            None => update
                .update_expression("SET taken = :to")
                .condition_expression("taken = :from AND attribute_not_exists(releasedAt)"),
            Some(at) => update
                .update_expression("SET taken = :to, releasedAt = if_not_exists(releasedAt, :now)")
                .condition_expression("taken = :from")
                .expression_attribute_values(":now", s(at.to_string())),
        };
        let update = update.build().map_err(StoreError::failed)?;
        Ok(TransactWriteItem::builder().update(update).build())
    }

    /// Removes a hold, on condition that nobody moved it.
    pub(super) fn remove_hold(&self, hold: &Hold) -> Result<TransactWriteItem, StoreError> {
        let delete = Delete::builder()
            .table_name(self.name(Variable::HoldsTable)?)
            .key("orderId", s(hold.order.to_string()))
            .condition_expression("taken = :from AND attribute_not_exists(releasedAt)")
            .expression_attribute_values(":from", n(hold.taken))
            .build()
            .map_err(StoreError::failed)?;
        Ok(TransactWriteItem::builder().delete(delete).build())
    }
}
