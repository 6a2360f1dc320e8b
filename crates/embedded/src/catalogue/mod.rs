//! The catalogue: products in the table, and a copy of them in memory that orders are priced from.
//!
//! The copy is what [`Catalogue::get_products`] answers from, so placing an order reads no table. Each write of a product
//! or its stock carries a number that the writer gave it; the copy takes a write over once it is committed and never
//! goes back to an older one, in whatever order the callers are woken.

mod cache;
mod samples;

use domain::{Product, ProductId};
use ports::StoreError;
use ports::catalogue::Catalogue;
use rusqlite::{Connection, OptionalExtension, Row, types::Type};

pub(crate) use cache::{ProductCache, StockLevel, Version};

use crate::Engine;
use crate::tx::Tx;
use crate::writer::Command;

/// The most products of one list.
const MAX_LIMIT: u32 = 1_000;

impl Catalogue for Engine {
    async fn get_products(&self, ids: Vec<ProductId>) -> Result<Vec<Option<Product>>, StoreError> {
        Ok(self.catalogue().get(ids))
    }

    async fn list_products(&self, after: Option<ProductId>, limit: u32) -> Result<Vec<Product>, StoreError> {
        self.readers()
            .read_blocking(move |connection| {
                list_products(connection, after.as_ref(), limit.clamp(1, MAX_LIMIT))
            })
            .await
    }

    async fn put_product(&self, product: Product) -> Result<bool, StoreError> {
        let engine = self.clone();
        // In a task of its own, so that the copy follows the table even when the caller goes away.
        tokio::spawn(async move {
            let command = PutProduct {
                product: product.clone(),
                cache: engine.catalogue().clone(),
            };
            let (is_new, version) = engine.writer().execute(command).await?;
            engine.catalogue().put(product, version);
            Ok(is_new)
        })
        .await
        .map_err(StoreError::failed)?
    }
}

impl Engine {
    /// Puts a dozen sample products into an empty catalogue; returns how many were put.
    ///
    /// # Errors
    /// When the store fails. Nothing was written then.
    pub async fn seed_sample_products(&self) -> Result<usize, StoreError> {
        let command = SeedProducts {
            products: samples::sample_products(),
            cache: self.catalogue().clone(),
        };
        let seeded = self.writer().execute(command).await?;
        let count = seeded.len();
        seeded
            .into_iter()
            .for_each(|(product, version)| self.catalogue().put(product, version));
        Ok(count)
    }
}

struct PutProduct {
    product: Product,
    cache: ProductCache,
}

impl Command for PutProduct {
    /// Whether it is new.
    type Output = (bool, Version);

    fn apply(&mut self, tx: &mut Tx<'_>) -> rusqlite::Result<Self::Output> {
        let mut find = tx.prepare("SELECT 1 FROM products WHERE id = ?1")?;
        let known = find
            .query_row([self.product.product_id.as_str()], |_| Ok(()))
            .optional()?;
        upsert(tx, &self.product)?;
        Ok((known.is_none(), self.cache.next_version()))
    }
}

struct SeedProducts {
    products: Vec<Product>,
    cache: ProductCache,
}

impl Command for SeedProducts {
    type Output = Vec<(Product, Version)>;

    fn apply(&mut self, tx: &mut Tx<'_>) -> rusqlite::Result<Self::Output> {
        let any = tx
            .prepare("SELECT 1 FROM products LIMIT 1")?
            .query_row([], |_| Ok(()))
            .optional()?;
        if any.is_some() {
            return Ok(Vec::new());
        }
        let seed = |product: &Product| {
            upsert(tx, product)?;
            Ok((product.clone(), self.cache.next_version()))
        };
        self.products.iter().map(seed).collect()
    }
}

fn upsert(tx: &Tx<'_>, product: &Product) -> rusqlite::Result<()> {
    tx.prepare(
        "INSERT INTO products (id, name, price, currency, stock) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, price = excluded.price, currency = excluded.currency,
                                        stock = excluded.stock",
    )?
    .execute((
        product.product_id.as_str(),
        &product.name,
        product.price.to_string(),
        product.currency.as_str(),
        product.stock,
    ))?;
    Ok(())
}

fn list_products(
    connection: &Connection,
    after: Option<&ProductId>,
    limit: u32,
) -> rusqlite::Result<Vec<Product>> {
    let after = after.map_or("", ProductId::as_str);
    connection
        .prepare_cached(
            "SELECT id, name, price, currency, stock FROM products WHERE id > ?1 ORDER BY id LIMIT ?2",
        )?
        .query_map((after, limit), read_product)?
        .collect()
}

fn read_product(row: &Row<'_>) -> rusqlite::Result<Product> {
    Ok(Product {
        product_id: ProductId::new(row.get::<_, String>(0)?).map_err(|error| damaged(0, error))?,
        name: row.get(1)?,
        price: row
            .get_ref(2)?
            .as_str()?
            .parse()
            .map_err(|error| damaged(2, error))?,
        currency: row
            .get_ref(3)?
            .as_str()?
            .parse()
            .map_err(|error| damaged(3, error))?,
        stock: row.get(4)?,
    })
}

