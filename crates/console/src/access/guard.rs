//! Every request to the console passes here: who asks, whether a form is ours, and what every answer carries.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};

use super::secret::is_same;
use super::{Form, Session, Visitor, cookie};
use crate::console::{Console, Engine};
use crate::error::PageError;
use crate::query::{Fields, address};
use crate::view::error_page;

/// The longest form: the longest message there is, each byte of it escaped, and some room.
const MAX_FORM_BYTES: usize = 3 * 262_144 + 16_384;
/// How long a form may take to arrive.
const FORM_TIMEOUT: Duration = Duration::from_secs(10);

/// Nothing but our own style sheet, script and pictures, and forms that lead here; nobody puts us in a frame.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Lets signed-in visitors through, and others to what needs no session.
pub(crate) async fn guard<E: Engine>(
    State(console): State<Arc<Console<E>>>,
    request: Request,
    next: Next,
) -> Response {
    let started = Instant::now();
    let is_asset = request.uri().path().starts_with("/console/assets/");
    let mut response = match admit(&console, request).await {
        Ok((request, visitor)) => {
            let mut response = next.run(request).await;
            if let Some(error) = response.extensions_mut().remove::<PageError>() {
                response = error_page(visitor.as_ref(), &error);
            }
            response
        }
        Err(response) => *response,
    };
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    let isolated = HeaderValue::from_static("same-origin");
    headers.insert(
        HeaderName::from_static("cross-origin-opener-policy"),
        isolated.clone(),
    );
    headers.insert(HeaderName::from_static("cross-origin-resource-policy"), isolated);
    if !is_asset {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    let took = format!("page;dur={:.2}", started.elapsed().as_secs_f64() * 1000.0);
    if let Ok(took) = HeaderValue::from_str(&took) {
        headers.insert(HeaderName::from_static("server-timing"), took);
    }
    response
}

/// The request with its visitor and its form, or the answer in its place.
async fn admit<E: Engine>(
    console: &Console<E>,
    request: Request,
) -> Result<(Request, Option<Visitor>), Box<Response>> {
    let visitor = find_session(console, request.headers())
        .await
        .map(|session| Visitor {
            session,
            theme: cookie::theme(request.headers()),
        });
    let (mut parts, body) = request.into_parts();
    let path = parts.uri.path();
    let is_open = path.starts_with("/console/assets/") || path == "/console/login";
    if visitor.is_none() && !is_open {
        return Err(Box::new(to_login(&parts.method, path, parts.uri.query())));
    }
    let mut body = Some(body);
    if parts.method != Method::GET && parts.method != Method::HEAD {
        let token = match &visitor {
            Some(visitor) if !is_open => Some(visitor.session.token.as_str()),
            // The sign-in form has a token of its own.
            Some(_) | None => cookie::read(&parts.headers, cookie::LOGIN),
        };
        let form = read_form(&parts.headers, body.take().unwrap_or_default(), token).await;
        let form = form.map_err(|error| Box::new(error_page(visitor.as_ref(), &error)))?;
        parts.extensions.insert(form);
    }
    if let Some(visitor) = &visitor {
        parts.extensions.insert(visitor.clone());
    }
    let request = Request::from_parts(parts, body.unwrap_or_else(Body::empty));
    Ok((request, visitor))
}

/// The session of the request's cookie, as long as its key was not revoked.
async fn find_session<E: Engine>(console: &Console<E>, headers: &HeaderMap) -> Option<Arc<Session>> {
    let secret = cookie::read(headers, cookie::SESSION)?;
    let session = console.sessions.find(secret, console.now())?;
    let keys = console.engine.list_keys().await.ok()?;
    if keys.iter().any(|key| key.key_id == session.key_id) {
        return Some(session);
    }
    console.sessions.end(secret);
    None
}

/// To the sign-in page and back; a form or a script is only told.
fn to_login(method: &Method, path: &str, query: Option<&str>) -> Response {
    if method != Method::GET || path == "/console/live" {
        return (StatusCode::UNAUTHORIZED, "Sign in first.").into_response();
    }
    let here = query.map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"));
    let next = Some(here.as_str()).filter(|_| path != "/console");
    Redirect::to(&address("/console/login", &[("next", next)])).into_response()
}

/// Reads a form and checks that it is one of ours: its token, and where the browser says that it comes from.
async fn read_form(headers: &HeaderMap, body: Body, token: Option<&str>) -> Result<Form, PageError> {
    let came_from = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
    if came_from.is_some_and(|site| site != b"same-origin" && site != b"none") {
        return Err(PageError::Forged);
    }
    let bytes = tokio::time::timeout(FORM_TIMEOUT, Limited::new(body, MAX_FORM_BYTES).collect())
        .await
        .map_err(|_| PageError::TooSlow)?
        .map_err(|error| match error.downcast_ref::<LengthLimitError>() {
            Some(_) => PageError::TooLarge,
            None => PageError::Invalid("The form broke off.".to_owned()),
        })?
        .to_bytes();
    let fields = Fields::parse(&bytes);
    let sent = fields.raw("token").unwrap_or_default();
    if token.is_some_and(|token| is_same(token, sent)) {
        Ok(Form(fields))
    } else {
        Err(PageError::Forged)
    }
}
