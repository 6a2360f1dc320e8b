//! The options that say which server a command talks to, and as whom.

use std::path::PathBuf;

use clap::Args;

use super::path::is_server;
use super::{Client, keys};
use crate::failure::Failure;

/// The data directory when none is named.
pub const DEFAULT_DATA: &str = "ordermill-data";

/// Which server, and with which key.
///
/// Without a key, a command for a server on this machine reads it from the server's data directory.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Server")]
pub struct Connection {
    /// URL of the server
    #[arg(
        long,
        global = true,
        env = "ORDERMILL_URL",
        default_value = "http://127.0.0.1:8080"
    )]
    pub url: String,
    /// API key for business calls; better given by the variable, since others can see a command line
    #[arg(
        long,
        global = true,
        env = "ORDERMILL_API_KEY",
        hide_env_values = true,
        value_name = "KEY"
    )]
    pub api_key: Option<String>,
    /// Admin key, for keys, queues, executions and writing products
    #[arg(
        long,
        global = true,
        env = "ORDERMILL_ADMIN_KEY",
        hide_env_values = true,
        value_name = "KEY"
    )]
    pub admin_key: Option<String>,
    /// Data directory of a server on this machine, to read a key from that wasn't given
    #[arg(long, global = true, env = "ORDERMILL_DATA", default_value = DEFAULT_DATA, value_name = "DIR")]
    pub data: PathBuf,
}

impl Connection {
    /// A client for business calls.
    pub fn client(&self) -> Result<Client, Failure> {
        self.check_url()?;
        let key = match &self.api_key {
            Some(key) => Some(key.clone()),
            None => keys::read(&self.url, &self.data, "default.key")?,
        };
        let key = key.ok_or_else(|| self.no_key("--api-key", "ORDERMILL_API_KEY", "default.key"))?;
        Ok(Client::new(&self.url, Some(key)))
    }

    /// A client for what only an operator may do.
    pub fn admin(&self) -> Result<Client, Failure> {
        self.check_url()?;
        let key = match &self.admin_key {
            Some(key) => Some(key.clone()),
            None => keys::read(&self.url, &self.data, "admin.key")?,
        };
        let key = key.ok_or_else(|| self.no_key("--admin-key", "ORDERMILL_ADMIN_KEY", "admin.key"))?;
        Ok(Client::new(&self.url, Some(key)))
    }

    fn check_url(&self) -> Result<(), Failure> {
        if is_server(&self.url) {
            return Ok(());
        }
        let url = &self.url;
        let like = "http://127.0.0.1:8080 or https://shop.example.com";
        Err(Failure::usage(format!(
            "{url:?} is no URL of a server: it looks like {like}"
        )))
    }

    fn no_key(&self, option: &str, variable: &str, file: &str) -> Failure {
        let place = self.data.join(file);
        Failure::usage(format!(
            "no key: give {option} or set {variable}; for a server on this machine, --data DIR reads it from {}",
            place.display()
        ))
    }
}
