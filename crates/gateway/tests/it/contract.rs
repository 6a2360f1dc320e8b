//! `openapi.json` and the router, held together: what is described is served, what is served is described, and every
//! answer in these tests fits its description.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use gateway::undescribed_routes;
use http::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, Gateway, route};

/// The routes of the real system.
const ROUTES: [(&str, &str); 9] = [
    ("POST", "/orders"),
    ("GET", "/orders"),
    ("GET", "/orders/{orderId}"),
    ("GET", "/orders/{orderId}/timeline"),
    ("POST", "/orders/{orderId}/cancel"),
    ("GET", "/products"),
    ("GET", "/products/{productId}"),
    ("PUT", "/products/{productId}"),
    ("GET", "/events"),
];

fn document() -> &'static Value {
    static DOCUMENT: OnceLock<Value> = OnceLock::new();
    DOCUMENT.get_or_init(|| serde_json::from_str(include_str!("../../openapi.json")).unwrap())
}

fn object(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().unwrap().iter()
}

/// Every operation: method, path, description.
fn operations() -> impl Iterator<Item = (String, &'static str, &'static Value)> {
    object(&document()["paths"]).flat_map(|(path, methods)| {
        object(methods).map(|(method, described)| (method.to_uppercase(), path.as_str(), described))
    })
}

