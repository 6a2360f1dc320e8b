//! `GET /console/products`: the catalogue, by id.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use domain::Product;
use maud::{Markup, html};

use super::{product_path, read_id};
use crate::access::{Query, Visitor};
use crate::console::{Console, Engine};
use crate::error::PageError;
use crate::query::address;
use crate::view::{self, Column, Row, Section, count, empty, icon, money, more, pill, table};

const PER_PAGE: u32 = 50;
/// With fewer than this a product is shown as running out.
const LOW: u32 = 10;

pub(crate) async fn list<E: Engine>(
    State(console): State<Arc<Console<E>>>,
    visitor: Visitor,
    Query(query): Query,
) -> Result<Response, PageError> {
    let after = query.text("after").map(read_id).transpose()?;
    let products = console.engine.list_products(after.clone(), PER_PAGE).await?;
    let last = products.last().filter(|_| products.len() == PER_PAGE as usize);
    let next = last.map(|last| address("/console/products", &[("after", Some(last.product_id.as_str()))]));
    let content = html! {
        header.page-head {
            h1 { "Products" }
            div.actions { a.button.primary href="/console/products/new" { "New product" } }
        }
        @if products.is_empty() {
            (empty("The catalogue is empty", html! {
                "Make a product here, or import many with " code { "ordermill products import catalogue.csv" } "." }))
        } @else { (table("Products", &COLUMNS, products.iter().map(row))) }
        (more(after.map(|_| "/console/products"), next.as_deref()))
    };
    Ok(view::page(&visitor, Section::Products, "Products", &content))
}

const COLUMNS: [Column<'_>; 5] = [
    Column::title("Product"),
    Column::long("Name"),
    Column::number("Price"),
    Column::number("Stock"),
    Column::state("State"),
];

fn row(product: &Product) -> Row {
    let cells = [
        html! { a href=(product_path(&product.product_id)) { (product.product_id) } },
        html! { (product.name) },
        html! { (money(product.price, product.currency)) },
        html! { (count(product.stock.into())) },
        state(product.stock),
    ];
    Row::keyed(&product.product_id, cells)
}

fn state(stock: u32) -> Markup {
    match stock {
        0 => pill("bad", &icon::cross(), "SOLD OUT"),
        1..LOW => pill("warn", &icon::warning(), "LOW"),
        LOW.. => pill("good", &icon::check(), "IN STOCK"),
    }
}
