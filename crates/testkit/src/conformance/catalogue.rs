//! The catalogue of products.

use domain::{Currency, Product, ProductId};

use super::samples::{amount, product, product_id};
use super::{Backend, Outcome, equal, holds};

/// New, then another.
pub async fn a_product_is_read_back_as_it_was<B: Backend>(backend: &B) -> Outcome {
    let mut sample = Product {
        product_id: product_id(backend, 0)?,
        name: "Fahrradklingel \"Ding\" 🔔".to_owned(),
        price: amount("0.10")?,
        currency: Currency::USD,
        stock: 4_000_000_000,
    };
    let get = async || backend.get_products(vec![sample.product_id.clone()]).await;
    equal("it isn't there before", &get().await?, &vec![None])?;
    equal("it is new", &backend.put_product(sample.clone()).await?, &true)?;
    equal("it is read back", &get().await?, &vec![Some(sample.clone())])?;
    sample.name = "Klingel".to_owned();
    sample.price = amount("0.2")?;
    sample.stock = 0;
    equal(
        "it isn't new",
        &backend.put_product(sample.clone()).await?,
        &false,
    )?;
    let found = backend.get_products(vec![sample.product_id.clone()]).await?;
    equal("it is written whole", &found, &vec![Some(sample)])
}

/// Also when one is asked for twice, or isn't there.
pub async fn products_come_in_the_order_asked_for<B: Backend>(backend: &B) -> Outcome {
    let (a, b) = (product(backend, 1).await?, product(backend, 2).await?);
    let unknown = product_id(backend, 9)?;
    let ids = [&b.product_id, &unknown, &a.product_id, &b.product_id];
    let found = backend.get_products(ids.into_iter().cloned().collect()).await?;
    equal(
        "in the order asked for",
        &found,
        &vec![Some(b.clone()), None, Some(a), Some(b)],
    )?;
    equal("none for none", &backend.get_products(vec![]).await?, &vec![])
}

/// Every one once, page after page.
pub async fn products_are_listed_by_id<B: Backend>(backend: &B) -> Outcome {
    let mut made = Vec::new();
    for _ in 0..5 {
        made.push(product(backend, 1).await?.product_id);
    }
    let (mut found, mut after): (Vec<ProductId>, _) = (Vec::new(), None);
    loop {
        let page = backend.list_products(after.clone(), 2).await?;
        holds("a page holds at most its limit", page.len() <= 2, page.len())?;
        let Some(last) = page.last() else { break };
        after = Some(last.product_id.clone());
        found.extend(page.into_iter().map(|product| product.product_id));
    }
    let ascending = found.is_sorted_by(|a, b| a < b);
    holds("by id, each once", ascending, &found)?;
    let all = made.iter().all(|id| found.contains(id));
    holds("none is left out", all, (&made, &found))
}
