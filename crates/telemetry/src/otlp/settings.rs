//! Where spans are sent to and how, as OpenTelemetry's environment variables have it ("OpenTelemetry Protocol Exporter").

use std::fmt;
use std::time::Duration;

use http::{HeaderName, HeaderValue, Uri};
use percent_encoding::percent_decode_str;

/// What is appended to an endpoint for traces.
const TRACES: &str = "/v1/traces";

/// The form of the requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Protocol {
    /// `http/protobuf`.
    #[default]
    Protobuf,
    /// `http/json`.
    Json,
}

/// Why spans can't be sent as asked. None of these says a header's value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OtlpError {
    /// The endpoint leads nowhere.
    #[error("{0} is no endpoint such as http://127.0.0.1:4318")]
    Endpoint(String),
    /// A list is not of the form `key=value,key=value`.
    #[error("{variable}: entry {number} is not of the form key=value, with %XX for what is special")]
    List {
        /// The environment's variable.
        variable: &'static str,
        /// Which entry, from 1.
        number: usize,
    },
    /// A header can't be sent so.
    #[error("{variable}: {name} is no header, or its value can't be sent")]
    Header {
        /// The environment's variable.
        variable: &'static str,
        /// The header's name.
        name: String,
    },
}

/// Where spans are sent to, and how.
#[derive(Clone)]
pub struct OtlpSettings {
    pub(super) url: String,
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
    pub(super) protocol: Protocol,
    /// How long one request may take.
    pub(super) timeout: Duration,
    /// `service.name` of all spans; without it each part of the system is a service of its own.
    pub(super) service_name: Option<String>,
    /// More of what they have in common.
    pub(super) resource: Vec<(String, String)>,
    /// The pause before the first repeat.
    pub(super) first_pause: Duration,
}

impl fmt::Debug for OtlpSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Headers are often secrets.
        f.debug_struct("OtlpSettings")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

impl OtlpSettings {
    /// Sends to the endpoint, such as `http://127.0.0.1:4318`; `/v1/traces` is appended to its path.
    ///
    /// # Errors
    /// When it is no URL of `http` or `https`.
    pub fn new(endpoint: &str, protocol: Protocol, timeout: Duration) -> Result<Self, OtlpError> {
        let wrong = || OtlpError::Endpoint(without_secret(endpoint));
        let uri: Uri = endpoint.parse().map_err(|_| wrong())?;
        let known = matches!(uri.scheme_str(), Some("http" | "https"));
        let has_user = uri.authority().is_some_and(|a| a.as_str().contains('@'));
        if !known || has_user || uri.host().is_none_or(str::is_empty) || uri.query().is_some() {
            return Err(wrong());
        }
        Ok(Self {
            url: format!("{}{TRACES}", endpoint.trim_end_matches('/')),
            headers: Vec::new(),
            protocol,
            timeout,
            service_name: None,
            resource: Vec::new(),
            first_pause: Duration::from_secs(1),
        })
    }

    /// With the headers of `OTEL_EXPORTER_OTLP_HEADERS`, such as `api-key=secret,tenant=a%20b`.
    ///
    /// # Errors
    /// When the list or a header is not well formed.
    pub fn headers(mut self, list: &str) -> Result<Self, OtlpError> {
        const VARIABLE: &str = "OTEL_EXPORTER_OTLP_HEADERS";
        for (name, value) in parse_list(VARIABLE, list)? {
            let wrong = || OtlpError::Header {
                variable: VARIABLE,
                name: name.clone(),
            };
            let header = HeaderName::try_from(name.as_str()).map_err(|_| wrong())?;
            let mut value = HeaderValue::try_from(value).map_err(|_| wrong())?;
            value.set_sensitive(true);
            self.headers.push((header, value));
        }
        Ok(self)
    }

    /// With this `service.name` for every span, as `OTEL_SERVICE_NAME` asks for.
    #[must_use]
    pub fn service_name(self, name: Option<String>) -> Self {
        Self {
            service_name: name.filter(|name| !name.is_empty()),
            ..self
        }
    }

