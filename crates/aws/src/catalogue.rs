//! The catalogue: a table of products, and an index that lists them by id.
//!
//! The index holds keys alone, so a change of stock doesn't write it.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::ReturnValue;
use domain::{Currency, Product, ProductId};
use ports::StoreError;
use ports::catalogue::Catalogue;

use crate::environment::Variable;
use crate::error::{Damaged, store_error};
use crate::item::{Attributes, Reader, text};
use crate::store::{Store, call};
use crate::transact::{n, s};

/// The index of all products by id.
const CATALOGUE_INDEX: &str = "catalogue-index";

/// What every product has as the index's partition key.
const PRODUCT: &str = "PRODUCT";

/// The most keys of one BatchGetItem.
const MAX_KEYS: usize = 100;

/// The most products of one list.
const MAX_LIMIT: u32 = 1_000;

impl Catalogue for Store {
    async fn get_products(&self, ids: Vec<ProductId>) -> Result<Vec<Option<Product>>, StoreError> {
        let mut found = HashMap::with_capacity(ids.len());
        let mut wanted: Vec<&ProductId> = ids.iter().collect();
        // A key may stand in a request once.
        wanted.sort_unstable();
        wanted.dedup();
        for keys in wanted.chunks(MAX_KEYS) {
            for item in self.read_products(keys).await? {
                let product = read_product(&item)?;
                found.insert(product.product_id.clone(), product);
            }
        }
        Ok(ids.iter().map(|id| found.get(id).cloned()).collect())
    }

    async fn list_products(&self, after: Option<ProductId>, limit: u32) -> Result<Vec<Product>, StoreError> {
        let limit = limit.clamp(1, MAX_LIMIT) as usize;
        let mut ids = Vec::new();
        let mut start_key = None;
        loop {
            let mut request = self
                .dynamodb()
                .query()
                .table_name(self.name(Variable::InventoryTable)?)
                .index_name(CATALOGUE_INDEX)
                .expression_attribute_values(":kind", s(PRODUCT))
                .limit(i32::try_from(limit).unwrap_or(i32::MAX))
                .set_exclusive_start_key(start_key);
            request = match &after {
                None => request.key_condition_expression("kind = :kind"),
                Some(after) => request
                    .key_condition_expression("kind = :kind AND productId > :after")
                    .expression_attribute_values(":after", s(after.as_str())),
            };
            let answer = call("dynamodb", "Query", request.send())
                .await
                .map_err(store_error)?;
            for item in answer.items() {
                let id = text(item, "productId").and_then(|id| ProductId::new(id).ok());
                ids.push(id.ok_or_else(|| Damaged::new("productId", "of a product"))?);
            }
            start_key = answer.last_evaluated_key.filter(|key| !key.is_empty());
            if start_key.is_none() || ids.len() >= limit {
                break;
            }
        }
        ids.truncate(limit);
        Ok(self.get_products(ids).await?.into_iter().flatten().collect())
    }

    async fn put_product(&self, product: Product) -> Result<bool, StoreError> {
        let request = self
            .dynamodb()
            .put_item()
            .table_name(self.name(Variable::InventoryTable)?)
            .item("productId", s(product.product_id.as_str()))
            .item("kind", s(PRODUCT))
            .item("name", s(product.name))
            .item("price", n(product.price))
            .item("currency", s(product.currency.as_str()))
            .item("stock", n(product.stock))
            .return_values(ReturnValue::AllOld);
        let answer = call("dynamodb", "PutItem", request.send())
            .await
            .map_err(store_error)?;
        Ok(answer.attributes.is_none_or(|old| old.is_empty()))
    }
}

impl Store {
    async fn read_products(&self, ids: &[&ProductId]) -> Result<Vec<Attributes>, StoreError> {
        let key = |id: &&ProductId| Attributes::from([("productId".to_owned(), s(id.as_str()))]);
        let keys = ids.iter().map(key).collect();
        self.batch_get(Variable::InventoryTable, keys).await
    }
}

fn read_product(item: &Attributes) -> Result<Product, Damaged> {
    let of = text(item, "productId").unwrap_or("a product without an id");
    let reader = Reader { item, of };
    let currency: Currency = reader.parsed("currency")?;
    Ok(Product {
        product_id: ProductId::new(reader.required("productId")?).map_err(|_| reader.damaged("productId"))?,
        name: reader.optional("name").unwrap_or_default(),
        price: reader.amount("price", currency)?,
        currency,
        stock: reader.number("stock")?,
    })
}
