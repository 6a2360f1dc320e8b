//! From the template's interface to the gateway's configuration.

use std::time::Duration;

use gateway::{Cors, GatewayConfig, Limits, Route};
use template::{Access, Method, System};

/// How much longer than its function the gateway waits, so that the function's own time-out is what is told.
const TIMEOUT_MARGIN: Duration = Duration::from_secs(1);

/// The gateway's configuration for the system.
pub fn config(system: &System) -> GatewayConfig {
    let api = system.apis.first();
    let routes = system.routes().map(|(function, route)| Route {
        method: method(route.method),
        otherwise: route.method == Method::Any,
        path: route.path.to_string(),
        function: function.name.clone(),
        api_key_required: route.access != Access::Open,
        admin: route.access == Access::Operator,
        timeout: function.timeout.as_duration() + TIMEOUT_MARGIN,
    });
    GatewayConfig {
        api: api.map(|api| api.name.clone()).unwrap_or_default(),
        stage: api.map(|api| api.stage.clone()).unwrap_or_default(),
        routes: routes.collect(),
        cors: api.map(cors).unwrap_or_default(),
        limits: Limits::default(),
        access_log: api.is_some_and(|api| api.access_log_group.is_some()),
    }
}

/// What browsers of other origins may do. Without a word in the template, nothing.
fn cors(api: &template::Api) -> Cors {
    let none = Cors {
        allow_origins: Vec::new(),
        ..Cors::default()
    };
    api.cors.as_ref().map_or(none, |cors| {
        let default = Cors::default();
        let or_default =
            |list: &[String], default: Vec<String>| if list.is_empty() { default } else { list.to_vec() };
        Cors {
            allow_origins: vec![cors.allow_origin.clone()],
            allow_methods: or_default(&cors.allow_methods, default.allow_methods),
            allow_headers: or_default(&cors.allow_headers, default.allow_headers),
            max_age: cors
                .max_age
                .map_or(default.max_age, template::Seconds::as_duration),
        }
    })
}

/// The method; for `ANY` it is not looked at.
fn method(method: Method) -> http::Method {
    match method {
        Method::Any | Method::Get => http::Method::GET,
        Method::Delete => http::Method::DELETE,
        Method::Head => http::Method::HEAD,
        Method::Options => http::Method::OPTIONS,
        Method::Patch => http::Method::PATCH,
        Method::Post => http::Method::POST,
        Method::Put => http::Method::PUT,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_of_the_template_is_described_in_the_openapi_document() {
        let (system, _) = System::built_in().unwrap();
        assert_eq!(
            gateway::undescribed_routes(&config(&system).routes),
            Vec::<String>::new()
        );
    }
}
