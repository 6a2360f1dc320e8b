//! Stock: taken for an order and given back, once per order whatever is repeated.
//!
//! Each order that took stock, or may not take any more, has an item in the table of holds: its lines, and how many of
//! them are taken. A transaction moves that count together with the products' stock, each on its condition. An order of
//! up to 99 lines is one transaction; a longer one is two, and a repeat goes on where the first attempt was killed.

pub(crate) mod hold;

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::{ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update};
use domain::{OrderId, OrderLine, ProductId};
use ports::StoreError;
use ports::inventory::{Inventory, Released, TakeStockError};

use crate::environment::Variable;
use crate::item::Reader;
use crate::store::Store;
use crate::time::now;
use crate::transact::{MAX_WRITES, Refusal, Transacted, n, s};
use hold::{Hold, HoldLine};

/// One write of a transaction is the hold's.
const MAX_LINES: usize = MAX_WRITES - 1;

/// How often to look at a hold again that another attempt for the same order moved meanwhile.
const MAX_LOOKS: u32 = 10;

impl Inventory for Store {
    async fn take_stock(&self, order: OrderId, lines: &[OrderLine]) -> Result<(), TakeStockError> {
        let store = |source| TakeStockError::Store { id: order, source };
        // Nearly always nothing was taken before, so that is tried without asking.
        let mut hold = Hold::new(order, hold_lines(lines), now());
        for _ in 0..MAX_LOOKS {
            if hold.is_released() {
                return Err(TakeStockError::Released(order));
            }
            if hold.taken == hold.lines.len() && hold.exists {
                return Ok(());
            }
            let next = hold.lines.len().min(hold.taken + MAX_LINES);
            let mut writes = vec![self.move_hold(&hold, next, None).map_err(store)?];
            for line in &hold.lines[hold.taken..next] {
                writes.push(self.take(line).map_err(store)?);
            }
            match self.transact_patiently(writes).await.map_err(store)? {
                Transacted::Done => {
                    hold.exists = true;
                    hold.taken = next;
                }
                Transacted::Refused(refusals) => match refusals.split_first() {
                    Some((Refusal::None, of_lines)) => {
                        let refused = refused_line(&hold.lines[hold.taken..next], of_lines).map_err(store)?;
                        self.put_back_all(hold).await.map_err(store)?;
                        return Err(refused);
                    }
                    Some((Refusal::Condition(_), _)) | None => {
                        if let Some(found) = self.find_hold(order).await.map_err(store)? {
                            hold = found;
                        }
                    }
                },
            }
        }
        Err(store(StoreError::Busy))
    }

    async fn release_stock(&self, order: OrderId) -> Result<Released, StoreError> {
        let mut gave_back = false;
        for _ in 0..MAX_LOOKS {
            let Some(hold) = self.find_hold(order).await? else {
                if self.bar_hold(order).await? {
                    return Ok(Released::NothingTaken);
                }
                continue;
            };
            if hold.is_released() && hold.taken == 0 {
                return Ok(match (hold.lines.is_empty(), gave_back) {
                    (_, true) => Released::Now,
                    (true, false) => Released::NothingTaken,
                    (false, false) => Released::Before,
                });
            }
            gave_back |= self.give_back(&hold).await?;
        }
        Err(StoreError::Busy)
    }
}

impl Store {
    /// Gives back the last lines that are taken, as many as one transaction holds, and marks the hold released.
    /// `false` when another attempt moved the hold meanwhile.
    async fn give_back(&self, hold: &Hold) -> Result<bool, StoreError> {
        let down_to = hold.taken.saturating_sub(MAX_LINES);
        let mut lines: Vec<&HoldLine> = hold.lines[down_to..hold.taken].iter().collect();
        loop {
            let mut writes = vec![self.move_hold(hold, down_to, Some(now()))?];
            for line in &lines {
                writes.push(self.put_back(line)?);
            }
            match self.transact_patiently(writes).await? {
                Transacted::Done => return Ok(true),
                Transacted::Refused(refusals) => match refusals.split_first() {
                    Some((Refusal::None, of_lines)) => {
                        // A product that is gone from the catalogue has no shelf any more.
                        let mut gone = of_lines.iter().map(Refusal::is_condition);
                        lines.retain(|_| !gone.next().unwrap_or(false));
                    }
                    Some((Refusal::Condition(_), _)) | None => return Ok(false),
                },
            }
        }
    }

    /// Undoes a taking that can't be finished: later the order may try again.
    async fn put_back_all(&self, mut hold: Hold) -> Result<(), StoreError> {
        while hold.exists {
            let down_to = hold.taken.saturating_sub(MAX_LINES);
            let mut writes = vec![if down_to == 0 {
                self.remove_hold(&hold)?
            } else {
                self.move_hold(&hold, down_to, None)?
            }];
            for line in &hold.lines[down_to..hold.taken] {
                writes.push(self.put_back(line)?);
            }
            match self.transact_patiently(writes).await? {
                Transacted::Done if down_to == 0 => return Ok(()),
                Transacted::Done => hold.taken = down_to,
                // Another attempt is at it, or a product is gone; the order's compensation gives back what is left.
                Transacted::Refused(_) => return Ok(()),
            }
        }
        Ok(())
    }

    fn take(&self, line: &HoldLine) -> Result<TransactWriteItem, StoreError> {
        let update = Update::builder()
            .table_name(self.name(Variable::InventoryTable)?)
            .key("productId", s(line.product_id.as_str()))
            .update_expression("SET stock = stock - :quantity")
            .condition_expression("stock >= :quantity")
            .expression_attribute_values(":quantity", n(line.quantity))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()
            .map_err(StoreError::failed)?;
        Ok(TransactWriteItem::builder().update(update).build())
    }

    fn put_back(&self, line: &HoldLine) -> Result<TransactWriteItem, StoreError> {
        let update = Update::builder()
            .table_name(self.name(Variable::InventoryTable)?)
            .key("productId", s(line.product_id.as_str()))
            .update_expression("SET stock = stock + :quantity")
            .condition_expression("attribute_exists(productId)")
            .expression_attribute_values(":quantity", n(line.quantity))
            .build()
            .map_err(StoreError::failed)?;
        Ok(TransactWriteItem::builder().update(update).build())
    }
}

/// The lines by product; the same product twice is its sum.
fn hold_lines(lines: &[OrderLine]) -> Vec<HoldLine> {
    let mut quantities = BTreeMap::<&ProductId, u32>::new();
    for line in lines {
        let sum = quantities.entry(&line.product_id).or_default();
        *sum = sum.saturating_add(line.quantity.get());
    }
    let line = |(product_id, quantity): (&ProductId, u32)| HoldLine {
        product_id: product_id.clone(),
        quantity,
    };
    quantities.into_iter().map(line).collect()
}

/// Why the stock can't be taken: the first line that was refused.
fn refused_line(lines: &[HoldLine], refusals: &[Refusal]) -> Result<TakeStockError, StoreError> {
    for (line, refusal) in lines.iter().zip(refusals) {
        match refusal {
            Refusal::None => {}
            Refusal::Condition(None) => return Ok(TakeStockError::UnknownProduct(line.product_id.clone())),
            Refusal::Condition(Some(item)) => {
                let reader = Reader {
                    item,
                    of: line.product_id.as_str(),
                };
                return Ok(TakeStockError::OutOfStock {
                    product_id: line.product_id.clone(),
                    requested: line.quantity,
                    available: reader.number("stock")?,
                });
            }
        }
    }
    Err(StoreError::Busy)
}
