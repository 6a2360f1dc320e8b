//! `ordermill products list`

use clap::Args;
use domain::Product;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::client::{Client, path::with_query};
use crate::exit::Verdict;
use crate::failure::Failure;
use crate::output::Output;
use crate::table::Table;

const HELP: &str = "Example:
  ordermill products list --output json";

/// List every product with its price and stock
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub struct ListArgs {}

/// Runs the command.
pub fn run(_: &ListArgs, client: &Client, output: &Output) -> Result<Verdict, Failure> {
    let mut products: Vec<Value> = Vec::new();
    let mut cursor = None;
    loop {
        let page: Value = client.get(&with_query(
            "/products",
            &[("limit", Some("100".to_owned())), ("cursor", cursor)],
        ))?;
        products.extend(page["products"].as_array().cloned().unwrap_or_default());
        cursor = page["nextCursor"].as_str().map(str::to_owned);
        if cursor.is_none() {
            break;
        }
    }
    let mut table = Table::new(&["product", ">price", "currency", ">stock", "name"]);
    for product in &products {
        let product = Product::deserialize(product)
            .map_err(|e| Failure::because("could not read a product in the answer", e))?;
        table.row([
            product.product_id.as_str(),
            &product.price.to_string(),
            product.currency.as_str(),
            &product.stock.to_string(),
            &product.name,
        ]);
    }
    output.show(&json!({ "products": products }), || table.render("no products"))?;
    Ok(Verdict::Done)
}
