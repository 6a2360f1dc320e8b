//! HTTP: API Gateway's counterpart on one machine.
//!
//! It checks keys, usage plans, sizes and media types, gives each request its ids, and calls the function that the
//! configuration names, with the same proxy event that AWS sends. It knows no business rule: what an order is, only
//! the functions know. Beside the business calls it serves its own: health, metrics, documentation, the live change
//! feed, and `/admin` for operators.
//!
//! [`router()`] makes all of it a router that can be driven in process; [`serve()`] puts that on a socket, with bounds on
//! what a slow or hostile client can hold.

mod access;
mod access_log;
mod admin;
mod body;
mod config;
mod cors;
mod edge;
mod event;
mod events;
mod ids;
mod invoke;
mod openapi;
mod own;
mod parts;
mod problem;
mod rate_limit;
mod reply;
mod router;
mod routes;
mod serve;
mod throttle;
mod traced;
mod write_deadline;

pub use config::{ConfigError, Cors, GatewayConfig, Limits, Route};
pub use openapi::undescribed_routes;
pub use parts::{Engine, Parts, Readiness};
pub use router::router;
pub use serve::{serve, serve_connection};
