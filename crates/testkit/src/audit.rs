//! The invariants of DESIGN.md, checked from outside on a closed shop's database.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;

use domain::OrderId;
use rusqlite::{Connection, OpenFlags};

/// Something that must never be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// Invariant 1.
    #[error("order {0} was answered 201 and is gone")]
    Lost(OrderId),
    /// Invariant 2.
    #[error("order {order} was charged {charges} times")]
    ChargedTwice {
        /// The order.
        order: String,
        /// How often.
        charges: usize,
    },
    /// Invariant 3.
    #[error("order {order} is {status}, and neither in a dead-letter queue nor in need of attention")]
    HalfDone {
        /// The order.
        order: String,
        /// Its status.
        status: i64,
    },
    /// A completed order was not paid exactly.
    #[error("order {order} is COMPLETED and {paid} was paid for {total}")]
    NotPaid {
        /// The order.
        order: String,
        /// What was charged and not given back.
        paid: String,
        /// What it costs.
        total: String,
    },
    /// A failed or cancelled order keeps the customer's money.
    #[error("order {0} did not complete, and its money was not given back")]
    MoneyKept(String),
    /// Invariant 4.
    #[error("{product}: {stock} in stock, {sold} sold, of {initial}")]
    StockWrong {
        /// The product.
        product: String,
        /// In stock now.
        stock: i64,
        /// In orders that completed.
        sold: i64,
        /// In stock at first.
        initial: i64,
    },
    /// A customer was not told.
    #[error("order {order}: its customer was not told by {channel} that it is {status}")]
    NotTold {
        /// The order.
        order: String,
        /// How the customer wants to be told: `email` or `sms`.
        channel: &'static str,
        /// What was not told.
        status: &'static str,
    },
}

/// The member of an order that has an address, and the channel that leads there.
const CHANNELS: [(&str, &str); 2] = [("customerEmail", "email"), ("customerPhone", "sms")];

const PROCESSING: i64 = 1;
const COMPLETED: i64 = 2;
const FAILED: i64 = 3;
const CANCELLED: i64 = 4;

/// A closed shop's books.
pub struct Audit {
    connection: Connection,
}

struct OrderFacts {
    id: String,
    status: i64,
    attention: bool,
    total: String,
    /// How its customer wants to be told.
    channels: Vec<&'static str>,
    lines: Vec<(String, i64)>,
    began: bool,
    holds: bool,
}

