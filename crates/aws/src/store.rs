//! The store: the clients and the names of what they work on.

use std::future::Future;
use std::sync::Arc;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use domain::Timestamp;
use ports::StoreError;
use ports::clock::{Clock, IdSource, OrderIds};
use ports::metrics::Metrics;
use ports::trace::{self, Service, ServiceKind, SpanOutcome};

use crate::environment::{Settings, Variable};
use crate::error::is_throttle;
use crate::sdk::{Clients, Connection};

/// The ports on AWS. Clones are the same store.
#[derive(Debug, Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    clients: Clients,
    settings: Settings,
    ids: IdSource,
    metrics: Arc<dyn Metrics>,
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inner")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl Store {
    /// A store over these resources, which counts what no caller is told of. Connects to nothing yet.
    #[must_use]
    pub fn new(connection: &Connection, settings: Settings, metrics: Arc<dyn Metrics>) -> Self {
        Self(Arc::new(Inner {
            clients: Clients::new(connection),
            settings,
            ids: IdSource::default(),
            metrics,
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

    pub(crate) fn mail(&self) -> aws_sdk_sesv2::Client {
        self.0.clients.mail()
    }

    pub(crate) fn metrics(&self) -> &dyn Metrics {
        self.0.metrics.as_ref()
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
        self.0.ids.next(crate::time::now(), rand::random())
    }
}

/// A call of a service, as a span of the trace.
pub(crate) async fn call<T, E, R>(
    service: &'static str,
    operation: &'static str,
    call: impl Future<Output = Result<T, SdkError<E, R>>>,
) -> Result<T, SdkError<E, R>>
where
    E: ProvideErrorMetadata,
{
    let kind = match service {
        "sqs" => ServiceKind::Queue,
        "sns" => ServiceKind::Topic,
        "states" => ServiceKind::StateMachine,
        "ses" => ServiceKind::External,
        _ => ServiceKind::Table,
    };
    let mut segment = trace::call(Service::new(service, kind), operation);
    let answer = call.await;
    if let Err(error) = &answer {
        let outcome = match error {
            _ if is_throttle(error.code()) => SpanOutcome::Throttle,
            // A refusal, such as a condition that does not hold.
            SdkError::ServiceError(_) => SpanOutcome::Error,
            _ => SpanOutcome::Fault,
        };
        segment.fail(outcome, || error.code().unwrap_or("no answer").to_owned());
    }
    answer
}
