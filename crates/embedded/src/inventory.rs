//! Stock: taken for an order and given back, once per order whatever is repeated.
//!
//! Each order that took stock, or may not take any more, has a row in `holds`; it is what makes repeats harmless. The
//! products' rows say what is left, and the table itself refuses a stock below zero.

use std::collections::BTreeMap;

use domain::{OrderId, OrderLine, ProductId, Timestamp};
use ports::StoreError;
use ports::clock::Clock;
use ports::inventory::{Inventory, Released, TakeStockError};
use rusqlite::OptionalExtension;

use crate::Engine;
use crate::catalogue::{ProductCache, StockLevel};
use crate::orders::order_key;
use crate::tx::{Notice, Tx};
use crate::writer::Command;

impl Inventory for Engine {
    async fn take_stock(&self, order: OrderId, lines: &[OrderLine]) -> Result<(), TakeStockError> {
        let command = TakeStock::new(order, lines, self.time().now(), self.catalogue().clone());
        let store = |source| TakeStockError::Store { id: order, source };
        let called = self.call_inventory();
        let taken = self.writer().execute(command).await;
        called.end(&taken);
        match taken.map_err(store)? {
            Taken::Now | Taken::Before => Ok(()),
            Taken::OutOfStock {
                product_id,
                requested,
                available,
            } => Err(TakeStockError::OutOfStock {
                product_id,
                requested,
                available,
            }),
            Taken::UnknownProduct(product_id) => Err(TakeStockError::UnknownProduct(product_id)),
            Taken::Released => Err(TakeStockError::Released(order)),
        }
    }

    async fn release_stock(&self, order: OrderId) -> Result<Released, StoreError> {
        let command = ReleaseStock {
            order: order_key(order),
            at: self.time().now(),
            cache: self.catalogue().clone(),
        };
        let called = self.call_inventory();
        let released = self.writer().execute(command).await;
        called.end(&released);
        released
    }
}

/// Takes every line's quantity, all or nothing.
struct TakeStock {
    order: i64,
    /// Quantity by product; the same product twice is its sum.
    quantities: BTreeMap<ProductId, u32>,
    /// The same as the row has it.
    lines: String,
    at: Timestamp,
    cache: ProductCache,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Taken {
    Now,
    Before,
    Released,
    OutOfStock {
        product_id: ProductId,
        requested: u32,
        available: u32,
    },
    UnknownProduct(ProductId),
}

impl TakeStock {
    fn new(order: OrderId, lines: &[OrderLine], at: Timestamp, cache: ProductCache) -> Self {
        let mut quantities = BTreeMap::<ProductId, u32>::new();
        for line in lines {
            let sum = quantities.entry(line.product_id.clone()).or_default();
            *sum = sum.saturating_add(line.quantity.get());
        }
        let pairs: Vec<(&str, u32)> = quantities
            .iter()
            .map(|(id, quantity)| (id.as_str(), *quantity))
            .collect();
        Self {
            order: order_key(order),
            // Texts and numbers always have a JSON text.
            lines: serde_json::to_string(&pairs).unwrap_or_default(),
            quantities,
            at,
            cache,
        }
    }

    /// Notes what the order takes; `false`, and nothing is noted, when it has taken something before or may not any more.
    fn insert_hold(&self, tx: &Tx<'_>) -> rusqlite::Result<bool> {
        let inserted = tx
            .prepare("INSERT INTO holds (order_key, lines, at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING")?
            .execute((self.order, &self.lines, self.at.as_ms()))?;
        Ok(inserted == 1)
    }

    /// Why this much of the product can't be taken.
    fn refuse(&self, tx: &Tx<'_>, product_id: &ProductId, requested: u32) -> rusqlite::Result<Taken> {
        let stock = find_stock(tx, product_id)?;
        let product_id = product_id.clone();
        Ok(match stock {
            Some(available) => Taken::OutOfStock {
                product_id,
                requested,
                available,
            },
            None => Taken::UnknownProduct(product_id),
        })
    }
}

impl Command for TakeStock {
    type Output = Taken;

