//! The store: the clients and the names of what they work on.

use std::future::Future;
use std::sync::Arc;

use domain::Timestamp;
use ports::StoreError;
use ports::clock::{Clock, OrderIds};
use tracing::Instrument;

use crate::environment::{Settings, Variable};
use crate::sdk::{Clients, Connection};
use crate::time::IdSource;

/// The ports on AWS. Clones are the same store.
#[derive(Debug, Clone)]
pub struct Store(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    clients: Clients,
    settings: Settings,
    ids: IdSource,
}

impl Store {
    /// A store over these resources. Connects to nothing yet.
    #[must_use]
    pub fn new(connection: &Connection, settings: Settings) -> Self {
        Self(Arc::new(Inner {
            clients: Clients::new(connection),
            settings,
            ids: IdSource::default(),
        }))
    }

    pub(crate) fn dynamodb(&self) -> &aws_sdk_dynamodb::Client {
        &self.0.clients.dynamodb
    }

    pub(crate) fn sqs(&self) -> &aws_sdk_sqs::Client {
        &self.0.clients.sqs
    }

    pub(crate) fn sns(&self) -> &aws_sdk_sns::Client {
        &self.0.clients.sns
    }

    pub(crate) fn states(&self) -> &aws_sdk_sfn::Client {
        &self.0.clients.states
    }

    /// What the variable names.
    pub(crate) fn name(&self, variable: Variable) -> Result<&str, StoreError> {
        self.0.settings.get(variable)
    }
}

impl Clock for Store {
    fn now(&self) -> Timestamp {
        crate::time::now()
    }
}

impl OrderIds for Store {
    fn next_order_id(&self) -> domain::OrderId {
        self.0.ids.next(crate::time::now())
    }
}

/// A call of a service, as a span that becomes a subsegment of the trace.
pub(crate) fn call<F: Future>(
    service: &'static str,
    operation: &'static str,
    call: F,
) -> impl Future<Output = F::Output> {
    call.instrument(tracing::info_span!("call", service, operation))
}
