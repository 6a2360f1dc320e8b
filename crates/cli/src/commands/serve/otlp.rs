//! Where traces are sent on to.

use std::time::Duration;

use clap::{Args, ValueEnum};
use telemetry::otlp::{OtlpError, OtlpSettings, Protocol};

/// Where traces are sent on to: OpenTelemetry's own variables say it too. Headers, which may be secrets, are only taken from
/// the environment, for everybody on a machine sees a command line.
#[derive(Debug, Args)]
#[command(next_help_heading = "OpenTelemetry")]
pub struct OtlpArgs {
    /// Send kept traces there by OTLP, such as http://127.0.0.1:4318; headers are taken from OTEL_EXPORTER_OTLP_HEADERS
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT", value_name = "URL")]
    otlp_endpoint: Option<String>,
    /// The form of what is sent
    #[arg(
        long,
        env = "OTEL_EXPORTER_OTLP_PROTOCOL",
        value_enum,
        default_value = "http/protobuf"
    )]
    otlp_protocol: OtlpProtocol,
    /// How long one request may take, in milliseconds
    #[arg(
        long,
        env = "OTEL_EXPORTER_OTLP_TIMEOUT",
        value_name = "MS",
        value_parser = clap::value_parser!(u64).range(1..=600_000),
        default_value_t = 10_000
    )]
    otlp_timeout_ms: u64,
    /// One service name for all spans; each part of the system is a service of its own when not given
    #[arg(long, env = "OTEL_SERVICE_NAME", value_name = "NAME")]
    service_name: Option<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum OtlpProtocol {
    #[value(name = "http/protobuf")]
    Protobuf,
    #[value(name = "http/json")]
    Json,
}

impl OtlpArgs {
    /// The settings that the arguments ask for; `None` when nothing is to be sent.
    ///
    /// # Errors
    /// When traces can't be sent so.
    pub fn settings(&self) -> Result<Option<OtlpSettings>, OtlpError> {
        let Some(endpoint) = self
            .otlp_endpoint
            .as_deref()
            .filter(|endpoint| !endpoint.is_empty())
        else {
            return Ok(None);
        };
        let protocol = match self.otlp_protocol {
            OtlpProtocol::Protobuf => Protocol::Protobuf,
            OtlpProtocol::Json => Protocol::Json,
        };
        let list = |variable| std::env::var(variable).unwrap_or_default();
        OtlpSettings::new(endpoint, protocol, Duration::from_millis(self.otlp_timeout_ms))?
            .headers(&list("OTEL_EXPORTER_OTLP_HEADERS"))?
            .service_name(self.service_name.clone())
            .resource(&list("OTEL_RESOURCE_ATTRIBUTES"))
            .map(Some)
    }
}
