//! From the template's interface to the gateway's configuration.

use std::time::Duration;

use gateway::{Cors, GatewayConfig, Limits, Route};
use template::{Access, Method, System};

/// How much longer than its function the gateway waits, so that the function's own time-out is what is told.
const TIMEOUT_MARGIN: Duration = Duration::from_secs(1);

/// The gateway's configuration for the system.
pub fn config(system: &System) -> GatewayConfig {
    let api = system.apis.first();
    let routes = system.routes().flat_map(|(function, route)| {
        methods(route.method).into_iter().map(move |method| Route {
            method,
            path: route.path.to_string(),
            function: function.name.clone(),
            api_key_required: route.access != Access::Open,
            admin: route.access == Access::Operator,
            timeout: function.timeout.as_duration() + TIMEOUT_MARGIN,
        })
    });
    GatewayConfig {
        api: api.map(|api| api.name.clone()).unwrap_or_default(),
        stage: api.map(|api| api.stage.clone()).unwrap_or_default(),
        routes: routes.collect(),
        cors: api.map(cors).unwrap_or_default(),
        limits: Limits::default(),
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

fn methods(method: Method) -> Vec<http::Method> {
    match method {
        Method::Any => vec![
            http::Method::GET,
            http::Method::POST,
            http::Method::PUT,
            http::Method::DELETE,
            http::Method::PATCH,
        ],
        Method::Delete => vec![http::Method::DELETE],
        Method::Get => vec![http::Method::GET],
        Method::Head => vec![http::Method::HEAD],
        Method::Options => vec![http::Method::OPTIONS],
        Method::Patch => vec![http::Method::PATCH],
        Method::Post => vec![http::Method::POST],
        Method::Put => vec![http::Method::PUT],
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
