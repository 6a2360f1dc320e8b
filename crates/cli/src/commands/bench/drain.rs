//! Waiting until the server has seen every order through, and when that was by the server's own records.

use std::collections::HashSet;
use std::thread;
use std::time::{Duration, Instant};

use domain::{OrderId, OrderStatus, Timestamp};
use indicatif::ProgressBar;
use serde::Deserialize;

use super::server::Server;
use crate::failure::Failure;

/// How often the server is asked how far it is. What is measured doesn't depend on it: times are those of the records.
const ASK_EVERY: Duration = Duration::from_millis(20);
/// For how long nothing may change before the waiting is given up.
const PATIENCE: Duration = Duration::from_secs(20);
/// Records a page, the most that the feed gives.
const PAGE: usize = 1000;

/// Waits until the feed has come to the change with this number, or nothing changes any more. Returns whether it came.
pub fn wait_for_change(server: &Server, number: u64, bar: &ProgressBar) -> Result<bool, Failure> {
    let mut latest = 0;
    let mut moved = Instant::now();
    loop {
        let counts = server.counts()?;
        if counts.latest_change >= number {
            return Ok(true);
        }
        if counts.latest_change > latest {
            bar.inc(counts.latest_change.saturating_sub(latest.max(bar.position())));
            latest = counts.latest_change;
            moved = Instant::now();
        }
        if moved.elapsed() > PATIENCE {
            return Ok(false);
        }
        thread::sleep(ASK_EVERY);
    }
}

/// Waits until no order is open, or nothing changes any more: those that an earlier benchmark left would share the server
/// with this one's.
pub fn wait_for_open(server: &Server) -> Result<(), Failure> {
    let mut latest = 0;
    let mut moved = Instant::now();
    // In the order in which an order goes through them, so that none is missed in between.
    while server.has_orders(OrderStatus::Pending)? || server.has_orders(OrderStatus::Processing)? {
        let counts = server.counts()?;
        if counts.latest_change > latest {
            latest = counts.latest_change;
            moved = Instant::now();
        }
        if moved.elapsed() > PATIENCE {
            break;
        }
        thread::sleep(ASK_EVERY);
    }
    Ok(())
}

/// How the orders of a load ended. Changes of orders that were placed before it are not counted.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Ends {
    /// Orders that came to COMPLETED.
    pub completed: u64,
    /// Orders that came to another end.
    pub otherwise: u64,
    /// Changes that all of it took.
    pub changes: u64,
    /// Orders that were placed and have not ended.
    open: HashSet<OrderId>,
    /// When the first order was placed.
    first: Option<Timestamp>,
    /// When the last order ended.
    last: Option<Timestamp>,
}

impl Ends {
    /// Orders that have ended.
    pub fn ended(&self) -> u64 {
        self.completed + self.otherwise
    }

    /// From the first order placed to the last one ended, by the server's clock, at least a millisecond.
    pub fn took(&self) -> Duration {
        let span_ms = match (self.first, self.last) {
            (Some(first), Some(last)) => last.as_ms() - first.as_ms(),
            (Some(_) | None, None) | (None, Some(_)) => 0,
        };
        Duration::from_millis(u64::try_from(span_ms).unwrap_or(0).max(1))
    }

    fn add(&mut self, record: &Record) {
        let Image { order_id, status } = record.new_image;
        if record.event_name == "INSERT" {
            self.first.get_or_insert(record.at);
            self.open.insert(order_id);
        } else if !self.open.contains(&order_id) {
            return;
        }
        self.changes += 1;
        match status {
            OrderStatus::Completed => self.completed += 1,
            OrderStatus::Failed | OrderStatus::Cancelled => self.otherwise += 1,
            OrderStatus::Pending | OrderStatus::Processing => return,
        }
        self.open.remove(&order_id);
        self.last = self.last.max(Some(record.at));
    }
}

#[derive(Deserialize)]
struct Page {
    events: Vec<Record>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    sequence_number: u64,
    event_name: String,
    at: Timestamp,
    new_image: Image,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Image {
    order_id: OrderId,
    status: OrderStatus,
}

/// Reads the feed after the change with this number until so many orders have ended, or nothing comes any more.
pub fn wait_for_ends(server: &Server, mut after: u64, orders: u64) -> Result<Ends, Failure> {
    let mut ends = Ends::default();
    let mut moved = Instant::now();
    while ends.ended() < orders && moved.elapsed() < PATIENCE {
        let page: Page = server
            .admin()
            .get(&format!("/events?after={after}&limit={PAGE}"))?;
        for record in &page.events {
            ends.add(record);
            after = record.sequence_number;
            moved = Instant::now();
        }
        if page.events.len() < PAGE {
            thread::sleep(ASK_EVERY);
        }
    }
    Ok(ends)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_ends_once_and_the_last_end_counts() {
        let ends = ends_of([
            (1, "INSERT", 1000, OrderStatus::Pending),
            (2, "INSERT", 1001, OrderStatus::Pending),
            (1, "MODIFY", 1002, OrderStatus::Processing),
            (1, "MODIFY", 1250, OrderStatus::Completed),
            (2, "MODIFY", 1249, OrderStatus::Failed),
        ]);
        assert_eq!((ends.completed, ends.otherwise, ends.changes), (1, 1, 5));
        assert_eq!(ends.took(), Duration::from_millis(250));
    }

    #[test]
    fn orders_that_were_left_open_before_the_load_are_not_counted() {
        let ends = ends_of([
            (1, "MODIFY", 990, OrderStatus::Processing),
            (3, "INSERT", 1000, OrderStatus::Pending),
            (1, "MODIFY", 1001, OrderStatus::Completed),
            (3, "MODIFY", 1100, OrderStatus::Processing),
            (3, "MODIFY", 1200, OrderStatus::Completed),
            (2, "MODIFY", 1300, OrderStatus::Failed),
        ]);
        assert_eq!((ends.completed, ends.otherwise, ends.changes), (1, 0, 3));
        assert_eq!(ends.took(), Duration::from_millis(200));
    }

    /// The ends after these changes: which order's, what happened, when, and its status then.
    fn ends_of<const N: usize>(changes: [(u64, &str, i64, OrderStatus); N]) -> Ends {
        let mut ends = Ends::default();
        for (sequence_number, (order, name, at, status)) in (1..).zip(changes) {
            ends.add(&Record {
                sequence_number,
                event_name: name.to_owned(),
                at: Timestamp::from_ms(at),
                new_image: Image {
                    order_id: OrderId::from_parts(1, 0, order),
                    status,
                },
            });
        }
        ends
    }
}
