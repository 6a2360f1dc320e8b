//! `ordermill keys revoke`

use clap::Args;
use http::Method;

use crate::client::{Client, path::encode};
use crate::exit::Verdict;
use crate::failure::Failure;
use crate::output::Output;
use serde_json::json;

const HELP: &str = "Example:
  ordermill keys revoke partner";

/// Revoke a key: from then on nobody gets in with it
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub struct RevokeArgs {
    /// The key's name or id
    key: String,
}

/// Runs the command.
pub fn run(args: &RevokeArgs, client: &Client, output: &Output) -> Result<Verdict, Failure> {
    client.send(
        Method::DELETE,
        &format!("/admin/keys/{}", encode(&args.key)),
        None,
        &[],
    )?;
    output.show(&json!({ "revoked": args.key }), || {
        format!("{} is revoked", args.key)
    })?;
    Ok(Verdict::Done)
}
