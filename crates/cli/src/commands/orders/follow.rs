//! Waiting for an order's end by the change feed.

use std::io;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::client::events::{Change, Changes};
use crate::client::{Client, path::encode};
use crate::failure::Failure;

/// An open change feed. It is read on a thread of its own, since a read can't be given up when the time is up.
#[derive(Debug)]
pub struct Follower {
    changes: Receiver<io::Result<Change>>,
    deadline: Instant,
}

impl Follower {
    /// Opens the feed; from here on no change is missed. The waiting ends after `timeout`.
    pub fn open(client: &Client, timeout: Duration) -> Result<Self, Failure> {
        let stream = client.open_stream("/events")?;
        let (sender, changes) = mpsc::sync_channel(64);
        thread::spawn(move || {
            for change in Changes::new(stream) {
                if sender.send(change).is_err() {
                    return;
                }
            }
        });
        Ok(Self {
            changes,
            deadline: Instant::now() + timeout,
        })
    }

    /// Waits for the order's end and returns it as it then is, or as it is when the time is up or the feed ends.
    pub fn wait_for_end(self, client: &Client, order_id: &str) -> Result<Value, Failure> {
        let path = format!("/orders/{}", encode(order_id));
        loop {
            let left = self.deadline.saturating_duration_since(Instant::now());
            match self.changes.recv_timeout(left) {
                Ok(Ok(Change {
                    new_image: Some(order),
                })) if is_end(&order, order_id) => return client.get(&path),
                Ok(Ok(_)) => {}
                Ok(Err(error)) => return Err(Failure::because("the change feed broke off", error)),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return client.get(&path),
            }
        }
    }
}

fn is_end(order: &Value, order_id: &str) -> bool {
    let ended = order["status"]
        .as_str()
        .is_some_and(|s| matches!(s, "COMPLETED" | "FAILED" | "CANCELLED"));
    order["orderId"].as_str() == Some(order_id) && ended
}
