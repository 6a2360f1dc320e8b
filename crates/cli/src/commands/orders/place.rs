//! `ordermill orders place`

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use http::Method;
use serde_json::{Value, json};

use super::follow::Follower;
use super::request::{self, Item};
use super::view::OrderView;
use crate::client::Client;
use crate::exit::Verdict;
use crate::failure::Failure;
use crate::output::Output;
use crate::timeline;

const HELP: &str = "Examples:
  ordermill orders place --customer CUST-001 --item PROD-001=2 --email jo@example.com --wait
  ordermill orders place --file order.json --idempotency-key cart-4711
  echo '{\"customerId\":\"C1\",\"items\":[{\"productId\":\"PROD-001\",\"quantity\":1,\"price\":29.99}]}' | ordermill orders place --file -

With --wait the exit code is 0 when the order is COMPLETED, and 1 when it FAILED, was CANCELLED or the time is up.";

/// Place an order, and wait for its end if you like
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub struct PlaceArgs {
    /// Who orders
    #[arg(
        long,
        value_name = "ID",
        required_unless_present = "file",
        conflicts_with = "file"
    )]
    customer: Option<String>,
    /// What and how many, at the catalogue's price; repeat for more lines
    #[arg(
        long,
        value_name = "PRODUCT=QUANTITY",
        required_unless_present = "file",
        conflicts_with = "file"
    )]
    item: Vec<Item>,
    /// The order as JSON, as POST /orders takes it; - reads standard input
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Where e-mails about the order go
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,
    /// Where SMS about the order go, such as +4915112345678
    #[arg(long, value_name = "NUMBER")]
    phone: Option<String>,
    /// Makes a repeat of this command give the same order again; made up when not given
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
    /// Wait until the order has ended, and show its timeline
    #[arg(long)]
    wait: bool,
    /// How long to wait, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 60, requires = "wait")]
    timeout: u64,
}

/// Runs the command.
pub fn run(args: PlaceArgs, client: &Client, output: &Output) -> Result<Verdict, Failure> {
    let body = order_body(&args, client)?;
    // The feed is open before the order is placed, so that its end can't slip by.
    let follower = args
        .wait
        .then(|| Follower::open(client, Duration::from_secs(args.timeout)))
        .transpose()?;
    let key = args
        .idempotency_key
        .unwrap_or_else(|| uuid::Uuid::new_v4().to_string());
    let answer = client.send(Method::POST, "/orders", Some(&body), &[("idempotency-key", &key)]);
    if let Err(Failure::Unreachable { .. }) = &answer {
        output.say(format!(
            "whether the order was placed is unknown: --idempotency-key {key} makes it safe to repeat"
        ));
    }
    let answer = answer?;
    if answer.replayed {
        output.say("this order was placed before with the same idempotency key");
    }
    let placed = OrderView::read(&answer.body)?;
    let Some(follower) = follower else {
        output.show(&answer.body, || placed.describe())?;
        return Ok(Verdict::Done);
    };
    let spinner = output.spinner(format!("order {} is under way", placed.order_id));
    let ended = follower.wait_for_end(client, &placed.order_id);
    spinner.finish_and_clear();
    let ended = ended?;
    let order = OrderView::read(&ended)?;
    let entries: Value = timeline::fetch(client, &order.order_id)?;
    let rendered = timeline::render(&entries)?;
    output.show(&json!({ "order": ended, "timeline": entries }), || {
        format!("{}\n\n{rendered}", order.describe())
    })?;
    if !order.is_final() {
        output.say(format!(
            "the order has not ended after {} s; it goes on all the same",
            args.timeout
        ));
    }
    Ok(Verdict::from_well(order.is_completed()))
}

fn order_body(args: &PlaceArgs, client: &Client) -> Result<Value, Failure> {
    let mut body = match &args.file {
        Some(file) => request::from_file(file)?,
        None => request::from_items(client, args.customer.as_deref().unwrap_or_default(), &args.item)?,
    };
    if let Value::Object(members) = &mut body {
        for (name, value) in [("customerEmail", &args.email), ("customerPhone", &args.phone)] {
            if let Some(value) = value {
                members.insert(name.to_owned(), value.clone().into());
            }
        }
    }
    Ok(body)
}