    fn apply(&mut self, tx: &mut Tx<'_>) -> rusqlite::Result<Taken> {
        if !self.insert_hold(tx)? {
            let released = find_hold(tx, self.order)?.is_some_and(|hold| hold.released);
            return Ok(if released { Taken::Released } else { Taken::Before });
        }
        let mut levels = Vec::with_capacity(self.quantities.len());
        for (product_id, &quantity) in &self.quantities {
            let Some(stock) = take(tx, product_id, quantity)? else {
                let taken = self
                    .quantities
                    .iter()
                    .take(levels.len())
                    .map(|(id, quantity)| (id.as_str(), *quantity));
                give_back(tx, taken, &self.cache)?;
                tx.prepare("DELETE FROM holds WHERE order_key = ?1")?
                    .execute([self.order])?;
                return self.refuse(tx, product_id, quantity);
            };
            let version = self.cache.next_version();
            levels.push(StockLevel {
                product_id: product_id.clone(),
                stock,
                version,
            });
        }
        tx.notify(Notice::Stock(levels));
        Ok(Taken::Now)
    }
}

/// Takes so much of the product; how much is left, or `None`, and nothing is taken, when there is less or no such product.
fn take(tx: &Tx<'_>, product_id: &ProductId, quantity: u32) -> rusqlite::Result<Option<u32>> {
    let found = find_stock(tx, product_id)?;
    let left = found.and_then(|stock| stock.checked_sub(quantity));
    if let Some(left) = left {
        // `RETURNING` would need no look before, but is run as a trigger: three times the work.
        tx.prepare("UPDATE products SET stock = ?2 WHERE id = ?1")?
            .execute((product_id.as_str(), left))?;
    }
    Ok(left)
}

fn find_stock(tx: &Tx<'_>, product_id: &ProductId) -> rusqlite::Result<Option<u32>> {
    tx.prepare("SELECT stock FROM products WHERE id = ?1")?
        .query_row([product_id.as_str()], |row| row.get(0))
        .optional()
}

/// Gives back what was taken for the order.
struct ReleaseStock {
    order: i64,
    at: Timestamp,
    cache: ProductCache,
}

impl Command for ReleaseStock {
    type Output = Released;

    fn apply(&mut self, tx: &mut Tx<'_>) -> rusqlite::Result<Released> {
        Ok(match find_hold(tx, self.order)? {
            Some(hold) if hold.lines.is_empty() => Released::NothingTaken,
            Some(hold) if hold.released => Released::Before,
            Some(hold) => {
                let lines = hold.lines.iter().map(|(id, quantity)| (id.as_str(), *quantity));
                let levels = give_back(tx, lines, &self.cache)?;
                tx.notify(Notice::Stock(levels));
                tx.prepare("UPDATE holds SET released_at = ?2 WHERE order_key = ?1")?
                    .execute((self.order, self.at.as_ms()))?;
                Released::Now
            }
            None => {
                tx.prepare(
                    "INSERT INTO holds (order_key, lines, at, released_at) VALUES (?1, '[]', ?2, ?2)",
                )?
                .execute((self.order, self.at.as_ms()))?;
                Released::NothingTaken
            }
        })
    }
}

/// What an order holds.
struct Hold {
    lines: Vec<(String, u32)>,
    released: bool,
}

fn find_hold(tx: &Tx<'_>, order: i64) -> rusqlite::Result<Option<Hold>> {
    let mut find = tx.prepare("SELECT lines, released_at IS NOT NULL FROM holds WHERE order_key = ?1")?;
    find.query_row([order], |row| {
        let lines = serde_json::from_str(row.get_ref(0)?.as_str()?).map_err(|error| {
            rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, Box::new(error))
        })?;
        Ok(Hold {
            lines,
            released: row.get(1)?,
        })
    })
    .optional()
}

/// Puts stock back on the shelf. A product that is gone from the catalogue has no shelf any more.
fn give_back<'l>(
    tx: &Tx<'_>,
    lines: impl Iterator<Item = (&'l str, u32)>,
    cache: &ProductCache,
) -> rusqlite::Result<Vec<StockLevel>> {
    // A stock is at most what 32 bits hold; an operator may have put it near that meanwhile.
    let mut give =
        tx.prepare("UPDATE products SET stock = min(stock + ?2, 4294967295) WHERE id = ?1 RETURNING stock")?;
    let mut levels = Vec::new();
    for (product_id, quantity) in lines {
        let stock = give
            .query_row((product_id, quantity), |row| row.get(0))
            .optional()?;
        if let (Some(stock), Ok(product_id)) = (stock, ProductId::new(product_id)) {
            levels.push(StockLevel {
                product_id,
                stock,
                version: cache.next_version(),
            });
        }
    }
    Ok(levels)
}

#[cfg(test)]
mod tests;
