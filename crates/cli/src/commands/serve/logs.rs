//! What the server logs, how, and where to.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use telemetry::LogSettings;

/// What is logged.
#[derive(Debug, Args)]
#[command(next_help_heading = "Log")]
pub struct LogArgs {
    /// What is logged, such as info, or warn,functions=debug
    #[arg(long, env = "RUST_LOG", default_value = "info", value_name = "FILTER")]
    log: String,
    /// How; auto is text on a terminal and JSON lines otherwise
    #[arg(long, env = "ORDERMILL_LOG_FORMAT", value_enum, default_value = "auto")]
    log_format: LogFormat,
    /// File to append the log to; standard error when not given
    #[arg(long, env = "ORDERMILL_LOG_FILE", value_name = "FILE")]
    log_file: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum LogFormat {
    Auto,
    Json,
    Text,
}

impl LogArgs {
    /// The settings that the arguments ask for.
    pub fn settings(&self) -> LogSettings {
        LogSettings {
            format: match self.log_format {
                LogFormat::Auto => telemetry::Format::Auto,
                LogFormat::Json => telemetry::Format::Json,
                LogFormat::Text => telemetry::Format::Text,
            },
            filter: self.log.clone(),
            file: self.log_file.clone(),
        }
    }
}
