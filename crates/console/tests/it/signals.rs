//! What is recorded of the system, as the console shows it: metrics, alarms and traces of a real observer.

use std::time::Duration;

use connectors::{Rate, SimulatedSettings};
use domain::Timestamp;
use embedded::time::ManualTime;
use http::StatusCode;
use ports::clock::Clock;
use ports::trace::{
    Name, Service, ServiceKind, SpanData, SpanDetail, SpanId, SpanKind, SpanOutcome, SpanSink, TraceId,
};
use testkit::ShopOptions;

use crate::browser::Site;

const TRACE: &str = "6b0363c065f331ecdeccfdcad754b549";
const EVIL: &str = "<script>alert(1)</script>";

/// A span of [`TRACE`] that began so many microseconds after 2027 did.
fn span(id: u64, parent: Option<u64>, name: &str, began_us: i64, took_us: i64) -> SpanData {
    let started_us = 1_798_761_600_000_000 + began_us;
    SpanData {
        trace: TraceId::parse(TRACE).unwrap(),
        id: SpanId::new(id),
        parent: parent.map(SpanId::new),
        service: Service::new("orders-api", ServiceKind::Api),
        caller: None,
        name: Name::of(name),
        kind: SpanKind::Server,
        started_us,
        ended_us: started_us + took_us,
        outcome: SpanOutcome::Ok,
        order: None,
        detail: None,
    }
}

#[tokio::test]
async fn a_trace_is_listed_and_drawn_and_what_it_says_is_only_text() {
    let site = Site::open().await;
    let failed = SpanData {
        outcome: SpanOutcome::Fault,
        detail: Some(Box::new(SpanDetail {
            error: Some(EVIL.to_owned()),
            attributes: vec![("http.route", EVIL.to_owned())],
        })),
        ..span(2, Some(1), "Charge", 500, 250)
    };
    site.observer
        .accept(&[span(1, None, "POST /orders", 0, 1_000), failed]);
    let mut visitor = site.operator().await;
    let list = visitor.get("/console/traces?only=failed").await.text;
    assert!(
        list.contains("POST /orders") && list.contains("FAULT") && list.contains(TRACE),
        "{list}"
    );
    assert!(
        visitor
            .get("/console/traces?only=slow")
            .await
            .text
            .contains("No trace is kept")
    );
    let page = visitor.get(&format!("/console/traces/{TRACE}")).await.text;
    // The second one begins in the middle and takes a quarter of the whole.
    assert!(page.contains(r#"x="50.00%" width="25.00%""#), "{page}");
    assert!(!page.contains(EVIL) && page.matches("&lt;script&gt;").count() == 2);
    let none = visitor
        .get("/console/traces/00000000000000000000000000000001")
        .await;
    assert_eq!(none.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_alarm_that_rings_stands_first_with_its_history() {
    let time = ManualTime::at(Timestamp::from_ms(1_800_000_000_000));
    // Every payment succeeds, so each order fails once: on its stock. A declined payment is no error of a function.
    let payments = SimulatedSettings {
        success_rate: Rate::ALWAYS,
        ..SimulatedSettings::default()
    };
    let site = Site::open_with(&ShopOptions {
        time: Some(time.clone()),
        payments,
        ..ShopOptions::default()
    })
    .await;
    site.shop.stock("EMPTY", 0).await.unwrap();
    for _ in 0..11 {
        let id = site.shop.place("EMPTY", 1).await.unwrap();
        site.shop.ended(id).await.unwrap();
    }
    // The minute after which it is judged, and one more that changes nothing.
    for _ in 0..2 {
        time.advance(Duration::from_secs(60));
        site.observer.caught_up(site.shop.engine.time().now()).await;
    }
    let mut visitor = site.operator().await;
    let page = visitor.get("/console/alarms").await.text;
    let (_, first) = page.split_once("class=\"card alarm").unwrap();
    let (first, _) = first.split_once("</section>").unwrap();
    assert!(
        first.starts_with(" rings\"") && first.contains("OrderProcessingErrorAlarm"),
        "{first}"
    );
    // The 11 failures have a bar that breaches.
    assert!(
        first.contains("class=\"breach\"") && first.contains("· 11</title>"),
        "{first}"
    );
    let overview = visitor.get("/console").await.text;
    assert!(overview.contains("alarm rings") || overview.contains("alarms ring"));
}
