//! Which page is where.

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};

use crate::access::{guard, log_out, show_login, sign_in};
use crate::console::{Console, Engine, Parts};
use crate::error::PageError;
use crate::pages::{
    alarms, deliveries, executions, keys, logs, metrics, orders, overview, products, queues, traces,
};
use crate::{assets, live};

/// The console's routes, all below `/console`.
pub fn routes<E: Engine>(parts: Parts<E>) -> Router {
    let console = Arc::new(Console::new(parts));
    let pages = Router::new()
        .route("/console", get(overview::show::<E>))
        .route("/console/", get(overview::show::<E>))
        .route("/console/live", get(live::follow::<E>))
        .route("/console/login", get(show_login).post(sign_in::<E>))
        .route("/console/logout", post(log_out::<E>))
        .route("/console/assets/{name}", get(assets::get_asset))
        .route("/console/{*rest}", get(nothing_here).post(nothing_here));
    pages
        .merge(order_routes())
        .merge(queue_routes())
        .merge(catalogue_routes())
        .merge(signal_routes())
        .layer(from_fn_with_state(Arc::clone(&console), guard::<E>))
        .with_state(console)
}

fn order_routes<E: Engine>() -> Router<Arc<Console<E>>> {
    Router::new()
        .route("/console/search", get(orders::search))
        .route("/console/orders", get(orders::list::<E>))
        .route("/console/orders/{id}", get(orders::show::<E>))
        .route(
            "/console/orders/{id}/cancel",
            get(orders::ask_to_cancel::<E>).post(orders::cancel::<E>),
        )
        .route("/console/executions", get(executions::list::<E>))
        .route("/console/executions/{name}", get(executions::show::<E>))
        .route(
            "/console/executions/{name}/redrive",
            get(executions::ask_to_redrive::<E>).post(executions::redrive::<E>),
        )
}

fn queue_routes<E: Engine>() -> Router<Arc<Console<E>>> {
    Router::new()
        .route("/console/queues", get(queues::list::<E>))
        .route("/console/queues/{queue}", get(queues::show::<E>))
        .route(
            "/console/queues/{queue}/redrive",
            get(queues::ask_to_redrive::<E>).post(queues::redrive::<E>),
        )
        .route(
            "/console/queues/{queue}/purge",
            get(queues::ask_to_purge::<E>).post(queues::purge::<E>),
        )
        .route(
            "/console/queues/{queue}/messages/{message}",
            get(queues::show_message::<E>),
        )
        .route(
            "/console/queues/{queue}/messages/{message}/edit",
            get(queues::edit::<E>).post(queues::replace::<E>),
        )
        .route("/console/deliveries", get(deliveries::list::<E>))
        .route("/console/deliveries/{subscription}", get(deliveries::show::<E>))
}

fn catalogue_routes<E: Engine>() -> Router<Arc<Console<E>>> {
    Router::new()
        .route("/console/products", get(products::list::<E>))
        .route(
            "/console/products/new",
            get(products::new).post(products::create::<E>),
        )
        .route(
            "/console/products/{id}",
            get(products::edit::<E>).post(products::put::<E>),
        )
        .route("/console/keys", get(keys::list::<E>))
        .route("/console/keys/new", get(keys::new).post(keys::create::<E>))
        .route(
            "/console/keys/{id}/revoke",
            get(keys::ask_to_revoke::<E>).post(keys::revoke::<E>),
        )
}

fn signal_routes<E: Engine>() -> Router<Arc<Console<E>>> {
    Router::new()
        .route("/console/metrics", get(metrics::show::<E>))
        .route("/console/traces", get(traces::list::<E>))
        .route("/console/traces/{id}", get(traces::show::<E>))
        .route("/console/logs", get(logs::list::<E>))
        .route(
            "/console/logs/filter",
            get(logs::edit_filter::<E>).post(logs::set_filter::<E>),
        )
        .route("/console/alarms", get(alarms::list::<E>))
}

async fn nothing_here() -> PageError {
    PageError::Invalid("There is no such page in the console.".to_owned())
}