impl Audit {
    /// Opens the books in the shop's directory.
    ///
    /// # Errors
    /// When there's no database, or it can't be read.
    pub fn open(dir: &Path) -> rusqlite::Result<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
        Ok(Self {
            connection: Connection::open_with_flags(dir.join("ordermill.db"), flags)?,
        })
    }

    /// Everything that must never be and is. `placed` were answered 201; `initial` was in stock before.
    ///
    /// # Errors
    /// When the books can't be read.
    pub fn violations(
        &self,
        placed: &[OrderId],
        initial: &[(&str, i64)],
    ) -> rusqlite::Result<Vec<Violation>> {
        let orders = self.orders()?;
        let charges = self.charges()?;
        let dead = self.dead_letters()?;
        let told = self.told()?;
        let mut violations = lost(&orders, placed);
        for order in &orders {
            let own = charges.get(&order.id).map_or(&[][..], Vec::as_slice);
            check_money(order, own, &mut violations);
            let is_dead = dead.contains(&order.id);
            if order.status <= PROCESSING && !order.attention && !is_dead {
                violations.push(Violation::HalfDone {
                    order: order.id.clone(),
                    status: order.status,
                });
            }
            check_told(order, &told, &mut violations);
        }
        self.check_stock(&orders, initial, &mut violations)?;
        Ok(violations)
    }

    /// What must never be even while orders are under way: one that was answered 201 is gone, or was charged twice.
    ///
    /// # Errors
    /// When the books can't be read.
    pub fn violations_under_way(&self, placed: &[OrderId]) -> rusqlite::Result<Vec<Violation>> {
        let orders = self.orders()?;
        let mut violations = lost(&orders, placed);
        for (order, charges) in self.charges()? {
            if charges.len() > 1 {
                let charges = charges.len();
                violations.push(Violation::ChargedTwice { order, charges });
            }
        }
        Ok(violations)
    }

    /// How many orders each customer has.
    ///
    /// # Errors
    /// When the books can't be read.
    pub fn orders_by_customer(&self) -> rusqlite::Result<BTreeMap<String, u64>> {
        let mut counts = BTreeMap::new();
        let sql = "SELECT customer FROM orders";
        let mut statement = self.connection.prepare(sql)?;
        for customer in statement.query_map([], |row| row.get::<_, String>(0))? {
            *counts.entry(customer?).or_default() += 1;
        }
        Ok(counts)
    }

    fn check_stock(
        &self,
        orders: &[OrderFacts],
        initial: &[(&str, i64)],
        violations: &mut Vec<Violation>,
    ) -> rusqlite::Result<()> {
        let mut sold: BTreeMap<&str, i64> = BTreeMap::new();
        // An order that waits for a person keeps what it holds until that person decides.
        let keeps = |order: &&OrderFacts| order.status == COMPLETED || (order.attention && order.holds);
        for (product, quantity) in orders.iter().filter(keeps).flat_map(|order| &order.lines) {
            *sold.entry(product).or_default() += quantity;
        }
        for (product, initial) in initial {
            let sql = "SELECT stock FROM products WHERE id = ?1";
            let stock: i64 = self.connection.query_row(sql, [product], |row| row.get(0))?;
            let sold = sold.get(product).copied().unwrap_or(0);
            if stock < 0 || stock + sold != *initial {
                let product = (*product).to_owned();
                violations.push(Violation::StockWrong {
                    product,
                    stock,
                    sold,
                    initial: *initial,
                });
            }
        }
        Ok(())
    }

    fn orders(&self) -> rusqlite::Result<Vec<OrderFacts>> {
        let sql = "SELECT o.id, o.status, o.attention, o.placed,
                          EXISTS (SELECT 1 FROM executions e WHERE e.name = json_extract(o.placed, '$.orderId')),
                          EXISTS (SELECT 1 FROM holds h WHERE h.order_key = o.key AND h.released_at IS NULL)
                   FROM orders o";
        self.connection
            .prepare(sql)?
            .query_map([], |row| {
                let placed: serde_json::Value =
                    serde_json::from_slice(&row.get::<_, Vec<u8>>(3)?).unwrap_or_default();
                let text = |name: &str| placed[name].to_string().trim_matches('"').to_owned();
                let line = |line: &serde_json::Value| {
                    let product = line["productId"].as_str().unwrap_or_default().to_owned();
                    (product, line["quantity"].as_i64().unwrap_or(0))
                };
                Ok(OrderFacts {
                    id: text("orderId"),
                    status: row.get(1)?,
                    attention: row.get(2)?,
                    total: text("totalAmount"),
                    channels: CHANNELS
                        .iter()
                        .filter(|(member, _)| placed.get(member).is_some())
                        .map(|(_, channel)| *channel)
                        .collect(),
                    lines: placed["items"]
                        .as_array()
                        .into_iter()
                        .flatten()
                        .map(line)
                        .collect(),
                    began: row.get(4)?,
                    holds: row.get(5)?,
                })
            })?
            .collect()
    }

    /// Charges by order: amount, and whether the gateway still has the money.
    fn charges(&self) -> rusqlite::Result<HashMap<String, Vec<(String, bool)>>> {
        let mut charges: HashMap<String, Vec<(String, bool)>> = HashMap::new();
        let sql = "SELECT order_id, amount, outcome FROM gateway_ledger WHERE outcome <> 1";
        let mut statement = self.connection.prepare(sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let id: Vec<u8> = row.get(0)?;
            let id = uuid_text(&id);
            charges
                .entry(id)
                .or_default()
                .push((row.get(1)?, row.get::<_, i64>(2)? == 0));
        }
        Ok(charges)
    }

    /// The orders that a dead letter is about.
    fn dead_letters(&self) -> rusqlite::Result<HashSet<String>> {
        let sql = "SELECT body FROM messages WHERE source IS NOT NULL";
        let mut statement = self.connection.prepare(sql)?;
        let mut orders = HashSet::new();
        for body in statement.query_map([], |row| row.get::<_, String>(0))? {
            let body: serde_json::Value = serde_json::from_str(&body?).unwrap_or_default();
            orders.extend(body["orderId"].as_str().map(str::to_owned));
        }
        Ok(orders)
    }

    /// The keys of what was handed to senders: `ORDER:STATUS:CHANNEL`.
    fn told(&self) -> rusqlite::Result<HashSet<String>> {
        self.connection
            .prepare("SELECT key FROM outbox")?
            .query_map([], |row| row.get(0))?
            .collect()
    }
}

fn lost(orders: &[OrderFacts], placed: &[OrderId]) -> Vec<Violation> {
    let known: HashSet<&str> = orders.iter().map(|order| order.id.as_str()).collect();
    placed
        .iter()
        .filter(|id| !known.contains(id.to_string().as_str()))
        .map(|id| Violation::Lost(*id))
        .collect()
}

fn uuid_text(bytes: &[u8]) -> String {
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-")
}

fn check_money(order: &OrderFacts, charges: &[(String, bool)], violations: &mut Vec<Violation>) {
    if charges.len() > 1 {
        violations.push(Violation::ChargedTwice {
            order: order.id.clone(),
            charges: charges.len(),
        });
    }
    let kept: Vec<&str> = charges
        .iter()
        .filter(|(_, kept)| *kept)
        .map(|(amount, _)| amount.as_str())
        .collect();
    if order.status == COMPLETED && kept != [order.total.as_str()] {
        let (order, paid, total) = (order.id.clone(), kept.join(" + "), order.total.clone());
        violations.push(Violation::NotPaid { order, paid, total });
    } else if order.status > COMPLETED && !order.attention && !kept.is_empty() {
        violations.push(Violation::MoneyKept(order.id.clone()));
    }
}

fn check_told(order: &OrderFacts, told: &HashSet<String>, violations: &mut Vec<Violation>) {
    for channel in &order.channels {
        let was_told = |status: &str| told.contains(&format!("{}:{status}:{channel}", order.id));
        let mut expected = Vec::new();
        if order.began {
            expected.push("PROCESSING");
        }
        match order.status {
            COMPLETED => expected.push("COMPLETED"),
            CANCELLED => expected.push("CANCELLED"),
            // What was paid is told as given back, and nothing more.
            FAILED if !order.attention && !was_told("REFUNDED") => expected.push("FAILED"),
            _ => {}
        }
        for status in expected.into_iter().filter(|status| !was_told(status)) {
            violations.push(Violation::NotTold {
                order: order.id.clone(),
                channel,
                status,
            });
        }
    }
}
