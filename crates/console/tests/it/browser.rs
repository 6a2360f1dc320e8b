//! A visitor without a browser: keeps cookies, follows forms, reads pages as text.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use embedded::Observer;
use http::header::{CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};
use http::{HeaderMap, Method, Request, StatusCode};
use ordermill_console::Parts;
use ports::access::{ApiKeys, QuotaPeriod, Role, UsagePlan};
use ports::metrics::MetricSource;
use ports::observability::Observatory;
use telemetry::Logging;
use tempfile::TempDir;
use testkit::{Shop, ShopOptions};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

const UNLIMITED: UsagePlan = UsagePlan {
    rate_per_s: None,
    burst: None,
    quota: None,
    period: QuotaPeriod::Month,
};

/// A shop with its console, watched.
pub struct Site {
    pub shop: Shop,
    pub observer: Observer,
    pub admin_key: String,
    pub router: Router,
    _dir: TempDir,
}

impl Site {
    /// A shop at work.
    pub async fn open() -> Self {
        Self::open_with(&ShopOptions::default()).await
    }

    /// A shop at work with these options.
    pub async fn open_with(options: &ShopOptions) -> Self {
        let site = Self::idle(options).await;
        site.shop.start(options).await.unwrap();
        site
    }

    /// A shop that doesn't work yet.
    pub async fn idle(options: &ShopOptions) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let shop = Shop::open_idle(dir.path(), options).await.unwrap();
        let (_, admin_key) = shop
            .engine
            .create_key("admin".into(), Role::Admin, Some(UNLIMITED))
            .await
            .unwrap();
        let observer =
            Observer::open(&shop.engine, Arc::clone(&shop.metrics) as Arc<dyn MetricSource>).unwrap();
        drop(observer.start());
        let observatory = Observatory {
            traces: Arc::new(observer.clone()),
            logs: Arc::new(Logging::default()),
            metrics: Arc::new(observer.clone()),
            alarms: Arc::new(observer.clone()),
        };
        let router = ordermill_console::routes(Parts {
            engine: Arc::new(shop.engine.clone()),
            observatory: Some(observatory),
            clock: Arc::new(shop.engine.time().clone()),
            shutdown: CancellationToken::new(),
        });
        Self {
            shop,
            observer,
            admin_key,
            router,
            _dir: dir,
        }
    }

    /// Somebody who has not signed in.
    pub fn stranger(&self) -> Visitor {
        Visitor {
            router: self.router.clone(),
            cookies: Vec::new(),
            peer: SocketAddr::from(([127, 0, 0, 1], 5000)),
        }
    }

    /// Somebody who has.
    pub async fn operator(&self) -> Visitor {
        let mut visitor = self.stranger();
        let answer = visitor.sign_in(&self.admin_key).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER);
        visitor
    }
}

/// Somebody with cookies.
#[derive(Clone)]
pub struct Visitor {
    router: Router,
    pub cookies: Vec<(String, String)>,
    pub peer: SocketAddr,
}

/// What came back.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn location(&self) -> &str {
        self.headers[LOCATION].to_str().unwrap()
    }

    /// The token of the first form that has `action`, or of any.
    pub fn token(&self) -> String {
        let (_, rest) = self.text.rsplit_once("name=\"token\" value=\"").unwrap();
        rest.split_once('"').unwrap().0.to_owned()
    }
}

impl Visitor {
    pub async fn get(&mut self, path: &str) -> Answer {
        self.send(Method::GET, path, String::new(), &[]).await
    }

    /// Sends a form, with the token of the page at `form_page`.
    pub async fn submit(&mut self, form_page: &str, action: &str, fields: &[(&str, &str)]) -> Answer {
        let token = self.get(form_page).await.token();
        let mut all = vec![("token", token.as_str())];
        all.extend_from_slice(fields);
        self.post(action, &all, &[]).await
    }

    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)], headers: &[(&str, &str)]) -> Answer {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(fields);
        self.send(Method::POST, path, form.finish(), headers).await
    }

    pub async fn sign_in(&mut self, key: &str) -> Answer {
        self.submit("/console/login", "/console/login", &[("key", key)])
            .await
    }

    async fn send(&mut self, method: Method, path: &str, body: String, headers: &[(&str, &str)]) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        let cookies: Vec<String> = self.cookies.iter().map(|(n, v)| format!("{n}={v}")).collect();
        if !cookies.is_empty() {
            request = request.header(COOKIE, cookies.join("; "));
        }
        if !body.is_empty() {
            request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut request = request.body(Body::from(body)).unwrap();
        request.extensions_mut().insert(ConnectInfo(self.peer));
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        for cookie in parts.headers.get_all(SET_COOKIE) {
            self.keep(cookie.to_str().unwrap());
        }
        let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        Answer {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }

    fn keep(&mut self, cookie: &str) {
        let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
        self.cookies.retain(|(other, _)| other != name);
        if !cookie.contains("Max-Age=0") {
            self.cookies.push((name.to_owned(), value.to_owned()));
        }
    }
}
