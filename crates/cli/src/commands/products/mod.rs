//! `ordermill products`: the catalogue.

mod catalogue_file;
mod import;
mod list;
mod put;

use clap::{Args, Subcommand};
use domain::Product;
use http::Method;

use crate::client::connection::Connection;
use crate::client::{Answer, Client, path::encode};
use crate::exit::Verdict;
use crate::failure::Failure;
use crate::output::Output;

/// List and write the products of the catalogue.
#[derive(Debug, Args)]
pub struct ProductsArgs {
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    command: ProductsCommand,
}

#[derive(Debug, Subcommand)]
enum ProductsCommand {
    List(list::ListArgs),
    Put(put::PutArgs),
    Import(import::ImportArgs),
}

/// Runs the command.
pub fn run(args: ProductsArgs, output: &Output) -> Result<Verdict, Failure> {
    let connection = args.connection;
    match args.command {
        ProductsCommand::List(args) => list::run(&args, &connection.client()?, output),
        ProductsCommand::Put(args) => put::run(args, &connection.admin()?, output),
        ProductsCommand::Import(args) => import::run(&args, &connection, output),
    }
}

/// Writes one product whole.
fn put_product(client: &Client, product: &Product) -> Result<Answer, Failure> {
    let body = serde_json::to_value(product).map_err(|e| {
        Failure::because(
            format!("could not write product {} as JSON", product.product_id),
            e,
        )
    })?;
    let path = format!("/products/{}", encode(product.product_id.as_str()));
    client.send(Method::PUT, &path, Some(&body), &[])
}
