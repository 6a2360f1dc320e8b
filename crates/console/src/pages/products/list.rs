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
use crate::view::{self, Section, count, empty, icon, money, more, pill};

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
        } @else { (table(&products)) }
        (more(after.map(|_| "/console/products"), next.as_deref()))
    };
    Ok(view::page(&visitor, Section::Products, "Products", &content))
}

fn table(products: &[Product]) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label="Products" {
            table.rows {
                thead { tr {
                    th scope="col" { "Product" } th scope="col" { "Name" } th.num scope="col" { "Price" }
                    th.num scope="col" { "Stock" } th scope="col" { "State" }
                } }
                tbody { @for product in products {
                    tr data-key=(product.product_id) {
                        td { a href=(product_path(&product.product_id)) { (product.product_id) } }
                        td.long { (product.name) }
                        td.num { (money(product.price, product.currency)) }
                        td.num { (count(product.stock.into())) }
                        td { (state(product.stock)) }
                    }
                } }
            }
        }
    }
}

fn state(stock: u32) -> Markup {
    match stock {
        0 => pill("bad", &icon::cross(), "SOLD OUT"),
        1..LOW => pill("warn", &icon::warning(), "LOW"),
        LOW.. => pill("good", &icon::check(), "IN STOCK"),
    }
}