fn resolve(value: &'static Value) -> &'static Value {
    match value.get("$ref") {
        Some(reference) => document().pointer(&reference.as_str().unwrap()[1..]).unwrap(),
        None => value,
    }
}

/// Fails when `value` doesn't fit `schema`, or has a field that the schema doesn't name.
fn check_schema(schema: &Value, value: &Value, context: &str) {
    let mut root = json!({ "components": closed(document()["components"].clone()) });
    let schema = closed(schema.clone());
    root.as_object_mut()
        .unwrap()
        .extend(schema.as_object().unwrap().clone());
    let validator = jsonschema::draft202012::options().build(&root).unwrap();
    let faults: Vec<String> = validator
        .iter_errors(value)
        .map(|e| format!("{}: {e}", e.instance_path()))
        .collect();
    assert!(faults.is_empty(), "{context}: {faults:#?}\n{value}");
}

/// The schema with every object that names its fields closed to others. Clients must bear new fields, so the document
/// itself leaves answers open; here a field that nobody described is a fault.
fn closed(mut schema: Value) -> Value {
    match &mut schema {
        Value::Object(members) => {
            for member in members.values_mut() {
                *member = closed(member.take());
            }
            if members.get("properties").is_some_and(Value::is_object) && members.contains_key("type") {
                members.entry("additionalProperties").or_insert(json!(false));
            }
        }
        Value::Array(elements) => elements
            .iter_mut()
            .for_each(|element| *element = closed(element.take())),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    schema
}

/// Whether `path` is of the form `/a/{b}`.
fn matches(template: &str, path: &str) -> bool {
    let (template, path): (Vec<_>, Vec<_>) = (template.split('/').collect(), path.split('/').collect());
    template.len() == path.len()
        && template
            .iter()
            .zip(path)
            .all(|(part, given)| part.starts_with('{') || *part == given)
}

/// Checks an answer of a call that the document describes; others pass. Tests' own functions answer business calls, so
/// of these only problems are checked.
pub fn check_answer(method: &Method, path: &str, answer: &Answer) {
    let mut candidates: Vec<_> = operations()
        .filter(|(described, template, _)| described == method.as_str() && matches(template, path))
        .collect();
    candidates.sort_by_key(|(_, template, _)| template.matches('{').count());
    let Some((_, template, operation)) = candidates.first() else {
        return;
    };
    let business = ROUTES.contains(&(method.as_str(), template));
    if business && !answer.status.is_client_error() && !answer.status.is_server_error() {
        return;
    }
    let context = format!("{method} {template} {}", answer.status);
    let described = operation["responses"].get(answer.status.as_str());
    let described = resolve(described.unwrap_or_else(|| panic!("{context} is not described")));
    for (name, _) in object(&described["headers"]) {
        let optional = name.starts_with("RateLimit");
        assert!(
            optional || answer.headers.contains_key(name),
            "{context} lacks {name}"
        );
    }
    let Some(content) = described.get("content") else {
        assert_eq!(answer.body, "", "{context}");
        return;
    };
    let media_type = answer.header("content-type").unwrap();
    let content = content
        .get(media_type)
        .unwrap_or_else(|| panic!("{context} as {media_type} is not described"));
    if media_type.contains("json") {
        check_schema(&content["schema"], &answer.json(), &context);
    }
}

#[test]
fn every_route_is_described() {
    let mut routes: Vec<_> = ROUTES
        .iter()
        .map(|(method, path)| route(method.parse().unwrap(), path, "f"))
        .collect();
    assert_eq!(undescribed_routes(&routes), Vec::<String>::new());
    routes.push(route(Method::PATCH, "/orders", "f"));
    routes.push(route(Method::GET, "/refunds", "f"));
    assert_eq!(undescribed_routes(&routes), ["PATCH /orders", "GET /refunds"]);
}

#[tokio::test]
async fn what_is_described_is_served() {
    for (method, template, _) in operations() {
        if ROUTES.contains(&(&method, template)) {
            continue;
        }
        let name = if template.starts_with("/admin/keys") {
            "client"
        } else {
            "e-1"
        };
        let path = template
            .replace("{code}", "throttled")
            .replace("{queue}", "orders-dlq")
            .replace("{name}", name);
        let call = format!("{method} {path}\nkey: admin");
        let answer = Gateway::new().send(&call).await;
        // Nobody observes this gateway; that its calls for observers answer is tested on the real server.
        let unwatched = answer.body.contains("Nothing is watched here.");
        // A call that asks for something is there when it says what it lacks.
        let served = answer.status.is_success() || answer.status == 400 || unwatched;
        assert!(served, "{method} {path}: {}", answer.body);
    }
}

#[tokio::test]
async fn the_served_document_is_this_one() {
    let answer = Gateway::new().send("GET /openapi.json").await;
    assert_eq!(&answer.json(), document());
}

#[test]
fn references_lead_somewhere_and_everything_is_referred_to() {
    fn gather(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(members) => {
                for (name, member) in members {
                    match member {
                        Value::String(reference) if name == "$ref" => {
                            found.insert(reference.clone());
                        }
                        _ => gather(member, found),
                    }
                }
            }
            Value::Array(elements) => elements.iter().for_each(|element| gather(element, found)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    let mut referred = BTreeSet::new();
    gather(document(), &mut referred);
    let mut defined = BTreeSet::new();
    for (kind, members) in object(&document()["components"]) {
        if kind != "securitySchemes" {
            defined.extend(object(members).map(|(name, _)| format!("#/components/{kind}/{name}")));
        }
    }
    // The header Allow goes with 405, which belongs to no operation.
    defined.remove("#/components/headers/Allow");
    assert_eq!(referred, defined);
}

#[test]
fn operations_are_complete() {
    let mut ids = BTreeSet::new();
    for (method, path, operation) in operations() {
        let context = format!("{method} {path}");
        let id = operation["operationId"].as_str().unwrap();
        assert!(ids.insert(id.to_owned()), "{context}");
        assert!(!operation["summary"].as_str().unwrap().is_empty(), "{context}");
        let secured = operation["security"].as_array().unwrap();
        assert_eq!(secured.is_empty(), operation["tags"][0] == "Server", "{context}");
        let statuses: Vec<&str> = object(&operation["responses"])
            .map(|(status, _)| status.as_str())
            .collect();
        assert!(statuses.iter().any(|status| status.starts_with('2')), "{context}");
        assert!(statuses.contains(&"431"), "{context}");
        assert_eq!(statuses.contains(&"403"), !secured.is_empty(), "{context}");
        let described = operation.get("parameters").and_then(Value::as_array);
        let names: BTreeSet<&str> = described
            .into_iter()
            .flatten()
            .map(|parameter| resolve(parameter))
            .filter(|parameter| parameter["in"] == "path")
            .map(|parameter| parameter["name"].as_str().unwrap())
            .collect();
        let in_path: BTreeSet<&str> = path
            .split('/')
            .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
            .collect();
        assert_eq!(names, in_path, "{context}");
    }
    let tags = document()["tags"].as_array().unwrap();
    let listed: Vec<String> = tags
        .iter()
        .flat_map(|tag| tag["x-operations"].as_array().unwrap())
        .map(|id| id.as_str().unwrap().to_owned())
        .collect();
    assert_eq!(listed.len(), ids.len());
    assert_eq!(listed.into_iter().collect::<BTreeSet<_>>(), ids);
}

#[test]
fn examples_fit_their_schemas() {
    let mut checked = 0;
    let mut check = |content: &'static Value, context: &str| {
        for (media_type, content) in object(content) {
            if let Some(example) = content.get("example") {
                check_schema(&content["schema"], example, &format!("{context} as {media_type}"));
                checked += 1;
            }
        }
    };
    for (method, path, operation) in operations() {
        if let Some(body) = operation.get("requestBody") {
            check(&body["content"], &format!("{method} {path}"));
        }
        for (status, response) in object(&operation["responses"]) {
            if let Some(content) = resolve(response).get("content") {
                check(content, &format!("{method} {path} {status}"));
            }
        }
        for parameter in operation
            .get("parameters")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            if let Some(example) = resolve(parameter).get("example") {
                check_schema(
                    &resolve(parameter)["schema"],
                    example,
                    &format!("{method} {path} {parameter}"),
                );
            }
        }
    }
    assert!(checked > 100, "{checked}");
}

/// The code of every problem that the document shows has its page.
#[tokio::test]
async fn problems_in_the_document_have_pages() {
    let gateway = Gateway::new();
    for (name, response) in object(&document()["components"]["responses"]) {
        let example = &response["content"]["application/problem+json"]["example"];
        let page = gateway
            .send(&format!("GET {}", example["type"].as_str().unwrap()))
            .await;
        assert_eq!(page.status, 200, "{name}");
        assert!(
            page.body.contains(&format!("HTTP {}", example["status"])),
            "{name}"
        );
    }
}
