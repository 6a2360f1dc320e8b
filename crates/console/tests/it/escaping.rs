//! An order whose every text is HTML: what it says is shown, and never taken for a page's own.

use domain::CustomerId;
use ports::orders::PlaceOrder;

use crate::browser::Site;

const EVIL: &str = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>{{7*7}}</textarea></details>";

#[tokio::test]
async fn an_order_full_of_html_is_only_text() {
    let site = Site::open().await;
    let mut order = site.shop.order("PROD-001", 1).await.unwrap();
    order.customer_id = CustomerId::new(EVIL).unwrap();
    let metadata = serde_json::json!({ EVIL: EVIL });
    order.metadata = metadata.as_object().cloned();
    let id = order.order_id;
    site.shop.engine.place_order(order.into(), None).await.unwrap();
    site.shop.ended(id).await.unwrap();
    let mut visitor = site.operator().await;
    for path in [
        format!("/console/orders/{id}"),
        format!("/console/orders/{id}?timeline=whole"),
        format!("/console/executions/{id}"),
        "/console/orders".to_owned(),
        "/console/deliveries".to_owned(),
        "/console".to_owned(),
    ] {
        let page = visitor.get(&path).await.text;
        assert!(page.contains(&id.to_string()), "{path}");
        for part in [
            "<script>alert",
            "<img",
            "onerror=alert(2)>",
            "</textarea></details>",
        ] {
            assert!(!page.contains(part), "{path} has {part}");
        }
    }
    let page = visitor.get(&format!("/console/orders/{id}")).await.text;
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
}

#[tokio::test]
async fn what_an_address_says_is_only_text() {
    let site = Site::open().await;
    let mut visitor = site.operator().await;
    let evil: String = form_urlencoded::byte_serialize(EVIL.as_bytes()).collect();
    for path in [
        format!("/console/orders?customer={evil}"),
        format!("/console/orders?status={evil}"),
        format!("/console/orders?from={evil}"),
        format!("/console/orders/{}", evil.replace('+', "%20")),
        format!("/console/queues/{}", evil.replace('+', "%20")),
        format!("/console/products/{}", evil.replace('+', "%20")),
        format!("/console/executions?status={evil}"),
        format!("/console/executions?after={evil}"),
        format!("/console/queues/OrderProcessingDLQ/purge?message={evil}"),
    ] {
        let page = visitor.get(&path).await.text;
        assert!(
            !page.contains("<script>alert") && !page.contains("<img"),
            "{path}"
        );
    }
}
