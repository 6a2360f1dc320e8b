//! Queues and dead letters: what waits, what failed and why, setting a body right, sending back, deleting.

mod act;
mod edit;
mod list;
mod message;

mod show;

pub(crate) use act::{ask_to_purge, ask_to_redrive, purge, redrive};
pub(crate) use edit::{edit, replace};
pub(crate) use list::list;
pub(crate) use message::show_message;
pub(crate) use show::show;

use ports::operations::{Operations, QueueInfo};

use crate::error::PageError;
use crate::query::segment;

async fn find_queue(engine: &impl Operations, name: &str) -> Result<QueueInfo, PageError> {
    let queues = engine.list_queues().await?;
    let found = queues.into_iter().find(|queue| queue.name == name);
    found.ok_or_else(|| PageError::not_found("queue", name))
}

fn queue_path(queue: &str) -> String {
    format!("/console/queues/{}", segment(queue))
}

fn message_path(queue: &str, message: &str) -> String {
    format!("{}/messages/{}", queue_path(queue), segment(message))
}
