//! Putting the gateway together.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::Router;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::Method;
use ports::trace::ServiceKind;
use tokio::sync::Semaphore;
use tower::Service;

use crate::config::{ConfigError, GatewayConfig};
use crate::cors::CorsHeaders;
use crate::edge::{Edge, Gateway, OwnOriginOnly, options_answer};
use crate::parts::{Engine, Parts};
use crate::problem::{Code, Problem};
use crate::routes::RouteTable;
use crate::throttle::Throttles;
use crate::{admin, own};

/// The gateway as a router, ready to be served or driven in process.
///
/// A route whose path the gateway serves itself, such as `/health`, goes to no function here: on AWS, where there is no
/// gateway of ours, a function answers it.
///
/// # Errors
/// [`ConfigError`] names the first thing in `config` that can't be served.
pub fn router<E: Engine>(config: GatewayConfig, mut parts: Parts<E>) -> Result<Router, ConfigError> {
    let functions_routes = config.routes.into_iter().filter(|route| !own::serves(route));
    let table = RouteTable::new(functions_routes.collect(), &parts.functions)?;
    let cors = CorsHeaders::new(&config.cors)?;
    let more_routes = std::mem::take(&mut parts.more_routes);
    let gateway = Arc::new(Gateway {
        parts,
        limits: config.limits,
        service: ports::trace::Service::new(&config.api, ServiceKind::Api),
        stage: config.stage,
        access_log: config.access_log,
        table,
        cors,
        throttles: Throttles::default(),
        in_flight: Semaphore::new(config.limits.max_in_flight),
        large_bodies: Semaphore::new(config.limits.max_large_bodies),
        event_streams: Arc::new(Semaphore::new(config.limits.max_event_streams)),
    });
    let own = own::routes()
        .nest("/admin", admin::routes(&gateway))
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .with_state(Arc::clone(&gateway))
        .merge(more_routes.layer(axum::middleware::map_response(own_origin_only)));
    let edge = Arc::new(Edge { gateway, own });
    Ok(Router::new().fallback_service(EdgeService(edge)))
}

/// The edge as a service of its own: what axum does for a handler function costs a request more than its route here.
struct EdgeService<E>(Arc<Edge<E>>);

impl<E> Clone for EdgeService<E> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<E: Engine> Service<Request> for EdgeService<E> {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let edge = Arc::clone(&self.0);
        Box::pin(async move { Ok(edge.handle(request).await) })
    }
}

async fn own_origin_only(mut response: Response) -> Response {
    response.extensions_mut().insert(OwnOriginOnly);
    response
}

async fn not_found() -> Problem {
    Problem::new(
        Code::NotFound,
        "There is nothing at this path; /openapi.json lists all there is.",
    )
}

/// The router itself adds `Allow` to what this returns.
async fn method_not_allowed(method: Method) -> Response {
    if method == Method::OPTIONS {
        return options_answer(None);
    }
    Problem::method_not_allowed(None).into_response()
}
