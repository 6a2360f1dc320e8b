//! The edge: every request passes here on its way in, every answer on its way out.
//!
//! In: ids, bounds, route, key, throttle, quota, body, function. Out: problems written, ids and CORS headers set, the
//! request counted. Business calls go straight through; everything else goes to the gateway's own routes.

use std::pin::pin;
use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use http::header::{ALLOW, CONTENT_LENGTH};
use http::{HeaderValue, Method, StatusCode, Uri};
use ports::access::ApiKey;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tower::Service;

use crate::access;
use crate::access_log::Call;
use crate::body::read_json_text;
use crate::config::Limits;
use crate::cors::CorsHeaders;
use crate::event::{self, Surroundings};
use crate::events;
use crate::ids::RequestIds;
use crate::invoke::{invoke, overloaded};
use crate::parts::{Engine, Parts};
use crate::problem::{Code, Problem};
use crate::rate_limit::RateLimit;
use crate::routes::{BoundRoute, Found, RouteTable};
use crate::throttle::Throttles;
use crate::traced::Traced;

/// What all requests share.
pub(crate) struct Gateway<E> {
    pub parts: Parts<E>,
    pub limits: Limits,
    pub stage: String,
    /// Whether business calls are noted in the log.
    pub access_log: bool,
    /// The interface in the service map.
    pub service: ports::trace::Service,
    pub table: RouteTable,
    pub cors: CorsHeaders,
    pub throttles: Throttles,
    pub in_flight: Semaphore,
    pub large_bodies: Semaphore,
    pub event_streams: Arc<Semaphore>,
}

/// The gateway with its own routes.
pub(crate) struct Edge<E> {
    pub gateway: Arc<Gateway<E>>,
    pub own: Router,
}

impl<E: Engine> Edge<E> {
    /// Answers a request.
    pub(crate) async fn handle(&self, request: Request) -> Response {
        let gateway = &*self.gateway;
        let ids = RequestIds::of_request(
            request.headers(),
            gateway.parts.clock.now(),
            rand::random(),
            &*gateway.parts.recorder,
        );
        let origin = gateway.cors.allowed_origin(request.headers());
        // The URI outlives the request's parts, which the function's event takes over.
        let uri = request.uri().clone();
        let outcome = match too_long(&request, gateway.limits.max_head_bytes) {
            Some(problem) => Err(problem),
            None => self.route(&uri, request, &ids).await,
        };
        let mut response = match outcome {
            Ok(response) => written(response, uri.path(), &ids),
            Err(problem) => problem.render(uri.path(), &ids),
        };
        let is_for_any_origin = response.extensions().get::<OwnOriginOnly>().is_none();
        let headers = response.headers_mut();
        ids.write_to(headers);
        if is_for_any_origin {
            origin.write_to(headers);
        }
        response
    }

    async fn route(&self, uri: &Uri, request: Request, ids: &RequestIds) -> Result<Response, Problem> {
        match self.gateway.table.find(uri.path()) {
            Some(found) => self.gateway.business(&found, request, ids).await,
            None => {
                let mut own = self.own.clone();
                match own.call(request).await {
                    Ok(mut response) => {
                        if is_preflight(&response) {
                            self.gateway.cors.write_preflight(response.headers_mut());
                        }
                        Ok(response)
                    }
                    Err(never) => match never {},
                }
            }
        }
    }
}

/// Marks an answer that pages of other origins never read, whatever the template lets them read of the interface: the
/// console's, which comes with a session instead of a key.
#[derive(Clone, Copy)]
pub(crate) struct OwnOriginOnly;

/// Marks the answer to `OPTIONS`, to which the edge adds CORS' part.
#[derive(Clone, Copy)]
pub(crate) struct Preflight;

fn is_preflight(response: &Response) -> bool {
    response.extensions().get::<Preflight>().is_some()
}

/// The answer to `OPTIONS`, which needs no key.
pub(crate) fn options_answer(allow: Option<HeaderValue>) -> Response {
    let mut response = Response::new(Body::empty());
    // API Gateway answers so (docs/aws.md).
    *response.status_mut() = StatusCode::OK;
    response.extensions_mut().insert(Preflight);
    if let Some(allow) = allow {
        response.headers_mut().insert(ALLOW, allow);
    }
    response
}

impl<E: Engine> Gateway<E> {
    async fn business(
        &self,
        found: &Found<'_>,
        request: Request,
        ids: &RequestIds,
    ) -> Result<Response, Problem> {
        let started = Instant::now();
        let Some(route) = found.resource.route(request.method()) else {
            let allow = Some(found.resource.allow());
            if request.method() != Method::OPTIONS {
                return Err(Problem::method_not_allowed(allow));
            }
            let mut response = options_answer(allow);
            self.cors.write_preflight(response.headers_mut());
            return Ok(response);
        };
        let traced = Traced::begin(&self.parts.recorder, self.service, ids);
        let (method, uri) = (request.method().clone(), request.uri().clone());
        let call = Call {
            method: &method,
            uri: &uri,
            started,
            key: OnceLock::new(),
        };
        let answered = async {
            let outcome = self.admitted(found, route, request, ids, &call).await;
            if self.access_log {
                call.note(&outcome);
            }
            outcome
        };
        let outcome = traced.scope().run(pin!(answered)).await;
        self.count(route, &outcome, started);
        traced.end(route, ids, status_of(&outcome));
        outcome
    }

