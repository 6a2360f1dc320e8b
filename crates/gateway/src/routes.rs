//! Which business call a request is: the table of routes, made once at start.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderValue, Method};
use percent_encoding::percent_decode_str;
use ports::function::Handler;
use ports::trace::Name;

use crate::config::{ConfigError, Route};
use crate::traced::span_name;

/// A business call with the function that answers it.
pub(crate) struct BoundRoute {
    pub method: Method,
    pub otherwise: bool,
    /// The path as the template writes it: what a function knows as its resource.
    pub resource: String,
    pub function: String,
    /// What its spans are called.
    pub name: Name,
    pub handler: Arc<dyn Handler>,
    pub api_key_required: bool,
    pub admin: bool,
    pub timeout: Duration,
}

/// One path with its methods.
pub(crate) struct Resource {
    routes: Vec<BoundRoute>,
    allow: HeaderValue,
}

impl Resource {
    /// The route of this method. `HEAD` is `GET` without the body.
    pub(crate) fn route(&self, method: &Method) -> Option<&BoundRoute> {
        let wanted = if method == Method::HEAD {
            &Method::GET
        } else {
            method
        };
        let of_method = |route: &&BoundRoute| !route.otherwise && route.method == *wanted;
        let otherwise = |route: &&BoundRoute| route.otherwise && method != Method::OPTIONS;
        let mut routes = self.routes.iter();
        routes.clone().find(of_method).or_else(|| routes.find(otherwise))
    }

    /// What `Allow` says.
    pub(crate) fn allow(&self) -> HeaderValue {
        self.allow.clone()
    }
}

/// A path that matched.
pub(crate) struct Found<'a> {
    pub resource: &'a Resource,
    params: matchit::Params<'a, 'a>,
}

/// A parameter of the path is not UTF-8 once its percent signs are decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BadPathParameter;

impl Found<'_> {
    /// The path's parameters, decoded.
    pub(crate) fn path_parameters(&self) -> Result<HashMap<String, String>, BadPathParameter> {
        self.params
            .iter()
            .map(|(name, value)| {
                let value = percent_decode_str(value)
                    .decode_utf8()
                    .map_err(|_| BadPathParameter)?;
                Ok((name.to_owned(), value.into_owned()))
            })
            .collect()
    }
}

/// All business calls.
pub(crate) struct RouteTable(matchit::Router<Resource>);

impl RouteTable {
    /// Binds every route to its function.
    pub(crate) fn new(
        routes: Vec<Route>,
        functions: &HashMap<String, Arc<dyn Handler>>,
    ) -> Result<Self, ConfigError> {
        let mut by_path: Vec<(String, Vec<BoundRoute>)> = Vec::new();
        for route in routes {
            let bound = bind(route, functions)?;
            match by_path.iter_mut().find(|(path, _)| *path == bound.resource) {
                None => by_path.push((bound.resource.clone(), vec![bound])),
                Some((_, others)) if !others.iter().any(|other| same_method(other, &bound)) => {
                    others.push(bound);
                }
                Some((path, _)) => {
                    return Err(ConfigError::DuplicateRoute {
                        method: bound.method,
                        path: path.clone(),
                    });
                }
            }
        }
        let mut table = matchit::Router::new();
        for (path, routes) in by_path {
            let bad_path = |reason: String| ConfigError::BadPath {
                path: path.clone(),
                reason,
            };
            let allow = allow_header(&routes).map_err(|e| bad_path(e.to_string()))?;
            table
                .insert(matchit_pattern(&path), Resource { routes, allow })
                .map_err(|e| bad_path(e.to_string()))?;
        }
        Ok(Self(table))
    }

    /// The resource at this path.
    pub(crate) fn find<'a>(&'a self, path: &'a str) -> Option<Found<'a>> {
        let found = self.0.at(path).ok()?;
        Some(Found {
            resource: found.value,
            params: found.params,
        })
    }
}

fn same_method(one: &BoundRoute, other: &BoundRoute) -> bool {
    match (one.otherwise, other.otherwise) {
        (false, false) => one.method == other.method,
        (true, true) => true,
        (true, false) | (false, true) => false,
    }
}

fn bind(route: Route, functions: &HashMap<String, Arc<dyn Handler>>) -> Result<BoundRoute, ConfigError> {
    let Some(handler) = functions.get(&route.function) else {
        return Err(ConfigError::UnknownFunction {
            method: route.method,
            path: route.path,
            function: route.function,
        });
    };
    Ok(BoundRoute {
        name: span_name(&route.method, &route.path),
        handler: Arc::clone(handler),
        method: route.method,
        otherwise: route.otherwise,
        resource: route.path,
        function: route.function,
        api_key_required: route.api_key_required,
        admin: route.admin,
        timeout: route.timeout,
    })
}

/// API Gateway writes `{proxy+}` for what matchit writes `{*proxy}`.
fn matchit_pattern(path: &str) -> String {
    path.split('/')
        .map(
            |segment| match segment.strip_prefix('{').and_then(|rest| rest.strip_suffix("+}")) {
                Some(name) => format!("{{*{name}}}"),
                None => segment.to_owned(),
            },
        )
        .collect::<Vec<_>>()
        .join("/")
}

fn allow_header(routes: &[BoundRoute]) -> Result<HeaderValue, http::header::InvalidHeaderValue> {
    let mut methods: Vec<&str> = routes
        .iter()
        .filter(|route| !route.otherwise)
        .map(|route| route.method.as_str())
        .collect();
    if methods.contains(&"GET") {
        methods.push("HEAD");
    }
    methods.push("OPTIONS");
    methods.sort_unstable();
    methods.dedup();
    HeaderValue::try_from(methods.join(", "))
}
