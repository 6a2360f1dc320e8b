//! Waiting until the server has seen every order through, and when that was by the server's own records.

use std::thread;
use std::time::{Duration, Instant};

use domain::Timestamp;
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

/// How the orders of a load ended.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Ends {
    /// Orders that came to COMPLETED.
    pub completed: u64,
    /// Orders that came to another end.
    pub otherwise: u64,
    /// Changes that all of it took.
    pub changes: u64,
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
        self.changes += 1;
        if record.event_name == "INSERT" {
            self.first.get_or_insert(record.at);
        }
        match record.new_image.status.as_str() {
            "COMPLETED" => self.completed += 1,
            "FAILED" | "CANCELLED" => self.otherwise += 1,
            _ => return,
        }
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
struct Image {
    status: String,
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
        let mut ends = Ends::default();
        for (number, name, at, status) in [
            (1, "INSERT", 1000, "PENDING"),
            (2, "INSERT", 1001, "PENDING"),
            (3, "MODIFY", 1002, "PROCESSING"),
            (4, "MODIFY", 1250, "COMPLETED"),
            (5, "MODIFY", 1249, "FAILED"),
        ] {
            ends.add(&Record {
                sequence_number: number,
                event_name: name.to_owned(),
                at: Timestamp::from_ms(at),
                new_image: Image {
                    status: status.to_owned(),
                },
            });
        }
        assert_eq!((ends.completed, ends.otherwise, ends.changes), (1, 1, 5));
        assert_eq!(ends.took(), Duration::from_millis(250));
    }
}
