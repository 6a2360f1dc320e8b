//! Which work the code at hand belongs to.
//!
//! A scope is set while its future is polled, and only then; so it is the right one whatever thread goes on with the
//! work, and needs no runtime's help.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use domain::OrderId;
use smallvec::SmallVec;

use super::{
    Name, Recorder, Service, ServiceKind, SpanData, SpanDetail, SpanId, SpanKind, SpanOutcome, TraceId,
};

/// A piece of work: the trace and the span that whatever is done within belongs to. Clones are the same scope.
#[derive(Clone)]
pub struct Scope {
    inner: Arc<Inner>,
}

struct Inner {
    recorder: Arc<dyn Recorder>,
    service: Service,
    request_id: Arc<str>,
    spans: Spans,
}

/// The spans to hang others below: one, or for a batch one for each of its traces.
type Spans = SmallVec<[(TraceId, SpanId); 1]>;

thread_local! {
    static CURRENT: RefCell<Option<Scope>> = const { RefCell::new(None) };
}

impl std::fmt::Debug for Scope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scope")
            .field("service", &self.inner.service)
            .field("request_id", &self.inner.request_id)
            .finish_non_exhaustive()
    }
}

impl Scope {
    /// The scope of work that `service` does under the spans; those of a batch are more than one.
    #[must_use]
    pub fn new(
        recorder: Arc<dyn Recorder>,
        service: Service,
        request_id: impl Into<Arc<str>>,
        spans: impl IntoIterator<Item = (TraceId, SpanId)>,
    ) -> Self {
        Self {
            inner: Arc::new(Inner {
                recorder,
                service,
                request_id: request_id.into(),
                spans: spans.into_iter().collect(),
            }),
        }
    }

    /// Runs the work in this scope.
    pub fn run<F: Future + Unpin>(self, work: F) -> InScope<F> {
        InScope {
            scope: Some(self),
            work,
        }
    }

    /// Begins the invocation of `service` from within this scope: a span in each trace that this is work for.
    #[must_use]
    pub fn invoke(&self, service: Service, name: &str, request_id: impl Into<Arc<str>>) -> Invoked {
        let (started_us, request_id) = (self.inner.recorder.now_us(), request_id.into());
        let kind = match self.inner.service.kind {
            ServiceKind::Queue | ServiceKind::Topic | ServiceKind::Stream => SpanKind::Consumer,
            ServiceKind::Client
            | ServiceKind::Api
            | ServiceKind::Function
            | ServiceKind::Table
            | ServiceKind::StateMachine
            | ServiceKind::External => SpanKind::Client,
        };
        let name = Name::of(name);
        let span = |(trace, parent): &(TraceId, SpanId)| SpanData {
            trace: *trace,
            id: SpanId::of(*trace, "invoke", request_id.as_bytes()),
            parent: Some(*parent),
            service,
            caller: Some(self.inner.service),
            name,
            kind,
            started_us,
            ended_us: started_us,
            outcome: SpanOutcome::Ok,
            order: None,
            detail: None,
        };
        let spans: SmallVec<[SpanData; 1]> = self.inner.spans.iter().map(span).collect();
        let below = spans.iter().map(|span| (span.trace, span.id));
        Invoked {
            scope: Self::new(Arc::clone(&self.inner.recorder), service, request_id, below),
            spans,
        }
    }

    /// The part whose work it is.
    #[must_use]
    pub fn service(&self) -> Service {
        self.inner.service
    }

    /// The invocation's or request's id.
    #[must_use]
    pub fn request_id(&self) -> &str {
        &self.inner.request_id
    }

    /// The trace, when the work is for one alone.
    #[must_use]
    pub fn trace(&self) -> Option<TraceId> {
        match self.inner.spans.as_slice() {
            [(trace, _)] => Some(*trace),
            _ => None,
        }
    }

    /// The span of this trace that others hang below.
    #[must_use]
    pub fn span_of(&self, trace: TraceId) -> Option<SpanId> {
        let of = |(t, span): &(TraceId, SpanId)| (*t == trace).then_some(*span);
        self.inner.spans.iter().find_map(of)
    }