/// The column holds a text that this program never writes there.
fn damaged(column: usize, error: impl std::error::Error + Send + Sync + 'static) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error))
}

#[cfg(test)]
mod tests {
    use ports::inventory::Inventory;

    use super::*;
    use crate::tx::Counters;

    fn database() -> Connection {
        let mut connection = Connection::open_in_memory().unwrap();
        crate::schema::migrate(&mut connection).unwrap();
        connection
    }

    fn apply<C: Command>(connection: &Connection, mut command: C) -> C::Output {
        command
            .apply(&mut Tx::new(connection, Counters::default()))
            .unwrap()
    }

    fn product(id: &str, price: &str, stock: u32) -> Product {
        Product {
            product_id: ProductId::new(id).unwrap(),
            name: format!("name of {id}"),
            price: price.parse().unwrap(),
            currency: domain::Currency::USD,
            stock,
        }
    }

    #[test]
    fn a_product_reads_back_as_it_was_put_and_is_new_once() {
        let connection = database();
        let cache = ProductCache::read(&connection).unwrap();
        let put = |price| {
            let product = product("P", price, u32::MAX);
            apply(
                &connection,
                PutProduct {
                    product,
                    cache: cache.clone(),
                },
            )
            .0
        };
        assert!(put("29.90"));
        assert!(!put("0.10"));
        assert_eq!(
            list_products(&connection, None, 9).unwrap(),
            [product("P", "0.10", u32::MAX)]
        );
    }

    #[test]
    fn products_are_listed_by_id_page_by_page() {
        let connection = database();
        let cache = ProductCache::read(&connection).unwrap();
        for id in ["C", "A", "B", "D"] {
            apply(
                &connection,
                PutProduct {
                    product: product(id, "1", 1),
                    cache: cache.clone(),
                },
            );
        }
        let page = |after: Option<&str>| -> Vec<String> {
            let after = after.map(|id| ProductId::new(id).unwrap());
            let page = list_products(&connection, after.as_ref(), 3).unwrap();
            page.into_iter()
                .map(|product| product.product_id.into())
                .collect()
        };
        assert_eq!(page(None), ["A", "B", "C"]);
        assert_eq!(page(Some("C")), ["D"]);
    }

    #[test]
    fn samples_are_put_into_an_empty_catalogue_only_and_the_copy_knows_them() {
        let connection = database();
        let cache = ProductCache::read(&connection).unwrap();
        let seed = || {
            apply(
                &connection,
                SeedProducts {
                    products: samples::sample_products(),
                    cache: cache.clone(),
                },
            )
        };
        let seeded = seed();
        assert!(seed().is_empty());
        let ids: Vec<ProductId> = seeded
            .iter()
            .map(|(product, _)| product.product_id.clone())
            .collect();
        seeded
            .into_iter()
            .for_each(|(product, version)| cache.put(product, version));
        let read = ProductCache::read(&connection).unwrap();
        assert_eq!(cache.get(ids.clone()), read.get(ids.clone()));
        assert!(read.get(ids).iter().all(Option::is_some));
        // The product of the seed's walk-through, and the one of its third timeline.
        let shown = cache.get(vec![
            ProductId::new("PROD-001").unwrap(),
            ProductId::new("PROD-OUT").unwrap(),
        ]);
        let shown: Vec<String> = shown
            .into_iter()
            .flatten()
            .map(|p| format!("{} {}", p.price, p.stock))
            .collect();
        assert_eq!(shown, ["29.99 1000000", "15.00 0"]);
    }

    #[tokio::test]
    async fn what_is_put_and_taken_is_seen_at_once() {
        let shop = crate::timeline::tests::shop::Shop::closed(5).await;
        let engine = &shop.engine;
        assert_eq!(
            engine.seed_sample_products().await.unwrap(),
            0,
            "the catalogue is not empty"
        );
        assert!(engine.put_product(product("P", "2", 7)).await.unwrap());
        assert!(!engine.put_product(product("P", "3", 8)).await.unwrap());
        let ids = ["P", "Q"].map(|id| ProductId::new(id).unwrap()).to_vec();
        assert_eq!(
            engine.get_products(ids.clone()).await.unwrap(),
            [Some(product("P", "3", 8)), None]
        );

        let order = domain::OrderId::from_parts(1, 2, 3);
        let quantity = domain::Quantity::new(3).unwrap();
        let line = domain::OrderLine {
            product_id: ids[0].clone(),
            quantity,
            price: "3".parse().unwrap(),
        };
        engine.take_stock(order, &[line]).await.unwrap();
        assert_eq!(
            engine.get_products(ids.clone()).await.unwrap(),
            [Some(product("P", "3", 5)), None]
        );
        engine.release_stock(order).await.unwrap();
        assert_eq!(
            engine.get_products(ids).await.unwrap(),
            [Some(product("P", "3", 8)), None]
        );
        let listed = engine.list_products(None, 9).await.unwrap();
        assert_eq!(listed.last(), Some(&product("P", "3", 8)));
    }
}
