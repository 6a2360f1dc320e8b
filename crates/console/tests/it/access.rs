//! Who gets in, with what, and what every answer carries.

use embedded::time::Time;
use http::StatusCode;
use http::header::{CACHE_CONTROL, RETRY_AFTER, SET_COOKIE};
use ports::access::{ApiKeys, Role};

use crate::browser::Site;

#[tokio::test]
async fn a_stranger_is_led_to_the_sign_in_form_and_back() {
    let site = Site::open().await;
    let mut visitor = site.stranger();
    let answer = visitor.get("/console/orders?status=FAILED").await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert_eq!(
        answer.location(),
        "/console/login?next=%2Fconsole%2Forders%3Fstatus%3DFAILED"
    );
    let form = visitor
        .get("/console/login?next=/console/orders?status=FAILED")
        .await;
    assert!(
        form.text
            .contains(r#"name="next" value="/console/orders?status=FAILED""#)
    );
    for path in ["/console/live", "/console/orders/x/cancel"] {
        let answer = visitor.get(path).await;
        assert!(answer.status == StatusCode::UNAUTHORIZED || answer.status == StatusCode::SEE_OTHER);
    }
}

#[tokio::test]
async fn only_an_admin_key_opens_the_console() {
    let site = Site::open().await;
    let (_, client_key) = site
        .shop
        .engine
        .create_key("shop".into(), Role::Client, None)
        .await
        .unwrap();
    let mut visitor = site.stranger();
    for key in ["", "wrong", &client_key] {
        assert_eq!(visitor.sign_in(key).await.status, StatusCode::FORBIDDEN, "{key}");
    }
    assert_eq!(visitor.get("/console").await.status, StatusCode::SEE_OTHER);
    assert_eq!(
        visitor.sign_in(&site.admin_key).await.status,
        StatusCode::SEE_OTHER
    );
    assert_eq!(visitor.get("/console").await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_cookie_is_for_the_console_alone() {
    let site = Site::open().await;
    let answer = site.stranger().sign_in(&site.admin_key).await;
    let cookie = answer.headers[SET_COOKIE].to_str().unwrap();
    for attribute in ["HttpOnly", "SameSite=Strict", "Path=/console"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    assert!(!cookie.contains(&site.admin_key));
}

#[tokio::test]
async fn whoever_guesses_is_made_to_wait() {
    let site = Site::open().await;
    let mut visitor = site.stranger();
    for _ in 0..5 {
        assert_eq!(visitor.sign_in("guess").await.status, StatusCode::FORBIDDEN);
    }
    // Even with the right key, and others are not held up.
    let answer = visitor.sign_in(&site.admin_key).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(answer.headers.contains_key(RETRY_AFTER));
    let mut other = site.stranger();
    other.peer.set_ip([127, 0, 0, 2].into());
    assert_eq!(other.sign_in(&site.admin_key).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn signing_out_ends_the_session_wherever_its_cookie_is() {
    let site = Site::open().await;
    let mut visitor = site.operator().await;
    let mut copy = visitor.clone();
    let answer = visitor.submit("/console", "/console/logout", &[]).await;
    assert_eq!(answer.location(), "/console/login");
    assert_eq!(copy.get("/console").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_revoked_key_ends_its_sessions() {
    let site = Site::open().await;
    let mut visitor = site.operator().await;
    let engine = &site.shop.engine;
    engine
        .create_key("second".into(), Role::Admin, None)
        .await
        .unwrap();
    engine.revoke_key("admin".into()).await.unwrap();
    assert_eq!(visitor.get("/console").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_form_without_its_token_or_from_elsewhere_does_nothing() {
    let site = Site::open().await;
    let mut visitor = site.operator().await;
    let token = visitor.get("/console/keys/new").await.token();
    let fields = [("name", "evil"), ("confirmed", "yes")];
    let with_token = [("name", "evil"), ("confirmed", "yes"), ("token", token.as_str())];
    let wrong = [("name", "evil"), ("confirmed", "yes"), ("token", "0")];
    let foreign = ("sec-fetch-site", "cross-site");
    for (fields, headers) in [
        (&fields[..], &[][..]),
        (&wrong[..], &[][..]),
        (&with_token[..], &[foreign][..]),
    ] {
        let answer = visitor.post("/console/keys/new", fields, headers).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
    }
    assert_eq!(site.shop.engine.list_keys().await.unwrap().len(), 1);
    // The token of one session is nothing in another.
    let mut other = site.operator().await;
    let answer = other.post("/console/keys/new", &with_token, &[]).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    let answer = visitor.post("/console/keys/new", &with_token, &[]).await;
    assert_eq!(answer.status, StatusCode::OK);
}

#[tokio::test]
async fn every_answer_is_fenced_in() {
    let site = Site::open().await;
    let mut visitor = site.operator().await;
    for path in [
        "/console",
        "/console/nothing",
        "/console/orders?status=x",
        "/console/login",
    ] {
        let answer = visitor.get(path).await;
        let policy = answer.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"));
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(answer.headers["x-frame-options"], "DENY", "{path}");
        assert_eq!(answer.headers["x-content-type-options"], "nosniff");
        assert_eq!(answer.headers[CACHE_CONTROL], "no-store");
        for inline in ["<style", " style=", "onclick", "<script>", "javascript:"] {
            assert!(!answer.text.contains(inline), "{path} has {inline}");
        }
    }
}

#[tokio::test]
async fn files_may_be_kept_for_good_and_need_no_session() {
    let site = Site::open().await;
    let mut visitor = site.stranger();
    let page = visitor.get("/console/login").await.text;
    let (_, rest) = page.split_once("stylesheet\" href=\"").unwrap();
    let answer = visitor.get(rest.split_once('"').unwrap().0).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(
        answer.headers[CACHE_CONTROL]
            .to_str()
            .unwrap()
            .contains("immutable")
    );
    for none in ["/console/assets/console.css", "/console/assets/../../etc/passwd"] {
        assert!(visitor.get(none).await.status.is_client_error(), "{none}");
    }
}

#[tokio::test]
async fn a_session_is_over_after_two_idle_hours() {
    let site = Site::open().await;
    let mut visitor = site.operator().await;
    let Time::Manual(clock) = site.shop.engine.time().clone() else {
        panic!("the shop's clock is a test's");
    };
    assert_eq!(visitor.get("/console").await.status, StatusCode::OK);
    clock.advance(std::time::Duration::from_secs(2 * 3600));
    assert_eq!(visitor.get("/console").await.status, StatusCode::SEE_OTHER);
}