    /// Begins a span below this scope's own; of a batch's, below that of `trace`, or its first when there's none given.
    pub fn begin(&self, trace: Option<TraceId>, service: Service, name: &str, kind: SpanKind) -> Segment {
        let parent = match trace {
            Some(trace) => self.span_of(trace).map(|span| (trace, span)),
            None => self.inner.spans.first().copied(),
        };
        let started_us = self.inner.recorder.now_us();
        let key = |parent: SpanId| {
            let mut key = [0; 16];
            key[..8].copy_from_slice(&parent.0.get().to_be_bytes());
            key[8..].copy_from_slice(&started_us.to_be_bytes());
            key
        };
        Segment {
            open: parent.map(|(trace, parent)| Open {
                scope: self.clone(),
                span: SpanData {
                    trace,
                    id: SpanId::of(trace, name, &key(parent)),
                    parent: Some(parent),
                    service,
                    caller: Some(self.inner.service),
                    name: Name::of(name),
                    kind,
                    started_us,
                    ended_us: started_us,
                    outcome: SpanOutcome::Ok,
                    order: None,
                    detail: None,
                },
            }),
        }
    }
}

/// An invocation that is under way.
#[derive(Debug)]
pub struct Invoked {
    scope: Scope,
    spans: SmallVec<[SpanData; 1]>,
}

impl Invoked {
    /// What the invoked part works in.
    #[must_use]
    pub fn scope(&self) -> Scope {
        self.scope.clone()
    }

    /// Records its spans: it ended so, for this reason if it failed.
    pub fn end(self, outcome: SpanOutcome, error: Option<&str>) {
        let recorder = &self.scope.inner.recorder;
        let ended_us = recorder.now_us();
        for span in self.spans {
            let detail = error.map(|error| {
                Box::new(SpanDetail {
                    error: Some(error.to_owned()),
                    attributes: Vec::new(),
                })
            });
            recorder.record(SpanData {
                ended_us,
                outcome,
                detail,
                ..span
            });
        }
    }
}

/// The scope that the caller runs in.
#[must_use]
pub fn current() -> Option<Scope> {
    CURRENT.with_borrow(Clone::clone)
}

/// Begins a span within the work at hand, such as `validate_input`; it ends when it is dropped. Outside of any scope it
/// does nothing.
pub fn subsegment(name: &'static str) -> Segment {
    match current() {
        Some(scope) => scope.begin(None, scope.service(), name, SpanKind::Internal),
        None => Segment { open: None },
    }
}

/// Begins a call of another part, such as `PutItem` of a table; it ends when it is dropped. Outside of any scope it does
/// nothing.
pub fn call(service: Service, name: &'static str) -> Segment {
    match current() {
        Some(scope) => scope.begin(None, service, name, SpanKind::Client),
        None => Segment { open: None },
    }
}

/// A span that is under way. It is recorded when this is dropped; the default is none at all.
#[derive(Default)]
#[must_use = "a span ends when this is dropped"]
pub struct Segment {
    open: Option<Open>,
}

struct Open {
    scope: Scope,
    span: SpanData,
}

impl std::fmt::Debug for Segment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Segment")
            .field(&self.open.as_ref().map(|open| &open.span))
            .finish()
    }
}

impl Segment {
    /// Gives it an id that others can tell.
    pub fn identify(&mut self, id: SpanId) {
        if let Some(open) = &mut self.open {
            open.span.id = id;
        }
    }

    /// Notes which order it is for.
    pub fn order(&mut self, order: OrderId) {
        if let Some(open) = &mut self.open {
            open.span.order = Some(order);
        }
    }

    /// Notes something; never a secret. `value` is only asked when somebody listens.
    pub fn note(&mut self, key: &'static str, value: impl FnOnce() -> String) {
        if let Some(open) = &mut self.open {
            detail(&mut open.span).attributes.push((key, value()));
        }
    }

    /// Notes that it failed, and why.
    pub fn fail(&mut self, outcome: SpanOutcome, error: impl FnOnce() -> String) {
        if let Some(open) = &mut self.open {
            open.span.outcome = outcome;
            detail(&mut open.span).error = Some(error());
        }
    }

    /// Ends it, and notes a failure if `result` is one.
    pub fn end<T, E: std::fmt::Display>(mut self, result: &Result<T, E>) {
        if let Err(error) = result {
            self.fail(SpanOutcome::Fault, || error.to_string());
        }
    }
}

fn detail(span: &mut SpanData) -> &mut SpanDetail {
    span.detail.get_or_insert_default()
}

impl Drop for Segment {
    fn drop(&mut self) {
        if let Some(Open { scope, mut span }) = self.open.take() {
            let recorder = &scope.inner.recorder;
            span.ended_us = recorder.now_us();
            recorder.record(span);
        }
    }
}

/// Work with its scope.
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct InScope<F> {
    scope: Option<Scope>,
    work: F,
}