    /// A call that can't be served now costs as little as can be: nothing of it is read, checked or counted.
    fn require_room(&self) -> Result<(), Problem> {
        if self.in_flight.available_permits() == 0 {
            return Err(overloaded());
        }
        Ok(())
    }

    /// Checks the key, then serves the call; the key's limits go on the answer either way.
    async fn admitted(
        &self,
        found: &Found<'_>,
        route: &BoundRoute,
        request: Request,
        ids: &RequestIds,
        call: &Call<'_>,
    ) -> Result<Response, Problem> {
        self.require_room()?;
        let (key, limits) = self.admit(route, &request, ids, call)?;
        let mut outcome = self.serve(found, route, request, key.as_deref(), ids).await;
        match &mut outcome {
            Ok(response) => limits.write_to(response.headers_mut()),
            Err(problem) => limits.write_to(problem.headers_mut()),
        }
        outcome
    }

    fn admit(
        &self,
        route: &BoundRoute,
        request: &Request,
        ids: &RequestIds,
        call: &Call<'_>,
    ) -> Result<(Option<Arc<ApiKey>>, RateLimit), Problem> {
        if !route.api_key_required && !route.admin {
            return Ok((None, RateLimit::default()));
        }
        let engine = &*self.parts.engine;
        let key = access::authenticate(engine, request.headers())?;
        call.key.get_or_init(|| Arc::clone(&key));
        if route.admin {
            access::require_admin(&key)?;
        }
        let limits = access::meter(engine, &self.throttles, &key, ids.received_at())?;
        Ok((Some(key), limits))
    }

    async fn serve(
        &self,
        found: &Found<'_>,
        route: &BoundRoute,
        request: Request,
        key: Option<&ApiKey>,
        ids: &RequestIds,
    ) -> Result<Response, Problem> {
        if events::is_stream_request(route, request.headers()) {
            return events::open_stream(self, request.uri(), request.headers());
        }
        let path_parameters = found.path_parameters().map_err(|_| {
            let detail = "The path is not UTF-8 once its percent signs are decoded.";
            Problem::new(Code::BadRequest, detail)
        })?;
        let (parts, body) = request.into_parts();
        let body = read_json_text(&parts.headers, body, &self.limits, &self.large_bodies).await?;
        let around = Surroundings {
            route,
            path_parameters,
            key,
            ids,
            stage: &self.stage,
        };
        let event = event::proxy_event(parts, body, around)?;
        invoke(route, event, ids, &self.in_flight).await
    }

    /// API Gateway's metrics of one call.
    fn count(&self, route: &BoundRoute, outcome: &Result<Response, Problem>, started: Instant) {
        let status = status_of(outcome);
        let dimensions = [
            ("ApiName", self.service.name.as_str()),
            ("Stage", self.stage.as_str()),
            ("Resource", route.resource.as_str()),
            ("Method", route.method.as_str()),
        ];
        let metrics = &*self.parts.metrics;
        metrics.count("Count", &dimensions, 1);
        if status.is_client_error() {
            metrics.count("4XXError", &dimensions, 1);
        } else if status.is_server_error() {
            metrics.count("5XXError", &dimensions, 1);
        }
        metrics.observe("Latency", &dimensions, started.elapsed().as_secs_f64() * 1000.0);
    }
}

pub(crate) fn status_of(outcome: &Result<Response, Problem>) -> StatusCode {
    match outcome {
        Ok(response) => response.status(),
        Err(problem) => problem.status(),
    }
}

/// A handler of our own may have answered with a problem.
fn written(mut response: Response, path: &str, ids: &RequestIds) -> Response {
    let Some(problem) = response.extensions_mut().remove::<Problem>() else {
        return response;
    };
    // What the router added, such as Allow, stays.
    let mut headers = std::mem::take(response.headers_mut());
    headers.remove(CONTENT_LENGTH);
    let mut response = problem.render(path, ids);
    for (name, value) in &headers {
        response.headers_mut().insert(name, value.clone());
    }
    response
}

fn too_long(request: &Request, max: usize) -> Option<Problem> {
    let uri = request.uri();
    let target = uri.path().len() + uri.query().map_or(0, |query| query.len() + 1);
    let headers: usize = request
        .headers()
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum();
    (target + headers > max).then(|| {
        Problem::new(
            Code::HeadersTooLarge,
            format!("Path, query and headers together hold at most {max} bytes."),
        )
    })
}
