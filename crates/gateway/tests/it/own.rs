//! The calls that need no key.

use http::StatusCode;

use crate::harness::{Gateway, Setup};

#[tokio::test]
async fn health_and_readiness() {
    let gateway = Gateway::with(Setup {
        ready: Err("The database is being recovered.".to_owned()),
        ..Setup::default()
    });
    let health = gateway.send("GET /health").await;
    assert_eq!(
        (health.status, health.body.as_str()),
        (StatusCode::OK, "{\"status\":\"ok\"}")
    );
    let starting = gateway.send("GET /ready").await;
    assert_eq!(starting.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(starting.json()["detail"], "The database is being recovered.");

    let gateway = Gateway::new();
    let ready = gateway.send("GET /ready").await;
    assert_eq!(
        (ready.status, ready.body.as_str()),
        (StatusCode::OK, "{\"status\":\"ready\"}")
    );
    gateway.shutdown.cancel();
    assert_eq!(
        gateway.send("GET /ready").await.status,
        StatusCode::SERVICE_UNAVAILABLE
    );
    assert_eq!(gateway.send("GET /health").await.status, StatusCode::OK);
}

#[tokio::test]
async fn metrics_are_prometheus_text() {
    let answer = Gateway::new().send("GET /metrics").await;
    assert_eq!(
        answer.header("content-type"),
        Some("text/plain; version=0.0.4; charset=utf-8")
    );
    assert_eq!(answer.body, "orders_created_total 1\n");
}

#[tokio::test]
async fn the_documentation_names_every_call_and_loads_nothing() {
    let gateway = Gateway::new();
    let page = gateway.send("GET /docs").await;
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'"), "{policy}");
    for (path, methods) in gateway.send("GET /openapi.json").await.json()["paths"]
        .as_object()
        .unwrap()
    {
        assert!(
            page.body.contains(&format!("<span class=\"path\">{path}</span>")),
            "{path}"
        );
        for operation in methods.as_object().unwrap().values() {
            let anchor = format!("id=\"{}\"", operation["operationId"].as_str().unwrap());
            assert!(page.body.contains(&anchor), "{anchor}");
        }
    }
    for link in page
        .body
        .split("href=\"#")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
    {
        assert!(
            link.is_empty() || page.body.contains(&format!("id=\"{link}\"")),
            "#{link} leads nowhere"
        );
    }
    for outside in ["src=", "url(", "<script", "<link", "@import"] {
        assert!(!page.body.contains(outside), "{outside}");
    }
}

#[tokio::test]
async fn every_kind_of_problem_has_a_page() {
    let gateway = Gateway::new();
    let list = gateway.send("GET /docs/errors").await;
    let links: Vec<&str> = list
        .body
        .split("href=\"/docs/errors/")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect();
    assert!(links.len() > 20, "{links:?}");
    for code in links {
        let page = gateway.send(&format!("GET /docs/errors/{code}")).await;
        assert!(page.body.contains("<h2>What to do</h2>"), "{code}");
    }
    assert_eq!(
        gateway.send("GET /docs/errors/none").await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        gateway.send("GET /docs/errors/%3Cscript%3E").await.status,
        StatusCode::NOT_FOUND
    );
}