impl<F: Future + Unpin> Future for InScope<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = &mut *self;
        let _set = Set::new(&mut this.scope);
        Pin::new(&mut this.work).poll(context)
    }
}

/// Sets the scope until it is dropped, which a panic does too.
struct Set<'s> {
    slot: &'s mut Option<Scope>,
}

impl<'s> Set<'s> {
    fn new(slot: &'s mut Option<Scope>) -> Self {
        swap(slot);
        Self { slot }
    }
}

impl Drop for Set<'_> {
    fn drop(&mut self) {
        swap(self.slot);
    }
}

fn swap(slot: &mut Option<Scope>) {
    CURRENT.with_borrow_mut(|current| std::mem::swap(current, slot));
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;

    #[derive(Debug, Default)]
    struct Kept {
        clock: AtomicI64,
        spans: Mutex<Vec<SpanData>>,
    }

    impl Recorder for Kept {
        fn now_us(&self) -> i64 {
            self.clock.fetch_add(10, Ordering::Relaxed)
        }

        fn takes_first(&self) -> bool {
            false
        }

        fn keep(&self, _: TraceId) {}

        fn record(&self, span: SpanData) {
            self.spans.lock().unwrap().push(span);
        }
    }

    fn finish<F: Future>(work: F) -> F::Output {
        let mut work = pin!(work);
        let mut context = Context::from_waker(std::task::Waker::noop());
        loop {
            if let Poll::Ready(output) = work.as_mut().poll(&mut context) {
                return output;
            }
        }
    }

    /// Pending once, as work is that waits for something.
    async fn wait() {
        let mut waited = false;
        std::future::poll_fn(|_| match std::mem::replace(&mut waited, true) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        })
        .await;
    }

    const TRACES: [TraceId; 2] = [TraceId(1), TraceId(2)];

    fn queue(kept: &Arc<Kept>) -> Scope {
        let spans = TRACES.map(|t| (t, SpanId::of(t, "queue", b"1")));
        let recorder = Arc::clone(kept) as Arc<dyn Recorder>;
        Scope::new(
            recorder,
            Service::new("OrderQueue", ServiceKind::Queue),
            "q".to_owned(),
            spans,
        )
    }

    #[test]
    fn work_on_a_batch_has_a_span_in_each_of_its_traces() {
        let kept = Arc::new(Kept::default());
        let function = Service::new("order-processing", ServiceKind::Function);
        let invoked = queue(&kept).invoke(function, "Invoke", "r-1");
        finish(invoked.scope().run(pin!(async {
            wait().await;
            let scope = current().unwrap();
            assert_eq!((scope.service(), scope.request_id()), (function, "r-1"));
            let mut begun = scope.begin(Some(TRACES[1]), function, "begin", SpanKind::Internal);
            begun.fail(SpanOutcome::Fault, || "no".to_owned());
        })));
        invoked.end(SpanOutcome::Ok, None);
        assert!(current().is_none());
        let spans = kept.spans.lock().unwrap();
        let [begun, first, second] = spans.as_slice() else {
            panic!("{spans:?}")
        };
        assert_eq!([first.trace, second.trace], TRACES);
        assert_eq!((begun.trace, begun.parent), (TRACES[1], Some(second.id)));
        assert_eq!(begun.detail.as_ref().unwrap().error.as_deref(), Some("no"));
        assert!(begun.started_us > second.started_us && begun.ended_us < second.ended_us);
        assert_eq!(first.kind, SpanKind::Consumer);
    }

    #[test]
    fn a_scope_is_set_while_its_work_is_polled_and_only_then() {
        let kept = Arc::new(Kept::default());
        let mut work = queue(&kept).run(Box::pin(async {
            wait().await;
            subsegment("validate_input").end(&Ok::<(), String>(()));
        }));
        let mut context = Context::from_waker(std::task::Waker::noop());
        assert!(Pin::new(&mut work).poll(&mut context).is_pending());
        assert!(current().is_none());
        drop(subsegment("of nobody"));
        assert!(Pin::new(&mut work).poll(&mut context).is_ready());
        let names: Vec<_> = kept
            .spans
            .lock()
            .unwrap()
            .iter()
            .map(|s| s.name.as_str())
            .collect();
        assert_eq!(names, ["validate_input"]);
    }

    #[test]
    fn a_panic_leaves_no_scope_behind() {
        let kept = Arc::new(Kept::default());
        let scope = queue(&kept);
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            finish(scope.run(Box::pin(async { panic!("of the work") })));
        }));
        assert!(panicked.is_err() && current().is_none());
    }
}
