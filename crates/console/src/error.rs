//! Why a page can't be shown or an action was not done, as its visitor reads it.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use ports::StoreError;
use ports::access::RevokeKeyError;
use ports::observability::ObserveError;
use ports::operations::OperationError;

/// Why there is no page. Its display is a sentence for the visitor.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum PageError {
    /// Nothing is there.
    #[error("There is no {what} {name}.")]
    NotFound {
        /// What was looked for.
        what: &'static str,
        /// By which name.
        name: String,
    },
    /// The address or the form says what can't be read.
    #[error("{0}")]
    Invalid(String),
    /// It isn't in a state for this.
    #[error("{0}")]
    Refused(String),
    /// The form is too old, or was not made by us.
    #[error("This form has expired or came from elsewhere. Go back, load the page again, and send it anew.")]
    Forged,
    /// The form is larger than anything we ask for.
    #[error("The form is too large.")]
    TooLarge,
    /// The form did not arrive in time.
    #[error("The form did not arrive in time.")]
    TooSlow,
    /// The store failed.
    #[error("The store does not answer just now. Nothing was changed; try again in a moment.")]
    Store(#[from] StoreError),
}

impl PageError {
    pub(crate) fn not_found(what: &'static str, name: impl Into<String>) -> Self {
        Self::NotFound {
            what,
            name: name.into(),
        }
    }

    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::NotFound { .. } => StatusCode::NOT_FOUND,
            Self::Invalid(_) => StatusCode::BAD_REQUEST,
            Self::Refused(_) => StatusCode::CONFLICT,
            Self::Forged => StatusCode::FORBIDDEN,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Store(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// A heading for the page that tells it.
    pub(crate) fn heading(&self) -> &'static str {
        match self {
            Self::NotFound { .. } => "Not found",
            Self::Invalid(_) => "That can't be read",
            Self::Refused(_) => "Not done",
            Self::Forged => "Form refused",
            Self::TooLarge | Self::TooSlow => "Form not taken",
            Self::Store(_) => "Not available",
        }
    }
}

impl From<OperationError> for PageError {
    fn from(error: OperationError) -> Self {
        match error {
            OperationError::NotFound { what, name } => Self::NotFound { what, name },
            OperationError::NotAllowed(why) => Self::Refused(sentence(&why)),
            OperationError::Store(error) => Self::Store(error),
        }
    }
}

impl From<RevokeKeyError> for PageError {
    fn from(error: RevokeKeyError) -> Self {
        match error {
            RevokeKeyError::NotFound(id) => Self::not_found("key", id),
            RevokeKeyError::LastAdmin => Self::Refused(sentence(&error.to_string())),
            RevokeKeyError::Store(error) => Self::Store(error),
        }
    }
}

impl From<ObserveError> for PageError {
    fn from(error: ObserveError) -> Self {
        match error {
            ObserveError::NotFound { what, name } => Self::NotFound { what, name },
            ObserveError::Query(why) => Self::Invalid(sentence(&why)),
            ObserveError::Store(error) => Self::Store(error),
        }
    }
}

/// A clause as a sentence: it begins with a capital letter and ends with a full stop.
fn sentence(clause: &str) -> String {
    let mut letters = clause.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), letters.as_str())
}

/// Carried on the response; the guard, who knows the visitor, makes the page of it.
impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        if let Self::Store(error) = &self {
            tracing::error!(
                event_type = "console_store_failed",
                error = error as &dyn std::error::Error
            );
        }
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}