    /// With the attributes of `OTEL_RESOURCE_ATTRIBUTES`. A `service.name` among them is [`Self::service_name`], if that
    /// was not given.
    ///
    /// # Errors
    /// When the list is not well formed.
    pub fn resource(mut self, list: &str) -> Result<Self, OtlpError> {
        for (name, value) in parse_list("OTEL_RESOURCE_ATTRIBUTES", list)? {
            if name == "service.name" {
                self.service_name.get_or_insert(value);
            } else {
                self.resource.push((name, value));
            }
        }
        Ok(self)
    }

    /// Where requests go.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }
}

/// What may be said of an endpoint: not its user and password.
fn without_secret(endpoint: &str) -> String {
    match endpoint.rsplit_once('@') {
        Some((_, rest)) => format!("…@{rest}"),
        None => endpoint.to_owned(),
    }
}

/// Reads `key=value,key=value`, with `%XX` for what is special: W3C Baggage without properties.
fn parse_list(variable: &'static str, list: &str) -> Result<Vec<(String, String)>, OtlpError> {
    let entries = list.split(',').enumerate();
    let entries = entries.filter(|(_, entry)| !entry.trim().is_empty());
    let pairs = entries.map(|(at, entry)| {
        let wrong = || OtlpError::List {
            variable,
            number: at + 1,
        };
        let (name, value) = entry.split_once('=').ok_or_else(wrong)?;
        let value = percent_decode_str(value.trim())
            .decode_utf8()
            .map_err(|_| wrong())?;
        match name.trim() {
            "" => Err(wrong()),
            name => Ok((name.to_owned(), value.into_owned())),
        }
    });
    pairs.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to(endpoint: &str) -> Result<OtlpSettings, OtlpError> {
        OtlpSettings::new(endpoint, Protocol::Protobuf, Duration::from_secs(10))
    }

    #[test]
    fn traces_have_a_path_of_their_own() {
        for (endpoint, url) in [
            ("http://127.0.0.1:4318", "http://127.0.0.1:4318/v1/traces"),
            ("http://127.0.0.1:4318/", "http://127.0.0.1:4318/v1/traces"),
            (
                "https://collector.example/otlp",
                "https://collector.example/otlp/v1/traces",
            ),
        ] {
            assert_eq!(to(endpoint).unwrap().url(), url);
        }
        for wrong in ["127.0.0.1:4318", "ftp://x", "http://", "http://a/b?key=1", ""] {
            assert!(to(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_password_in_the_endpoint_is_refused_and_not_repeated() {
        let error = to("http://me:secret@collector.example").unwrap_err();
        assert!(!error.to_string().contains("secret"), "{error}");
    }

    #[test]
    fn headers_are_read_and_never_shown() {
        let settings = to("http://a")
            .unwrap()
            .headers("api-key = s%2Ccret , x-tenant=b,")
            .unwrap();
        let headers: Vec<_> = settings
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.to_str().unwrap()))
            .collect();
        assert_eq!(headers, [("api-key", "s,cret"), ("x-tenant", "b")]);
        assert!(!format!("{settings:?} {:?}", settings.headers).contains("cret"));
    }

    #[test]
    fn a_header_that_is_none_is_refused_without_its_value() {
        for list in ["secret", "=secret", "a b=secret", "a=secret%0a", "a=secret%ff"] {
            let error = to("http://a").unwrap().headers(list).unwrap_err();
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }

    #[test]
    fn the_services_name_goes_before_that_of_the_attributes() {
        let attributes = "service.name=b,deployment.environment.name=test";
        let named = |name: Option<&str>| {
            let settings = to("http://a").unwrap().service_name(name.map(str::to_owned));
            settings.resource(attributes).unwrap()
        };
        assert_eq!(named(Some("a")).service_name.as_deref(), Some("a"));
        assert_eq!(named(Some("")).service_name.as_deref(), Some("b"));
        let right = ("deployment.environment.name".to_owned(), "test".to_owned());
        assert_eq!(named(None).resource, [right]);
    }
}
