//! `ordermill orders show`

use clap::Args;
use serde_json::{Value, json};

use super::view::OrderView;
use crate::client::{Client, path::encode};
use crate::exit::Verdict;
use crate::failure::Failure;
use crate::output::Output;
use crate::timeline;

const HELP: &str = "Example:
  ordermill orders show 01939f7c-8e00-7000-8000-000000000000 --timeline";

/// Show one order, and every fact about it if you like
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub struct ShowArgs {
    /// The order's id
    order: String,
    /// Show every fact in time order: request, messages, states, payment, stock, notifications
    #[arg(long)]
    timeline: bool,
}

/// Runs the command.
pub fn run(args: &ShowArgs, client: &Client, output: &Output) -> Result<Verdict, Failure> {
    let body: Value = client.get(&format!("/orders/{}", encode(&args.order)))?;
    let order = OrderView::read(&body)?;
    if args.timeline {
        let entries = timeline::fetch(client, &args.order)?;
        let rendered = timeline::render(&entries)?;
        let document = json!({ "order": body, "timeline": entries });
        output.show(&document, || format!("{}\n\n{rendered}", order.describe()))?;
    } else {
        output.show(&body, || order.describe())?;
    }
    Ok(Verdict::Done)
}
