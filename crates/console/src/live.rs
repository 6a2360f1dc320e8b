//! `GET /console/live`: server-sent events that say no more than "there is news".
//!
//! The engine wakes us after a commit; nothing is polled. What came close together is told once, and the page that
//! follows fetches itself anew, so what it shows is always what the server renders.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use http::header::RETRY_AFTER;
use http::{HeaderValue, StatusCode};

use crate::console::{Console, Engine};

/// The least time between two news: what a busy system shows once a second is live enough for eyes.
const PAUSE: Duration = Duration::from_millis(1_000);
/// An idle connection gets a comment this often, so that nothing on the way takes it for dead.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// How long a connection lives. Its page comes back, and by that shows that its session still stands.
const LIFE: Duration = Duration::from_secs(600);
/// What a page is told to wait before it comes back, in seconds.
const BACK_IN_S: u64 = 30;

/// Opens the stream, unless as many are open as the console allows.
pub(crate) async fn follow<E: Engine>(State(console): State<Arc<Console<E>>>) -> Response {
    let Ok(place) = Arc::clone(&console.live).try_acquire_owned() else {
        let mut response = (
            StatusCode::SERVICE_UNAVAILABLE,
            "As many pages are live as the server allows.",
        )
            .into_response();
        response
            .headers_mut()
            .insert(RETRY_AFTER, HeaderValue::from(BACK_IN_S));
        return response;
    };
    let seen = console.engine.latest_commit();
    let end = tokio::time::Instant::now() + LIFE;
    let news = stream::unfold((console, seen, place), move |(console, seen, place)| async move {
        tokio::select! {
            () = console.engine.wait_for_commit(seen) => {}
            () = console.shutdown.cancelled() => return None,
            () = tokio::time::sleep_until(end) => return None,
        }
        tokio::time::sleep(PAUSE).await;
        let seen = console.engine.latest_commit();
        let event = Event::default().event("news").data(seen.to_string());
        Some((Ok::<_, Infallible>(event), (console, seen, place)))
    });
    let hello = Event::default().retry(PAUSE).event("hello").data("ok");
    let events = futures_util::StreamExt::chain(stream::once(async { Ok(hello) }), news);
    Sse::new(events)
        .keep_alive(KeepAlive::new().interval(HEARTBEAT))
        .into_response()
}
