//! Who may see the console: signing in with the admin key, sessions, the tokens of forms, and the headers of every page.

mod cookie;
mod guard;
mod login;
mod secret;
mod sessions;
mod tries;

use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::request::Parts;

pub(crate) use guard::guard;
pub(crate) use login::{log_out, show_login, sign_in};
pub(crate) use sessions::{Session, Sessions};
pub(crate) use tries::Tries;

use crate::error::PageError;
use crate::query::Fields;

/// Colours that a visitor chose; without a choice the page follows the system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Theme {
    Light,
    Dark,
}

impl Theme {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

/// Whoever asks for a page: signed in, for the guard lets nobody else through.
#[derive(Debug, Clone)]
pub(crate) struct Visitor {
    pub session: Arc<Session>,
    pub theme: Option<Theme>,
}

impl<S: Sync> FromRequestParts<S> for Visitor {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, PageError> {
        parts.extensions.get::<Self>().cloned().ok_or(PageError::Forged)
    }
}

/// A form that was sent, its token checked by the guard.
#[derive(Debug, Clone)]
pub(crate) struct Form(pub Fields);

impl<S: Sync> FromRequestParts<S> for Form {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, PageError> {
        parts.extensions.remove::<Self>().ok_or(PageError::Forged)
    }
}

/// What an address asks for.
#[derive(Debug, Clone)]
pub(crate) struct Query(pub Fields);

impl<S: Sync> FromRequestParts<S> for Query {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(Fields::parse(
            parts.uri.query().unwrap_or_default().as_bytes(),
        )))
    }
}
