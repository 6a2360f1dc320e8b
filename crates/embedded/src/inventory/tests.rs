//! Stock is conserved and never below zero, whatever is taken, released and repeated.

use std::collections::{BTreeMap, BTreeSet};

use domain::Quantity;
use proptest::prelude::*;
use rusqlite::Connection;

use super::*;
use crate::tx::Counters;

/// A database with the products A and B.
struct Shop {
    connection: Connection,
    cache: ProductCache,
}

impl Shop {
    fn with_stock(a: u32, b: u32) -> Self {
        let mut connection = Connection::open_in_memory().unwrap();
        crate::schema::migrate(&mut connection).unwrap();
        let insert =
            "INSERT INTO products (id, name, price, currency, stock) VALUES (?1, '', '1', 'USD', ?2)";
        connection.execute(insert, ("A", a)).unwrap();
        connection.execute(insert, ("B", b)).unwrap();
        let cache = ProductCache::read(&connection).unwrap();
        Self { connection, cache }
    }

    fn apply<C: Command>(&self, mut command: C) -> C::Output {
        let mut tx = Tx::new(&self.connection, Counters::default());
        let output = command.apply(&mut tx).unwrap();
        for notice in tx.into_parts().1 {
            match notice {
                Notice::Stock(levels) => self.cache.set_stock(&levels),
                other => panic!("{other:?}"),
            }
        }
        output
    }

    fn take(&self, order: u16, lines: &[(&str, u32)]) -> Taken {
        let lines: Vec<OrderLine> = lines
            .iter()
            .map(|(id, quantity)| OrderLine {
                product_id: ProductId::new(*id).unwrap(),
                quantity: Quantity::new(*quantity).unwrap(),
                price: "1".parse().unwrap(),
            })
            .collect();
        self.apply(TakeStock::new(
            id(order),
            &lines,
            Timestamp::from_ms(1),
            self.cache.clone(),
        ))
    }

    fn release(&self, order: u16) -> Released {
        let at = Timestamp::from_ms(2);
        self.apply(ReleaseStock {
            order: order_key(id(order)),
            at,
            cache: self.cache.clone(),
        })
    }

    /// The stock of A and B in the table, which the copy in memory must agree with.
    fn stock(&self) -> [u32; 2] {
        ["A", "B"].map(|id| {
            let find = "SELECT stock FROM products WHERE id = ?1";
            let table: u32 = self.connection.query_row(find, [id], |row| row.get(0)).unwrap();
            let copy = self
                .cache
                .get(vec![ProductId::new(id).unwrap()])
                .pop()
                .flatten()
                .unwrap();
            assert_eq!(copy.stock, table, "the copy of {id}");
            table
        })
    }
}

fn id(order: u16) -> OrderId {
    OrderId::from_parts(1_700_000_000_000, order, 7)
}

#[test]
fn stock_is_taken_once_and_given_back_once() {
    let shop = Shop::with_stock(5, 5);
    assert!(matches!(shop.take(1, &[("A", 2), ("B", 1)]), Taken::Now));
    assert_eq!(shop.take(1, &[("A", 2), ("B", 1)]), Taken::Before);
    assert_eq!(shop.stock(), [3, 4]);
    assert_eq!(shop.release(1), Released::Now);
    assert_eq!(shop.release(1), Released::Before);
    assert_eq!(shop.stock(), [5, 5]);
    assert_eq!(shop.take(1, &[("A", 2)]), Taken::Released);
    assert_eq!(shop.stock(), [5, 5]);
}

#[test]
fn an_order_that_cannot_be_filled_takes_nothing() {
    let shop = Shop::with_stock(5, 1);
    let product_id = ProductId::new("B").unwrap();
    assert_eq!(
        shop.take(1, &[("A", 2), ("B", 2)]),
        Taken::OutOfStock {
            product_id,
            requested: 2,
            available: 1
        }
    );
    let unknown = ProductId::new("C").unwrap();
    assert_eq!(
        shop.take(2, &[("A", 1), ("B", 1), ("C", 1)]),
        Taken::UnknownProduct(unknown)
    );
    assert_eq!(shop.stock(), [5, 1]);
    assert!(
        matches!(shop.take(1, &[("B", 1)]), Taken::Now),
        "a refusal leaves no hold"
    );
}

#[test]
fn a_product_named_twice_counts_twice() {
    let shop = Shop::with_stock(5, 0);
    let product_id = ProductId::new("A").unwrap();
    let refused = Taken::OutOfStock {
        product_id,
        requested: 6,
        available: 5,
    };
    assert_eq!(shop.take(1, &[("A", 3), ("A", 3)]), refused);
    assert!(matches!(shop.take(1, &[("A", 2), ("A", 3)]), Taken::Now));
    assert_eq!(shop.stock(), [0, 0]);
}

#[test]
fn nothing_can_be_taken_after_a_release_that_came_first() {
    let shop = Shop::with_stock(5, 5);
    assert_eq!(shop.release(1), Released::NothingTaken);
    assert_eq!(shop.release(1), Released::NothingTaken);
    assert_eq!(shop.take(1, &[("A", 1)]), Taken::Released);
    assert_eq!(shop.stock(), [5, 5]);
}

#[test]
fn giving_back_never_goes_above_what_a_stock_can_be() {
    let shop = Shop::with_stock(5, 5);
    assert!(matches!(shop.take(1, &[("A", 5)]), Taken::Now));
    shop.connection
        .execute("UPDATE products SET stock = ?1 WHERE id = 'A'", [u32::MAX - 1])
        .unwrap();
    assert_eq!(shop.release(1), Released::Now);
    assert_eq!(shop.stock(), [u32::MAX, 5]);
}

#[derive(Debug, Clone)]
enum Step {
    Take { order: u16, a: u32, b: u32 },
    Release { order: u16 },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        2 => (0..8_u16, 0..6_u32, 0..6_u32).prop_map(|(order, a, b)| Step::Take { order, a, b }),
        1 => (0..8_u16).prop_map(|order| Step::Release { order }),
    ];
    proptest::collection::vec(step, 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn stock_and_holds_always_add_up(a in 0..20_u32, b in 0..20_u32, steps in steps()) {
        let shop = Shop::with_stock(a, b);
        let mut held = BTreeMap::<u16, [u32; 2]>::new();
        let mut closed = BTreeSet::<u16>::new();
        for step in steps {
            match step {
                Step::Take { order, a, b } => {
                    let lines: Vec<_> = [("A", a), ("B", b)].into_iter().filter(|(_, quantity)| *quantity > 0).collect();
                    if lines.is_empty() {
                        continue;
                    }
                    let left = shop.stock();
                    let taken = shop.take(order, &lines);
                    let fits = a <= left[0] && b <= left[1];
                    let expected = match (closed.contains(&order), held.contains_key(&order)) {
                        (true, _) => taken == Taken::Released,
                        (false, true) => taken == Taken::Before,
                        (false, false) if fits => matches!(taken, Taken::Now),
                        (false, false) => matches!(taken, Taken::OutOfStock { .. }),
                    };
                    prop_assert!(expected, "{taken:?}");
                    if matches!(taken, Taken::Now) {
                        held.insert(order, [a, b]);
                    }
                }
                Step::Release { order } => {
                    let released = shop.release(order);
                    prop_assert_eq!(released == Released::Now, held.remove(&order).is_some());
                    closed.insert(order);
                }
            }
            let sum = held.values().fold(shop.stock(), |sum, lines| [sum[0] + lines[0], sum[1] + lines[1]]);
            prop_assert_eq!(sum, [a, b]);
        }
    }
}
