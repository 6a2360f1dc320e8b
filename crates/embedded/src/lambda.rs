//! Functions as Lambda runs them: by name, each with its time-out and its concurrency, counted.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Instant;

use foldhash::fast::RandomState;
use futures_util::FutureExt;
use futures_util::future::lazy;
use ports::clock::Clock;
use ports::function::{Context, FunctionError, Handler, Invocation, Reply, ReplyFuture};
use ports::metrics::Metrics;
use ports::trace::{self, Recorder, Scope, Service, ServiceKind, SpanOutcome};
use tokio::sync::Semaphore;

use crate::Settings;
use crate::time::Time;

/// The functions.
pub struct Lambda {
    by_name: HashMap<String, Arc<Function>, RandomState>,
    name_by_arn: HashMap<String, String, RandomState>,
}

impl std::fmt::Debug for Lambda {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.by_name.keys()).finish()
    }
}

/// One function with its limits. It is itself a [`Handler`], which is how the gateway calls it.
pub struct Function {
    name: String,
    timeout_ms: u64,
    time: Time,
    slots: Option<Semaphore>,
    handler: RwLock<Option<Arc<dyn Handler>>>,
    concurrency: Concurrency,
    metrics: Arc<dyn Metrics>,
    service: Service,
    recorder: Arc<dyn Recorder>,
}

impl std::fmt::Debug for Function {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Function")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl Lambda {
    pub(crate) fn new(settings: &Settings, metrics: &Arc<dyn Metrics>) -> Self {
        let function = |function: &crate::FunctionSettings| Function {
            name: function.name.clone(),
            timeout_ms: function.timeout_ms,
            time: settings.time.clone(),
            slots: function.reserved_concurrency.map(Semaphore::new),
            handler: RwLock::default(),
            concurrency: Concurrency::default(),
            metrics: Arc::clone(metrics),
            service: Service::new(&function.name, ServiceKind::Function),
            recorder: Arc::clone(&settings.recorder),
        };
        Self {
            by_name: settings
                .functions
                .iter()
                .map(|f| (f.name.clone(), Arc::new(function(f))))
                .collect(),
            name_by_arn: settings
                .functions
                .iter()
                .map(|f| (f.arn.clone(), f.name.clone()))
                .collect(),
        }
    }

    /// Gives each function its code.
    pub(crate) fn register(&self, handlers: HashMap<String, Arc<dyn Handler>>) {
        for (name, handler) in handlers {
            match self.by_name.get(&name) {
                Some(function) => function.set_handler(Some(handler)),
                None => tracing::warn!(event_type = "function_not_in_template", function = name),
            }
        }
    }

    /// Each function's name, and the most of its calls that ran at once since this was last asked.
    pub(crate) fn take_peaks(&self) -> impl Iterator<Item = (&str, u64)> {
        let functions = self.by_name.values();
        functions.map(|function| (function.name.as_str(), function.concurrency.take_peak()))
    }

    /// Takes every function its code. Handlers hold the engine, so without this it would never be dropped.
    pub(crate) fn clear(&self) {
        self.by_name
            .values()
            .for_each(|function| function.set_handler(None));
    }

    /// The function of this name or ARN.
    #[must_use]
    pub fn function(&self, name_or_arn: &str) -> Option<Arc<Function>> {
        let name = self
            .name_by_arn
            .get(name_or_arn)
            .map_or(name_or_arn, String::as_str);
        self.by_name.get(name).cloned()
    }
}

/// How many calls run, and the most that did since somebody looked.
#[derive(Debug, Default)]
struct Concurrency {
    now: AtomicU64,
    peak: AtomicU64,
}

/// A call that runs, until it is dropped.
struct Runs<'c>(&'c Concurrency);

impl Concurrency {
    fn enter(&self) -> Runs<'_> {
        let now = self.now.fetch_add(1, Ordering::Relaxed) + 1;
        self.peak.fetch_max(now, Ordering::Relaxed);
        Runs(self)
    }

    /// What still runs counts for the next peak too.
    fn take_peak(&self) -> u64 {
        let now = self.now.load(Ordering::Relaxed);
        self.peak.swap(now, Ordering::Relaxed).max(now)
    }
}

