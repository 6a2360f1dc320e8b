//! `ordermill products put`

use clap::Args;
use domain::{Amount, Currency, Product, ProductId};

use super::put_product;
use crate::client::Client;
use crate::exit::Verdict;
use crate::failure::Failure;
use crate::output::Output;

const HELP: &str = "Example:
  ordermill products put PROD-004 --name 'Tea pot' --price 34.50 --currency EUR --stock 120";

/// Write one product whole: new, or in the place of the one with its id
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub struct PutArgs {
    /// The product's id
    product: String,
    /// What a customer reads
    #[arg(long, default_value = "")]
    name: String,
    /// Price of one, exact, such as 34.50
    #[arg(long, allow_negative_numbers = true)]
    price: Amount,
    /// Currency of the price, ISO 4217
    #[arg(long, default_value = "USD")]
    currency: Currency,
    /// How many can be sold
    #[arg(long, allow_negative_numbers = true)]
    stock: u32,
}

/// Runs the command.
pub fn run(args: PutArgs, client: &Client, output: &Output) -> Result<Verdict, Failure> {
    let product = Product {
        product_id: ProductId::new(args.product)
            .map_err(|e| Failure::usage(format!("the product's id: {e}")))?,
        name: args.name,
        price: args.price,
        currency: args.currency,
        stock: args.stock,
    };
    let answer = put_product(client, &product)?;
    output.show(&answer.body, || {
        format!(
            "{}  {} {}  {} in stock",
            product.product_id, product.price, product.currency, product.stock
        )
    })?;
    Ok(Verdict::Done)
}
