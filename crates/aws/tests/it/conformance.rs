//! What the ports promise.

use std::sync::Arc;

use aws::Store;

/// One set of tables for all cases: each makes orders and products of its own.
async fn backend() -> Arc<Store> {
    crate::support::Resources::shared().await.store()
}

testkit::conformance!(backend);