impl Drop for Runs<'_> {
    fn drop(&mut self) {
        self.0.now.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The error that is an answer: the order can't be served. On AWS the template's metric filters leave it out too.
const EXPECTED: &str = "OutOfStock";

impl Function {
    fn set_handler(&self, handler: Option<Arc<dyn Handler>>) {
        *self.handler.write().unwrap_or_else(PoisonError::into_inner) = handler;
    }

    /// The function's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Calls the function. Errors carry the names that Lambda gives them, for Retry and Catch to match.
    ///
    /// # Errors
    /// What the function failed with, or `Lambda.TooManyRequestsException` at its concurrency limit,
    /// `Lambda.ResourceNotFoundException` without code, `Sandbox.Timedout`, or `Runtime.ExitError` when it panicked.
    pub async fn invoke(&self, invocation: Invocation, context: Context) -> Result<Reply, FunctionError> {
        let dimensions = [("FunctionName", self.name.as_str())];
        let _slot = match self.slots.as_ref().map(Semaphore::try_acquire).transpose() {
            Ok(slot) => slot,
            Err(_) => {
                self.metrics.count("Throttles", &dimensions, 1);
                return Err(error("Lambda.TooManyRequestsException", "Rate Exceeded."));
            }
        };
        let handler = self
            .handler
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let Some(handler) = handler else {
            return Err(error(
                "Lambda.ResourceNotFoundException",
                &format!("Function not found: {}", self.name),
            ));
        };
        let _runs = self.concurrency.enter();
        let started = Instant::now();
        let request_id = Arc::clone(&context.request_id);
        // Who calls for nobody in particular, as a follower of the stream does, has no trace to be part of.
        let invoked = trace::current()
            .unwrap_or_else(|| {
                Scope::new(
                    Arc::clone(&self.recorder),
                    self.service,
                    Arc::clone(&request_id),
                    [],
                )
            })
            .invoke(self.service, "Invoke", Arc::clone(&request_id));
        // When it is first polled and not before, for that may panic too. No async block: it would hold what it is given twice.
        let called = lazy(move |_| handler.call(invocation, context)).flatten();
        let call = AssertUnwindSafe(invoked.scope().run(called)).catch_unwind();
        let timeout_ms = i64::try_from(self.timeout_ms).unwrap_or(i64::MAX);
        let deadline = domain::Timestamp::from_ms(self.time.now().as_ms().saturating_add(timeout_ms));
        let result = tokio::select! {
            biased;
            result = call => result
                .unwrap_or_else(|_| Err(error("Runtime.ExitError", &format!("RequestId: {request_id} Error: the function panicked")))),
            () = self.time.deadline(deadline) => Err(error(
                "Sandbox.Timedout",
                &format!("RequestId: {request_id} Error: Task timed out after {}.{:02} seconds", self.timeout_ms / 1000, self.timeout_ms % 1000 / 10),
            )),
        };
        self.metrics.count("Invocations", &dimensions, 1);
        self.metrics
            .observe("Duration", &dimensions, started.elapsed().as_secs_f64() * 1000.0);
        let outcome = match &result {
            Ok(_) => SpanOutcome::Ok,
            Err(_) => SpanOutcome::Fault,
        };
        invoked.end(
            outcome,
            result.as_ref().err().map(|failure| failure.error_type.as_str()),
        );
        if let Err(failure) = &result {
            self.metrics.count("Errors", &dimensions, 1);
            if failure.error_type != EXPECTED {
                self.metrics.count("FunctionFailures", &[], 1);
            }
            tracing::warn!(
                event_type = "function_failed",
                function = self.name,
                request_id = &*request_id,
                errorType = failure.error_type,
                message = failure.message
            );
        }
        result
    }
}

impl Handler for Function {
    fn call(self: Arc<Self>, invocation: Invocation, context: Context) -> ReplyFuture {
        Box::pin(async move { self.invoke(invocation, context).await })
    }
}

fn error(error_type: &str, message: &str) -> FunctionError {
    FunctionError {
        error_type: error_type.to_owned(),
        message: message.to_owned(),
    }
}

/// A random UUID. From the thread's own generator: the system's would be asked several times an order.
pub(crate) fn random_uuid<Text: for<'t> From<&'t str>>() -> Text {
    let uuid = uuid::Builder::from_random_bytes(rand::random()).into_uuid();
    Text::from(uuid.hyphenated().encode_lower(&mut uuid::Uuid::encode_buffer()))
}

/// A request id for an invocation that no request led to.
pub(crate) fn request_id() -> Arc<str> {
    random_uuid()
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use ports::trace::NoRecorder;

    use super::*;

    /// Answers every call with this error.
    struct Fails(&'static str);

    impl Handler for Fails {
        fn call(self: Arc<Self>, _: Invocation, _: Context) -> ReplyFuture {
            Box::pin(async move { Err(error(self.0, "it failed")) })
        }
    }

    /// The counters that were counted, without their dimensions.
    #[derive(Default)]
    struct Counted(Mutex<Vec<&'static str>>);

    impl Metrics for Counted {
        fn count(&self, name: &'static str, _: &[(&'static str, &str)], _: u64) {
            self.0.lock().unwrap().push(name);
        }

        fn observe(&self, _: &'static str, _: &[(&'static str, &str)], _: f64) {}
    }

    #[tokio::test]
    async fn a_failure_is_counted_as_one_unless_it_is_want_of_stock() {
        for (failure, counted) in [
            ("StoreFailed", &["Invocations", "Errors", "FunctionFailures"][..]),
            (EXPECTED, &["Invocations", "Errors"]),
        ] {
            let metrics = Arc::new(Counted::default());
            let function = Function {
                name: "order-processing".to_owned(),
                timeout_ms: 1_000,
                time: Time::System,
                slots: None,
                handler: RwLock::new(Some(Arc::new(Fails(failure)))),
                concurrency: Concurrency::default(),
                metrics: Arc::clone(&metrics) as _,
                service: Service::new("order-processing", ServiceKind::Function),
                recorder: Arc::new(NoRecorder),
            };
            let invocation = Invocation::Direct(serde_json::Value::Null);
            let context = Context {
                request_id: request_id(),
                trace_id: "".into(),
            };
            let outcome = function.invoke(invocation, context).await;
            assert_eq!(outcome.unwrap_err().error_type, failure);
            assert_eq!(*metrics.0.lock().unwrap(), counted);
        }
    }

    #[test]
    fn the_peak_is_the_most_that_ran_at_once_since_it_was_asked() {
        let concurrency = Concurrency::default();
        let first = concurrency.enter();
        drop((concurrency.enter(), concurrency.enter()));
        assert_eq!(concurrency.take_peak(), 3);
        assert_eq!(concurrency.take_peak(), 1);
        drop(first);
        assert_eq!((concurrency.take_peak(), concurrency.take_peak()), (1, 0));
    }
}
