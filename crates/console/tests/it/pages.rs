//! Every page of a shop in which everything has happened once.

use connectors::{Rate, SimulatedSettings};
use http::StatusCode;
use testkit::ShopOptions;

use crate::browser::Site;

const SECTIONS: [&str; 11] = [
    "/console",
    "/console/orders",
    "/console/executions",
    "/console/queues",
    "/console/deliveries",
    "/console/products",
    "/console/keys",
    "/console/metrics",
    "/console/traces",
    "/console/logs",
    "/console/alarms",
];

#[tokio::test]
async fn every_page_says_something_when_there_is_nothing() {
    let site = Site::idle(&ShopOptions::default()).await;
    let mut visitor = site.operator().await;
    for path in SECTIONS {
        let page = visitor.get(path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        assert!(page.text.contains("aria-current=\"page\""), "{path}");
    }
    let overview = visitor.get("/console").await.text;
    assert!(overview.contains("There are no orders yet"));
}

#[tokio::test]
async fn an_order_is_told_whole() {
    let site = Site::open().await;
    let id = site.shop.place("PROD-001", 2).await.unwrap();
    site.shop.ended(id).await.unwrap();
    site.shop.engine.settled().await.unwrap();
    let mut visitor = site.operator().await;
    let page = visitor.get(&format!("/console/orders/{id}")).await.text;
    for part in [
        "COMPLETED",
        "59.98 USD",
        "PROD-001",
        "were charged",
        "taken from stock",
        "SUCCEEDED",
        "An e-mail was sent",
    ] {
        assert!(page.contains(part), "{part}");
    }
    // The way is in colour: what was taken, and what was not.
    assert!(page.contains("state task visited") && page.contains("state task dim"));
    // Two rules lead from CheckOrder to ProcessPayment: the one that held is marked, the other is not.
    let rule = |class, status| format!(r#"class="label{class}"><title>order.Item.status.S = &quot;{status}"#);
    for rule in [rule("", "PROCESSING"), rule(" dim", "CANCELLED")] {
        assert!(page.contains(&rule), "{rule}");
    }
    assert!(page.contains("c***@example.com"));
    let whole = visitor
        .get(&format!("/console/orders/{id}?timeline=whole"))
        .await
        .text;
    assert!(whole.contains("TaskScheduled") && !page.contains("TaskScheduled"));
    let execution = visitor.get(&format!("/console/executions/{id}")).await.text;
    assert!(execution.contains("TaskSucceeded"));
}

#[tokio::test]
async fn an_order_says_what_became_of_its_money() {
    let payments = |rate| SimulatedSettings {
        success_rate: rate,
        ..SimulatedSettings::default()
    };
    let word = async |rate, stock| {
        let site = Site::open_with(&ShopOptions {
            payments: payments(rate),
            ..ShopOptions::default()
        })
        .await;
        site.shop.stock("THING", stock).await.unwrap();
        let id = site.shop.place("THING", 1).await.unwrap();
        site.shop.ended(id).await.unwrap();
        let page = site
            .operator()
            .await
            .get(&format!("/console/orders/{id}"))
            .await
            .text;
        let (_, rest) = page.split_once("<dt>Total</dt>").unwrap();
        let (_, rest) = rest.split_once("<dd class=\"note\">").unwrap();
        let has_payment = page.contains("data-copy=\"PAY-");
        (rest.split_once('<').unwrap().0.to_owned(), has_payment)
    };
    assert_eq!(word(Rate::ALWAYS, 5).await, ("charged".to_owned(), true));
    // Charged first, and then there was none in stock.
    assert_eq!(
        word(Rate::ALWAYS, 0).await,
        ("charged and given back".to_owned(), true)
    );
    let (declined, _) = word(Rate::NEVER, 5).await;
    assert_eq!(declined, "payment declined");
}

#[tokio::test]
async fn metrics_are_charts_of_every_part_for_any_span() {
    let site = Site::open().await;
    let id = site.shop.place("PROD-001", 1).await.unwrap();
    site.shop.ended(id).await.unwrap();
    // The execution's end is counted after its commit.
    site.shop.settled().await.unwrap();
    let mut visitor = site.operator().await;
    for span in ["", "?span=1d", "?span=14d", "?span=1y", "?span=nonsense"] {
        let page = visitor.get(&format!("/console/metrics{span}")).await;
        assert_eq!(page.status, StatusCode::OK, "{span}");
        for part in [
            "<h3>Orders per hour</h3>",
            "<span>taken</span> <strong>1</strong>",
            "<span>taken of those tried</span> <strong>100.0 %</strong>",
            "<span>order-processing</span>",
            "<span>sent</span> <strong>1</strong>",
            "<span>succeeded</span> <strong>1</strong>",
            "As a table",
        ] {
            assert!(page.text.contains(part), "{span}: {part}: {}", page.text);
        }
    }
}

#[tokio::test]
async fn orders_are_counted_found_and_paged() {
    let site = Site::open().await;
    let mut last = None;
    for _ in 0..60 {
        let id = site.shop.place("PROD-001", 1).await.unwrap();
        site.shop.ended(id).await.unwrap();
        last = Some(id);
    }
    let mut visitor = site.operator().await;
    let page = visitor.get("/console/orders").await.text;
    assert!(page.contains("All <span class=\"count\">60</span>"), "{page}");
    assert_eq!(page.matches("<tr data-key=").count(), 50);
    let (_, rest) = page.split_once("rel=\"next\" href=\"").unwrap();
    let next = rest.split_once('"').unwrap().0.replace("&amp;", "&");
    let second = visitor.get(&next).await.text;
    assert_eq!(second.matches("<tr data-key=").count(), 10);
    // Counts go on from where they were.
    site.shop
        .ended(site.shop.place("PROD-001", 1).await.unwrap())
        .await
        .unwrap();
    let page = visitor.get("/console/orders").await.text;
    assert!(page.contains("All <span class=\"count\">61</span>"));
    let id = last.unwrap();
    let found = visitor.get(&format!("/console/search?q={id}")).await;
    assert!(found.location().starts_with("/console/orders/"));
    let found = visitor
        .get("/console/orders?customer=CUST-002&status=FAILED")
        .await
        .text;
    assert!(found.contains("No order is like that"));
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let site = Site::open().await;
    let mut visitor = site.operator().await;
    for (path, status) in [
        (
            "/console/orders/01a2042a-7347-7000-8067-267b8081be8f",
            StatusCode::NOT_FOUND,
        ),
        ("/console/orders/x", StatusCode::NOT_FOUND),
        ("/console/executions/x", StatusCode::NOT_FOUND),
        ("/console/executions?status=GONE", StatusCode::CONFLICT),
        ("/console/queues/x", StatusCode::NOT_FOUND),
        (
            "/console/queues/OrderProcessingDLQ/messages/7",
            StatusCode::NOT_FOUND,
        ),
        ("/console/products/x", StatusCode::NOT_FOUND),
        ("/console/keys/x/revoke", StatusCode::NOT_FOUND),
        ("/console/deliveries/x", StatusCode::NOT_FOUND),
        ("/console/nothing", StatusCode::BAD_REQUEST),
        ("/console/orders?after=x", StatusCode::BAD_REQUEST),
    ] {
        assert_eq!(visitor.get(path).await.status, status, "{path}");
    }
}
