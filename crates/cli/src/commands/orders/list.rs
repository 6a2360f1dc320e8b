//! `ordermill orders list`

use clap::Args;
use domain::OrderStatus;
use serde_json::{Value, json};

use super::view::{OrderView, orders_table};
use crate::client::{Client, path::with_query};
use crate::exit::Verdict;
use crate::failure::Failure;
use crate::output::Output;

/// The most that one call answers.
const PAGE: usize = 100;

const HELP: &str = "Examples:
  ordermill orders list --status FAILED --limit 50
  ordermill orders list --customer CUST-001 --from 2026-01-01T00:00:00Z --output json";

/// List orders, newest first
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub struct ListArgs {
    /// Only with this status: PENDING, PROCESSING, COMPLETED, FAILED or CANCELLED
    #[arg(long)]
    status: Option<OrderStatus>,
    /// Only of this customer
    #[arg(long, value_name = "ID")]
    customer: Option<String>,
    /// Only placed at this time or later, RFC 3339
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Only placed before this time, RFC 3339
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    /// Only those that a person has to look at
    #[arg(long)]
    needs_attention: bool,
    /// How many at most
    #[arg(long, default_value_t = 20, value_name = "N")]
    limit: usize,
    /// Go on where the last list ended
    #[arg(long)]
    cursor: Option<String>,
}

/// Runs the command.
pub fn run(args: &ListArgs, client: &Client, output: &Output) -> Result<Verdict, Failure> {
    let mut orders: Vec<Value> = Vec::new();
    let mut cursor = args.cursor.clone();
    while orders.len() < args.limit {
        let page: Value = client.get(&page_path(args, cursor, args.limit - orders.len()))?;
        orders.extend(page["orders"].as_array().cloned().unwrap_or_default());
        cursor = page["nextCursor"].as_str().map(str::to_owned);
        if cursor.is_none() {
            break;
        }
    }
    let views = orders
        .iter()
        .map(OrderView::read)
        .collect::<Result<Vec<_>, _>>()?;
    let mut document = json!({ "orders": orders });
    if let Some(cursor) = &cursor {
        document["nextCursor"] = cursor.as_str().into();
    }
    output.show(&document, || orders_table(&views))?;
    output.say_more("--cursor", &document["nextCursor"]);
    Ok(Verdict::Done)
}

fn page_path(args: &ListArgs, cursor: Option<String>, wanted: usize) -> String {
    let parameters = [
        ("status", args.status.map(|status| status.to_string())),
        ("customerId", args.customer.clone()),
        ("from", args.from.clone()),
        ("to", args.to.clone()),
        ("needsAttention", args.needs_attention.then(|| "true".to_owned())),
        ("limit", Some(wanted.min(PAGE).to_string())),
        ("cursor", cursor),
    ];
    with_query("/orders", &parameters)
}
