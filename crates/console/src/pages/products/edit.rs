//! `/console/products/new` and `/console/products/{id}`: the form, the question, and writing the product.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use domain::{Fault, Product, ProductId};
use maud::{Markup, html};
use ports::catalogue::Catalogue;

use super::form::{Texts, inputs};
use super::{product_path, read_id};
use crate::access::{Form, Visitor};
use crate::console::{Console, Engine};
use crate::error::PageError;
use crate::query::Fields;
use crate::view::{self, Confirm, Section, count, money, not_yet};

const NEW: &str = "/console/products/new";

pub(crate) async fn new(visitor: Visitor) -> Response {
    let texts = Texts {
        currency: "USD".to_owned(),
        ..Texts::default()
    };
    form_page(&visitor, &texts, None, &[])
}

pub(crate) async fn edit<E: Engine>(
    State(console): State<Arc<Console<E>>>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    let id = read_id(&id)?;
    let product = find(&*console.engine, &id).await?;
    let product = product.ok_or_else(|| PageError::not_found("product", id.to_string()))?;
    Ok(form_page(&visitor, &Texts::of(&product), Some(&id), &[]))
}

pub(crate) async fn create<E: Engine>(
    State(console): State<Arc<Console<E>>>,
    visitor: Visitor,
    Form(form): Form,
) -> Result<Response, PageError> {
    let texts = Texts::read(&form, form.text("productId").unwrap_or_default());
    let Ok(id) = ProductId::new(texts.id.clone()) else {
        let fault = Fault {
            pointer: "/productId".to_owned(),
            code: domain::FaultCode::BadFormat,
            detail: "an id has 1 to 128 letters, digits or -_.:".to_owned(),
        };
        return Ok(form_page(&visitor, &texts, None, &[fault]));
    };
    save(&console, &visitor, id, &texts, &form, NEW).await
}

pub(crate) async fn put<E: Engine>(
    State(console): State<Arc<Console<E>>>,
    visitor: Visitor,
    Path(id): Path<String>,
    Form(form): Form,
) -> Result<Response, PageError> {
    let id = read_id(&id)?;
    let texts = Texts::read(&form, id.as_str());
    let path = product_path(&id);
    save(&console, &visitor, id, &texts, &form, &path).await
}

async fn find(engine: &impl Catalogue, id: &ProductId) -> Result<Option<Product>, PageError> {
    Ok(engine.get_products(vec![id.clone()]).await?.pop().flatten())
}

/// Checks, asks, and once it is confirmed writes.
async fn save<E: Engine>(
    console: &Console<E>,
    visitor: &Visitor,
    id: ProductId,
    texts: &Texts,
    form: &Fields,
    action: &str,
) -> Result<Response, PageError> {
    let known = (action != NEW).then_some(&id);
    let product = match texts.product(id.clone()) {
        Ok(product) => product,
        Err(faults) => return Ok(form_page(visitor, texts, known, &faults)),
    };
    if form.raw("confirmed") != Some("yes") {
        let before = find(&*console.engine, &id).await?;
        let back = known.map_or(NEW.to_owned(), product_path);
        let confirm = Confirm {
            section: Section::Products,
            question: match &before {
                Some(_) => "Change this product?",
                None => "Make this product?",
            },
            text: changes(before.as_ref(), &product),
            action,
            fields: &texts.fields(),
            extra: html! {},
            button: "Save",
            is_dangerous: false,
            back: &back,
        };
        return Ok(confirm.page(visitor));
    }
    let is_new = console.engine.put_product(product).await?;
    tracing::info!(event_type = "console_product_written", product_id = %id, key = %visitor.session.key_id);
    let what = if is_new { "made" } else { "changed" };
    visitor.session.tell(format!("Product {id} is {what}."));
    Ok(Redirect::to("/console/products").into_response())
}

fn changes(before: Option<&Product>, after: &Product) -> Markup {
    let row = |name: &str, before: Option<String>, after: String| {
        html! {
            tr.changed[before.as_ref() != Some(&after)] {
                th scope="row" { (name) }
                td { @match &before { Some(before) => (before), None => (not_yet()) } }
                td { (after) }
            }
        }
    };
    let price = |product: &Product| money(product.price, product.currency);
    html! {
        p { "Product " code { (after.product_id) } }
        table.rows {
            thead { tr { th scope="col" { "" } th scope="col" { "Now" } th scope="col" { "From now on" } } }
            tbody {
                (row("Name", before.map(|b| b.name.clone()), after.name.clone()))
                (row("Price", before.map(price), price(after)))
                (row("Stock", before.map(|b| count(b.stock.into())), count(after.stock.into())))
            }
        }
        @if before.is_some() {
            p.help { "Orders that were placed keep their price. The stock is set to this number, whatever is sold meanwhile." }
        }
    }
}

fn form_page(visitor: &Visitor, texts: &Texts, known: Option<&ProductId>, faults: &[Fault]) -> Response {
    let title = known.map_or("New product".to_owned(), |id| format!("Product {id}"));
    let content = html! {
        header.page-head {
            div { p.crumbs { a href="/console/products" { "Products" } } h1 { (title) } }
        }
        form.card.stack.narrow method="post" action=(known.map_or(NEW.to_owned(), product_path)) data-ask="" {
            input type="hidden" name="token" value=(visitor.session.token);
            (inputs(texts, known.is_none(), faults))
            div.buttons {
                button.primary type="submit" { "Look at the change" }
                a.button href="/console/products" { "Leave it" }
            }
        }
    };
    view::page(visitor, Section::Products, &title, &content)
}
