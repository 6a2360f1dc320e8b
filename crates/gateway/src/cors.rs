//! CORS headers, made once from the settings.

use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ORIGIN, VARY,
};
use http::{HeaderMap, HeaderValue};

use crate::config::{ConfigError, Cors};

/// What a page of another origin may read of an answer, beyond what it may always.
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "location, retry-after, ratelimit, ratelimit-policy, idempotent-replayed, allow, x-amzn-requestid, \
     x-amzn-trace-id, traceparent",
);
const ANY: HeaderValue = HeaderValue::from_static("*");

enum Origins {
    Nobody,
    Any,
    These(Vec<HeaderValue>),
}

/// The settings as header values.
pub(crate) struct CorsHeaders {
    origins: Origins,
    methods: HeaderValue,
    headers: HeaderValue,
    max_age: HeaderValue,
}

impl CorsHeaders {
    pub(crate) fn new(cors: &Cors) -> Result<Self, ConfigError> {
        let value =
            |text: String| HeaderValue::from_str(&text).map_err(|_| ConfigError::BadCors(text.clone()));
        let origins = if cors.allow_origins.is_empty() {
            Origins::Nobody
        } else if cors.allow_origins.iter().any(|origin| origin == "*") {
            Origins::Any
        } else {
            let origins = cors.allow_origins.iter().cloned().map(value);
            Origins::These(origins.collect::<Result<_, _>>()?)
        };
        Ok(Self {
            origins,
            methods: value(cors.allow_methods.join(", "))?,
            headers: value(cors.allow_headers.join(", "))?,
            max_age: cors.max_age.as_secs().into(),
        })
    }

    /// What the answer's `Access-Control-Allow-Origin` is for this request's headers.
    pub(crate) fn allowed_origin(&self, request: &HeaderMap) -> AllowedOrigin {
        let origin = request.get(ORIGIN);
        let value = match &self.origins {
            Origins::Nobody => None,
            Origins::Any => Some(ANY),
            Origins::These(origins) => origin.filter(|origin| origins.contains(origin)).cloned(),
        };
        AllowedOrigin {
            expose: origin.is_some() && value.is_some(),
            value,
            varies: matches!(self.origins, Origins::These(_)),
        }
    }

    /// Adds what only a preflight's answer has.
    pub(crate) fn write_preflight(&self, headers: &mut HeaderMap) {
        if matches!(self.origins, Origins::Nobody) {
            return;
        }
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, self.methods.clone());
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, self.headers.clone());
        headers.insert(ACCESS_CONTROL_MAX_AGE, self.max_age.clone());
    }
}

/// What one request's origin may see.
pub(crate) struct AllowedOrigin {
    value: Option<HeaderValue>,
    expose: bool,
    varies: bool,
}

impl AllowedOrigin {
    /// Writes it to the answer, whatever that is. What a function said about origins doesn't count: the template does.
    pub(crate) fn write_to(self, headers: &mut HeaderMap) {
        match self.value {
            Some(value) => headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, value),
            None => headers.remove(ACCESS_CONTROL_ALLOW_ORIGIN),
        };
        if self.expose {
            headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
        }
        if self.varies {
            headers.append(VARY, HeaderValue::from_static("origin"));
        }
    }
}
