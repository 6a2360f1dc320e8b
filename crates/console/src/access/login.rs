//! Signing in with the admin key, and out.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, Extension, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::header::{RETRY_AFTER, SET_COOKIE};
use http::{HeaderMap, HeaderValue, StatusCode};
use maud::{Markup, html};
use ports::access::Role;

use super::secret::new_secret;
use super::{Form, Query, Visitor, cookie};
use crate::console::{Console, Engine};
use crate::error::PageError;
use crate::view::{icon, plain_page};

/// How long a sign-in form is good for.
const FORM_LIFE_S: u32 = 3_600;

type Peer = Option<Extension<ConnectInfo<SocketAddr>>>;

fn address_of(peer: &Peer) -> Option<IpAddr> {
    peer.as_ref().map(|Extension(ConnectInfo(peer))| peer.ip())
}

/// `GET /console/login`
pub(crate) async fn show_login(
    visitor: Option<Extension<Visitor>>,
    headers: HeaderMap,
    Query(query): Query,
) -> Result<Response, PageError> {
    let next = safe_next(query.text("next"));
    if visitor.is_some() {
        return Ok(Redirect::to(next).into_response());
    }
    form_page(&headers, next, StatusCode::OK, None)
}

/// `POST /console/login`
pub(crate) async fn sign_in<E: Engine>(
    State(console): State<Arc<Console<E>>>,
    peer: Peer,
    headers: HeaderMap,
    Form(form): Form,
) -> Result<Response, PageError> {
    let next = safe_next(form.text("next"));
    let (address, now) = (address_of(&peer), console.now());
    if let Err(seconds) = console.tries.begin(address, now) {
        let why = format!("Too many tries. Wait {seconds} seconds, then try again.");
        let mut response = form_page(&headers, next, StatusCode::TOO_MANY_REQUESTS, Some(&why))?;
        response
            .headers_mut()
            .insert(RETRY_AFTER, HeaderValue::from(seconds));
        return Ok(response);
    }
    let key = form
        .text("key")
        .and_then(|secret| console.engine.authenticate(secret))
        .filter(|key| key.role == Role::Admin);
    let Some(key) = key else {
        tracing::warn!(
            event_type = "console_sign_in_refused",
            peer = address.map(tracing::field::display)
        );
        let why = "That is not an admin key. The admin key is in admin.key in the server's data directory.";
        return form_page(&headers, next, StatusCode::FORBIDDEN, Some(why));
    };
    console.tries.succeeded(address);
    let secret = console
        .sessions
        .begin(key.key_id.clone(), key.name.clone(), now)
        .map_err(|error| PageError::Refused(error.to_string()))?;
    tracing::info!(event_type = "console_signed_in", key = %key.key_id, peer = address.map(tracing::field::display));
    let mut response = Redirect::to(next).into_response();
    let secure = cookie::is_secure(&headers);
    let cookies = [
        cookie::set(cookie::SESSION, &secret, secure, None),
        cookie::set(cookie::LOGIN, "", secure, Some(0)),
    ];
    for cookie in cookies.into_iter().flatten() {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    Ok(response)
}

/// `POST /console/logout`
pub(crate) async fn log_out<E: Engine>(
    State(console): State<Arc<Console<E>>>,
    headers: HeaderMap,
    _form: Form,
) -> Response {
    if let Some(secret) = cookie::read(&headers, cookie::SESSION) {
        console.sessions.end(secret);
    }
    let mut response = Redirect::to("/console/login").into_response();
    let gone = cookie::set(cookie::SESSION, "", cookie::is_secure(&headers), Some(0));
    if let Some(gone) = gone {
        response.headers_mut().append(SET_COOKIE, gone);
    }
    response
}

/// Where to go on after signing in: only ever within the console.
fn safe_next(next: Option<&str>) -> &str {
    next.filter(|next| next.starts_with("/console/") && !next.contains('\\') && !next.contains("//"))
        .unwrap_or("/console")
}

/// The form, with a token that its cookie must agree with: another site's page can't sign anybody in.
fn form_page(
    headers: &HeaderMap,
    next: &str,
    status: StatusCode,
    problem: Option<&str>,
) -> Result<Response, PageError> {
    let token = new_secret().map_err(|error| PageError::Refused(error.to_string()))?;
    let page = plain_page(
        cookie::theme(headers),
        "Sign in",
        &sign_in_form(&token, next, problem),
    );
    let mut response = (status, page).into_response();
    let secure = cookie::is_secure(headers);
    if let Some(cookie) = cookie::set(cookie::LOGIN, &token, secure, Some(FORM_LIFE_S)) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    Ok(response)
}

fn sign_in_form(token: &str, next: &str, problem: Option<&str>) -> Markup {
    html! {
        main.sign-in id="main" {
            div.brand { (icon::mark()) span { "Ordermill" } }
            h1 { "Sign in to the console" }
            @if let Some(problem) = problem {
                p.notice.bad id="problem" role="alert" { (icon::warning()) span { (problem) } }
            }
            form method="post" action="/console/login" {
                input type="hidden" name="token" value=(token);
                input type="hidden" name="next" value=(next);
                label for="key" { "Admin key" }
                input id="key" name="key" type="password" autocomplete="current-password" required autofocus
                    aria-describedby="key-help" aria-invalid=[problem.map(|_| "true")];
                p.help id="key-help" {
                    "It was written to " code { "admin.key" } " in the server's data directory at its first start."
                }
                button.primary type="submit" { "Sign in" }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::safe_next;

    #[test]
    fn signing_in_leads_nowhere_but_into_the_console() {
        for foreign in [
            None,
            Some("https://example.com"),
            Some("//example.com"),
            Some("/orders"),
            Some("/console/\\example.com"),
            Some("/console/..//example.com"),
            Some("/consoles"),
        ] {
            assert_eq!(safe_next(foreign), "/console", "{foreign:?}");
        }
        assert_eq!(
            safe_next(Some("/console/orders?status=FAILED")),
            "/console/orders?status=FAILED"
        );
    }
}
