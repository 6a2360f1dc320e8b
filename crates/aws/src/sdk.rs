//! The SDK's clients: where they connect, as whom, and how long they wait and try.
//!
//! Made by hand from what Lambda puts into the environment, without `aws-config`: a function never needs profiles, SSO
//! or instance metadata, and would start slower and weigh more for them (docs/adr/0041).
//!
//! The waits are set for a function that a client waits for: API Gateway gives up after 29 s, and a creation makes
//! three calls one after the other. So a call ends within [`OPERATION_TIMEOUT`], whatever it meets on the way.

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_sdk_dynamodb::config::{
    BehaviorVersion, Region, SharedCredentialsProvider, retry::RetryConfig, timeout::TimeoutConfig,
};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::SharedHttpClient;

use crate::environment::MissingVariables;

/// A connection within a region takes a few milliseconds.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// For one attempt, answer and all. The services answer in 5 to 20 ms; their slowest thousandth takes some 100 ms.
const ATTEMPT_TIMEOUT: Duration = Duration::from_millis(2_500);

/// For all attempts with the waits between them.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(8);

/// The first try and three more, with 50 ms, 100 ms, 200 ms between them, half of that on average.
const MAX_ATTEMPTS: u32 = 4;
const FIRST_BACKOFF: Duration = Duration::from_millis(50);
const MAX_BACKOFF: Duration = Duration::from_secs(1);

/// Where the clients connect, and as whom.
#[derive(Debug, Clone)]
pub struct Connection {
    /// The region's name.
    pub region: String,
    /// The function's credentials. They are never logged: their `Debug` shows no secret.
    pub credentials: Credentials,
    /// An endpoint for every service instead of AWS' own.
    pub endpoint: Option<String>,
}

impl Connection {
    /// Reads what Lambda sets, with `read`. `AWS_ENDPOINT_URL` is the variable that all SDKs have for another endpoint.
    ///
    /// # Errors
    /// [`MissingVariables`] outside Lambda, when the variables aren't set by hand.
    pub fn read(read: impl Fn(&'static str) -> Option<String>) -> Result<Self, MissingVariables> {
        let mut missing = Vec::new();
        let mut required = |name: &'static str| {
            let value = read(name).filter(|value| !value.is_empty());
            value.unwrap_or_else(|| {
                missing.push(name);
                String::new()
            })
        };
        let region = required("AWS_REGION");
        let id = required("AWS_ACCESS_KEY_ID");
        let secret = required("AWS_SECRET_ACCESS_KEY");
        if !missing.is_empty() {
            return Err(MissingVariables(missing));
        }
        let token = read("AWS_SESSION_TOKEN").filter(|token| !token.is_empty());
        Ok(Self {
            region,
            credentials: Credentials::new(id, secret, token, None, "the function's environment"),
            endpoint: read("AWS_ENDPOINT_URL").filter(|url| !url.is_empty()),
        })
    }
}

/// One client a service. They share their connections and the TLS stack.
#[derive(Debug, Clone)]
pub(crate) struct Clients {
    connection: Connection,
    http: SharedHttpClient,
    pub(crate) dynamodb: aws_sdk_dynamodb::Client,
    pub(crate) sqs: aws_sdk_sqs::Client,
    pub(crate) sns: aws_sdk_sns::Client,
    pub(crate) states: aws_sdk_sfn::Client,
}

/// A service's configuration. The services' types have nothing in common but their methods' names.
macro_rules! config {
    ($sdk:ident, $connection:expr, $http:expr) => {{
        let mut config = $sdk::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new($connection.region.clone()))
            .credentials_provider(SharedCredentialsProvider::new($connection.credentials.clone()))
            .http_client($http.clone())
            .timeout_config(timeouts())
            .retry_config(retries());
        config.set_endpoint_url($connection.endpoint.clone());
        $sdk::Client::from_conf(config.build())
    }};
}

impl Clients {
    pub(crate) fn new(connection: &Connection) -> Self {
        let http: SharedHttpClient = aws_smithy_http_client::Builder::new()
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .build_https();
        Self {
            dynamodb: config!(aws_sdk_dynamodb, connection, http),
            sqs: config!(aws_sdk_sqs, connection, http),
            sns: config!(aws_sdk_sns, connection, http),
            states: config!(aws_sdk_sfn, connection, http),
            connection: connection.clone(),
            http,
        }
    }

    /// The client that sends mails. Made for the one function that does, so that the others don't carry it.
    pub(crate) fn mail(&self) -> aws_sdk_sesv2::Client {
        config!(aws_sdk_sesv2, self.connection, self.http)
    }
}

fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(ATTEMPT_TIMEOUT)
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(OPERATION_TIMEOUT)
        .build()
}

/// For a call that must not be repeated by itself: a message to a customer has no token by which the service would know
/// it again, so an attempt without an answer may have been sent.
pub(crate) fn no_retries() -> RetryConfig {
    RetryConfig::disabled()
}

fn retries() -> RetryConfig {
    RetryConfig::standard()
        .with_max_attempts(MAX_ATTEMPTS)
        .with_initial_backoff(FIRST_BACKOFF)
        .with_max_backoff(MAX_BACKOFF)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_needs_a_region_and_credentials_and_shows_no_secret() {
        let missing = Connection::read(|_| None).unwrap_err();
        assert_eq!(
            missing.0,
            ["AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]
        );
        let connection = Connection::read(|name| Some(format!("value-of-{name}"))).unwrap();
        assert_eq!(connection.region, "value-of-AWS_REGION");
        let shown = format!("{connection:?}");
        assert!(!shown.contains("SECRET") && !shown.contains("TOKEN"), "{shown}");
    }

    #[test]
    fn three_calls_end_before_api_gateway_gives_up() {
        assert!(OPERATION_TIMEOUT * 3 < Duration::from_secs(29));
        assert!(CONNECT_TIMEOUT < ATTEMPT_TIMEOUT && ATTEMPT_TIMEOUT * 3 < OPERATION_TIMEOUT);
    }
}
