//! The catalogue: products with their prices and stock, and writing one.

mod edit;
mod form;
mod list;

pub(crate) use edit::{create, edit, new, put};
pub(crate) use list::list;

use domain::ProductId;

use crate::error::PageError;
use crate::query::segment;

fn product_path(id: &ProductId) -> String {
    format!("/console/products/{}", segment(id.as_str()))
}

fn read_id(text: &str) -> Result<ProductId, PageError> {
    ProductId::new(text).map_err(|error| PageError::Invalid(format!("Product id: {error}.")))
}
