//! The copy of the catalogue in memory.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use domain::{Amount, Currency, Product, ProductId};
use rusqlite::Connection;

use super::read_product;

/// The number of a write: later writes have higher numbers, as a circle of 32 bits has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Version(u32);

impl Version {
    fn is_newer_than(self, other: Self) -> bool {
        // Half the circle is far more writes than can be under way at once.
        matches!(self.0.wrapping_sub(other.0), 1..=0x7fff_ffff)
    }
}

/// A product's stock after a write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StockLevel {
    pub(crate) product_id: ProductId,
    pub(crate) stock: u32,
    pub(crate) version: Version,
}

/// Every product. Clones are the same copy.
#[derive(Debug, Clone)]
pub(crate) struct ProductCache {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    /// Locked for writing only when a product is put; orders read side by side.
    products: RwLock<HashMap<ProductId, Cached>>,
    versions: AtomicU32,
}

#[derive(Debug)]
struct Cached {
    name: String,
    price: Amount,
    currency: Currency,
    version: Version,
    stock: Stock,
}

impl ProductCache {
    /// Reads every product.
    pub(crate) fn read(connection: &Connection) -> rusqlite::Result<Self> {
        let mut statement = connection.prepare("SELECT id, name, price, currency, stock FROM products")?;
        let products = statement
            .query_map([], read_product)?
            .map(|product| Ok(Cached::new(product?, Version(0))));
        let products = RwLock::new(products.collect::<rusqlite::Result<_>>()?);
        Ok(Self {
            shared: Arc::new(Shared {
                products,
                versions: AtomicU32::new(0),
            }),
        })
    }

    /// The products of these ids, in the same order.
    pub(crate) fn get(&self, ids: Vec<ProductId>) -> Vec<Option<Product>> {
        let products = self
            .shared
            .products
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        let find = |id: ProductId| {
            let cached = products.get(&id)?;
            Some(Product {
                product_id: id,
                name: cached.name.clone(),
                price: cached.price,
                currency: cached.currency,
                stock: cached.stock.get(),
            })
        };
        ids.into_iter().map(find).collect()
    }

    /// The number of a write. Only commands ask for it, while they are applied: so numbers rise as commits do.
    pub(crate) fn next_version(&self) -> Version {
        Version(
            self.shared
                .versions
                .fetch_add(1, Ordering::Relaxed)
                .wrapping_add(1),
        )
    }

    /// Takes over a product that was committed.
    pub(crate) fn put(&self, product: Product, version: Version) {
        let mut products = self
            .shared
            .products
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let (id, new) = Cached::new(product, version);
        match products.get_mut(&id) {
            Some(old) if version.is_newer_than(old.version) => {
                // Stock may have been taken after this write, and be known here before it.
                let stock = old.stock.later(new.stock);
                *old = Cached { stock, ..new };
            }
            Some(_) => {}
            None => drop(products.insert(id, new)),
        }
    }

    /// Takes over stock levels that were committed.
    pub(crate) fn set_stock(&self, levels: &[StockLevel]) {
        let products = self
            .shared
            .products
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        for level in levels {
            if let Some(cached) = products.get(&level.product_id) {
                cached.stock.set(level.stock, level.version);
            }
        }
    }
}

impl Cached {
    fn new(product: Product, version: Version) -> (ProductId, Self) {
        let Product {
            product_id,
            name,
            price,
            currency,
            stock,
        } = product;
        (
            product_id,
            Self {
                name,
                price,
                currency,
                version,
                stock: Stock::new(stock, version),
            },
        )
    }
}

/// A stock level and the number of the write it comes from, in one word: so that both change at once.
#[derive(Debug)]
struct Stock(AtomicU64);

impl Stock {
    fn new(stock: u32, version: Version) -> Self {
        Self(AtomicU64::new(Self::pack(stock, version)))
    }

    fn pack(stock: u32, version: Version) -> u64 {
        u64::from(version.0) << 32 | u64::from(stock)
    }

    fn unpack(packed: u64) -> (u32, Version) {
        (packed as u32, Version((packed >> 32) as u32))
    }

    fn get(&self) -> u32 {
        Self::unpack(self.0.load(Ordering::Acquire)).0
    }

    fn set(&self, stock: u32, version: Version) {
        let newer = |packed| {
            version
                .is_newer_than(Self::unpack(packed).1)
                .then_some(Self::pack(stock, version))
        };
        // An error means that a later write stands here already.
        let _ = self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, newer);
    }

    /// The later of both.
    fn later(&self, other: Self) -> Self {
        let (stock, version) = Self::unpack(self.0.load(Ordering::Acquire));
        other.set(stock, version);
        other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn product(price: &str, stock: u32) -> Product {
        let product_id = ProductId::new("P").unwrap();
        Product {
            product_id,
            name: "p".into(),
            price: price.parse().unwrap(),
            currency: Currency::USD,
            stock,
        }
    }

    fn cache() -> ProductCache {
        let shared = Shared {
            products: RwLock::default(),
            versions: AtomicU32::new(u32::MAX - 3),
        };
        ProductCache {
            shared: Arc::new(shared),
        }
    }

    fn shown(cache: &ProductCache) -> String {
        let product = cache
            .get(vec![ProductId::new("P").unwrap()])
            .pop()
            .flatten()
            .unwrap();
        format!("{} {}", product.price, product.stock)
    }

    /// Every order in which the callers of four writes may be woken, across the wrap of the numbers.
    #[test]
    fn the_latest_write_wins_in_whatever_order_they_are_told() {
        for order in 0..24_usize {
            let cache = cache();
            let created = cache.next_version();
            cache.put(product("1", 10), created);
            let versions = [
                cache.next_version(),
                cache.next_version(),
                cache.next_version(),
                cache.next_version(),
            ];
            let mut left = vec![0, 1, 2, 3];
            let mut picks = order;
            while !left.is_empty() {
                let write = left.remove(picks % left.len());
                picks /= left.len() + 1;
                let version = versions[write];
                let level = |stock| {
                    [StockLevel {
                        product_id: ProductId::new("P").unwrap(),
                        stock,
                        version,
                    }]
                };
                match write {
                    0 => cache.set_stock(&level(9)),
                    1 => cache.put(product("2", 20), version),
                    2 => cache.set_stock(&level(19)),
                    _ => cache.set_stock(&level(18)),
                }
            }
            assert_eq!(shown(&cache), "2 18", "order {order}");
        }
    }

    #[test]
    fn an_unknown_product_is_none_and_its_stock_is_nobodys() {
        let cache = cache();
        let version = cache.next_version();
        cache.set_stock(&[StockLevel {
            product_id: ProductId::new("P").unwrap(),
            stock: 1,
            version,
        }]);
        assert_eq!(cache.get(vec![ProductId::new("P").unwrap()]), [None]);
    }
}
