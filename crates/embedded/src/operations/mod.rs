//! What an operator looks at and sets right.

mod executions;
mod inspection;
mod queues;
mod redrive;

use ports::StoreError;
use ports::operations::{
    ExecutionDetail, ExecutionInfo, OperationError, Operations, OutboxEntry, QueueInfo, QueueMessage,
    SubscriptionInfo,
};

use crate::executions::redrive_execution;
use crate::{Engine, outbox};

/// The most rows of one list.
const MAX_LIMIT: u32 = 1_000;

impl Operations for Engine {
    async fn list_queues(&self) -> Result<Vec<QueueInfo>, StoreError> {
        queues::list_queues(self).await
    }

    async fn list_messages(
        &self,
        queue: String,
        after: Option<String>,
        limit: u32,
    ) -> Result<Vec<QueueMessage>, OperationError> {
        queues::list_messages(self, &queue, after.as_deref(), limit.clamp(1, MAX_LIMIT)).await
    }

    async fn redrive_messages(
        &self,
        queue: String,
        message_ids: Option<Vec<String>>,
    ) -> Result<u64, OperationError> {
        redrive::redrive_messages(self, &queue, message_ids).await
    }

    async fn purge_messages(
        &self,
        queue: String,
        message_ids: Option<Vec<String>>,
    ) -> Result<u64, OperationError> {
        redrive::purge_messages(self, &queue, message_ids).await
    }

    async fn list_executions(
        &self,
        status: Option<String>,
        after: Option<String>,
        limit: u32,
    ) -> Result<Vec<ExecutionInfo>, OperationError> {
        executions::list_executions(self, status, after, limit.clamp(1, MAX_LIMIT)).await
    }

    async fn get_execution(&self, name: String) -> Result<ExecutionDetail, OperationError> {
        executions::get_execution(self, name).await
    }

    async fn redrive_execution(&self, name: String) -> Result<ExecutionInfo, OperationError> {
        redrive_execution(self, &name).await
    }

    async fn list_outbox(&self, limit: u32) -> Result<Vec<OutboxEntry>, StoreError> {
        let limit = limit.clamp(1, MAX_LIMIT);
        self.readers()
            .read_blocking(move |connection| outbox::list_newest(connection, limit))
            .await
    }

    async fn list_subscriptions(&self) -> Result<Vec<SubscriptionInfo>, StoreError> {
        queues::list_subscriptions(self).await
    }
}

#[cfg(test)]
mod tests;
