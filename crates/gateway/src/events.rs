//! `GET /events` as server-sent events (WHATWG HTML, section 9.2): the change feed, live.
//!
//! A client that comes back with `Last-Event-ID` goes on where it was, as far as the feed reaches back.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use domain::{Fault, FaultCode};
use futures_util::stream::{self, Stream, StreamExt};
use http::header::ACCEPT;
use http::{HeaderMap, HeaderName, Method, Uri};
use ports::feed::ChangeRecord;
use tokio::sync::OwnedSemaphorePermit;
use tokio_util::sync::CancellationToken;

use crate::edge::Gateway;
use crate::parts::Engine;
use crate::problem::{Code, Problem};
use crate::routes::BoundRoute;

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
const BATCH: u32 = 100;
/// What a client is told to wait before it comes back.
const RETRY: Duration = Duration::from_secs(2);

/// Whether this call asks for the live feed and not for a page of it, which a function answers.
pub(crate) fn is_stream_request(route: &BoundRoute, headers: &HeaderMap) -> bool {
    route.method == Method::GET
        && route.resource == "/events"
        && headers
            .get_all(ACCEPT)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .any(|range| {
                range
                    .split(';')
                    .next()
                    .is_some_and(|essence| essence.trim().eq_ignore_ascii_case("text/event-stream"))
            })
}

/// Opens the stream after `Last-Event-ID`, or `?after=`, or else from now on.
pub(crate) fn open_stream<E: Engine>(
    gateway: &Gateway<E>,
    uri: &Uri,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let engine = &gateway.parts.engine;
    let after = match start(uri, headers)? {
        Some(after) => after,
        None => engine.latest_change(),
    };
    let Ok(permit) = Arc::clone(&gateway.event_streams).try_acquire_owned() else {
        let detail = "As many event streams are open as the server allows; try again later.";
        return Err(Problem::new(Code::Overloaded, detail).retry_after(10));
    };
    let shutdown = gateway.parts.shutdown.clone();
    let changes = changes(Arc::clone(engine), after, shutdown, permit);
    let hello = Event::default()
        .retry(RETRY)
        .comment("the change feed of ordermill");
    let events = stream::once(async { Ok::<_, Infallible>(hello) }).chain(changes.map(Ok));
    let heartbeat = KeepAlive::new().interval(gateway.limits.heartbeat).text("alive");
    Ok(Sse::new(events).keep_alive(heartbeat).into_response())
}

fn start(uri: &Uri, headers: &HeaderMap) -> Result<Option<u64>, Problem> {
    if let Some(id) = headers.get(LAST_EVENT_ID) {
        return match id.to_str().ok().and_then(|id| id.trim().parse().ok()) {
            Some(after) => Ok(Some(after)),
            None => Err(Problem::new(
                Code::BadRequest,
                "Last-Event-ID is a sequence number of the feed.",
            )),
        };
    }
    let after = uri.query().and_then(|query| {
        form_urlencoded::parse(query.as_bytes())
            .find(|(name, _)| name == "after")
            .map(|(_, value)| value.into_owned())
    });
    match after {
        None => Ok(None),
        Some(text) => match text.parse() {
            Ok(after) => Ok(Some(after)),
            Err(_) => Err(Problem::faults(vec![Fault {
                pointer: "?after".to_owned(),
                code: FaultCode::BadFormat,
                detail: "after: a sequence number is a whole number from 0".to_owned(),
            }])),
        },
    }
}

/// Follows the feed until the server stops. It ends early when the store fails: the client comes back and goes on where
/// it was.
fn changes<E: Engine>(
    engine: Arc<E>,
    after: u64,
    shutdown: CancellationToken,
    permit: OwnedSemaphorePermit,
) -> impl Stream<Item = Event> {
    stream::unfold((engine, after, permit), move |(engine, after, permit)| {
        let shutdown = shutdown.clone();
        async move {
            tokio::select! {
                () = engine.wait_for_change(after) => {}
                () = shutdown.cancelled() => return None,
            }
            let newest = engine.latest_change();
            match engine.read_changes(after, BATCH).await {
                Ok(records) => {
                    // When retention took what was there, the feed goes on behind it.
                    let last = records
                        .last()
                        .map_or(newest.max(after), |record| record.sequence_number);
                    let events: Vec<Event> = records.iter().filter_map(event).collect();
                    Some((stream::iter(events), (engine, last, permit)))
                }
                Err(error) => {
                    tracing::error!(
                        error = &error as &dyn std::error::Error,
                        "an event stream ends early"
                    );
                    None
                }
            }
        }
    })
    .flatten()
}

fn event(record: &ChangeRecord) -> Option<Event> {
    let data = serde_json::to_string(record).ok()?;
    Some(
        Event::default()
            .id(record.sequence_number.to_string())
            .event(record.event_name)
            .data(data),
    )
}
