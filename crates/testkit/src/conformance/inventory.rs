//! Stock is taken once and given back once for each order, and never goes below zero.

use domain::{OrderLine, Product};
use ports::inventory::{Released, TakeStockError};

use super::samples::{line, product, product_id};
use super::{Backend, Broken, Outcome, at_once, equal, holds};

async fn stock_is<B: Backend>(
    backend: &B,
    promise: &'static str,
    product: &Product,
    promised: u32,
) -> Outcome {
    let found = backend.get_products(vec![product.product_id.clone()]).await?;
    let found = found
        .into_iter()
        .next()
        .flatten()
        .ok_or_else(|| Broken::Sample(format!("product {} is gone", product.product_id)))?;
    equal(promise, &found.stock, &promised)
}

/// Several products, one of them on two lines; a repeat takes nothing more.
pub async fn stock_is_taken_once_for_an_order<B: Backend>(backend: &B) -> Outcome {
    let (a, b) = (product(backend, 10).await?, product(backend, 5).await?);
    let order = backend.next_order_id();
    let lines = vec![line(&a, 3)?, line(&b, 5)?];
    for _ in 0..3 {
        backend.take_stock(order, &lines).await?;
        stock_is(backend, "taken once", &a, 7).await?;
        stock_is(backend, "to the last piece", &b, 0).await?;
    }
    Ok(())
}

/// All or nothing.
pub async fn too_little_stock_takes_nothing<B: Backend>(backend: &B) -> Outcome {
    let (a, b) = (product(backend, 10).await?, product(backend, 1).await?);
    let lines = vec![line(&a, 3)?, line(&b, 2)?];
    let answer = backend.take_stock(backend.next_order_id(), &lines).await;
    let refused = matches!(&answer, Err(TakeStockError::OutOfStock { product_id, requested: 2, available: 1 })
        if *product_id == b.product_id);
    holds("the answer says what lacks", refused, answer)?;
    stock_is(backend, "nothing is taken of what lacks", &b, 1).await?;
    stock_is(backend, "nor of the others", &a, 10).await
}

/// All or nothing, here too.
pub async fn an_unknown_product_takes_nothing<B: Backend>(backend: &B) -> Outcome {
    let known = product(backend, 10).await?;
    let unknown = Product {
        product_id: product_id(backend, 1)?,
        ..known.clone()
    };
    let lines = vec![line(&known, 3)?, line(&unknown, 1)?];
    let answer = backend.take_stock(backend.next_order_id(), &lines).await;
    let refused = matches!(&answer, Err(TakeStockError::UnknownProduct(id)) if *id == unknown.product_id);
    holds("the answer names it", refused, answer)?;
    stock_is(backend, "nothing is taken", &known, 10).await
}

/// And a repeat says so.
pub async fn stock_is_given_back_once<B: Backend>(backend: &B) -> Outcome {
    let (a, b) = (product(backend, 10).await?, product(backend, 5).await?);
    let order = backend.next_order_id();
    backend.take_stock(order, &[line(&a, 3)?, line(&b, 5)?]).await?;
    equal("given back", &backend.release_stock(order).await?, &Released::Now)?;
    equal("once", &backend.release_stock(order).await?, &Released::Before)?;
    stock_is(backend, "all is back", &a, 10).await?;
    stock_is(backend, "of each", &b, 5).await?;
    let answer = backend.take_stock(order, &[line(&a, 3)?]).await;
    let refused = matches!(answer, Err(TakeStockError::Released(released)) if released == order);
    holds("and is not taken again", refused, answer)?;
    stock_is(backend, "all is still there", &a, 10).await
}

/// A release that overtakes its take wins.
pub async fn what_was_released_is_not_taken<B: Backend>(backend: &B) -> Outcome {
    let shelf = product(backend, 10).await?;
    let order = backend.next_order_id();
    let released = backend.release_stock(order).await?;
    equal("nothing was taken", &released, &Released::NothingTaken)?;
    let answer = backend.take_stock(order, &[line(&shelf, 1)?]).await;
    let refused = matches!(answer, Err(TakeStockError::Released(released)) if released == order);
    holds("nor will be", refused, answer)?;
    stock_is(backend, "all is there", &shelf, 10).await
}

/// However many want it at once.
pub async fn the_last_piece_is_sold_once<B: Backend>(backend: &B) -> Outcome {
    let shelf = product(backend, 3).await?;
    let lines: Vec<OrderLine> = vec![line(&shelf, 1)?];
    let orders: Vec<_> = (0..16).map(|_| backend.next_order_id()).collect();
    let answers = at_once(orders.len(), |i| backend.take_stock(orders[i], &lines)).await;
    let mut sold = 0;
    for answer in answers {
        match answer {
            Ok(()) => sold += 1,
            Err(TakeStockError::OutOfStock { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    equal("what there is is sold, and no more", &sold, &3)?;
    stock_is(backend, "nothing is left", &shelf, 0).await
}
