//! `ordermill orders cancel`

use clap::Args;
use http::Method;
use serde_json::json;

use super::view::OrderView;
use crate::client::{Client, path::encode};
use crate::exit::Verdict;
use crate::failure::Failure;
use crate::output::Output;

const HELP: &str = "Example:
  ordermill orders cancel 01939f7c-8e00-7000-8000-000000000000 --reason 'ordered twice'";

/// Cancel an order that has not ended; what it took is given back
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub struct CancelArgs {
    /// The order's id
    order: String,
    /// Why, for the order's record
    #[arg(long)]
    reason: Option<String>,
}

/// Runs the command.
pub fn run(args: &CancelArgs, client: &Client, output: &Output) -> Result<Verdict, Failure> {
    let path = format!("/orders/{}/cancel", encode(&args.order));
    let body = args.reason.as_ref().map(|reason| json!({ "reason": reason }));
    let answer = client.send(Method::POST, &path, body.as_ref(), &[])?;
    let order = OrderView::read(&answer.body)?;
    output.show(&answer.body, || order.describe())?;
    Ok(Verdict::Done)
}
