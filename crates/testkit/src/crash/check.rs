//! What must hold, looked at from outside: by HTTP, and in the database, read only.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use serde_json::Value;

use super::CrashError;
use super::http::{Http, NoAnswer};
use super::load::{Book, SHELVES};
use crate::Audit;

/// What must hold at any moment: everything answered 201 is there, and nobody was charged twice.
pub(super) fn after_a_kill(data: &Path, book: &Book) -> Result<Vec<String>, CrashError> {
    let audit = Audit::open(data)?;
    let violations = audit.violations_under_way(&book.placed)?;
    Ok(violations.iter().map(ToString::to_string).collect())
}

/// What must hold once all has come to rest.
pub(super) fn books(data: &Path, book: &Book) -> Result<Vec<String>, CrashError> {
    let audit = Audit::open(data)?;
    let found = audit.violations(&book.placed, &SHELVES)?;
    let mut violations: Vec<String> = found.iter().map(ToString::to_string).collect();
    let orders = audit.orders_by_customer()?;
    for (customer, id) in &book.keyed {
        let count = orders.get(customer).copied().unwrap_or(0);
        if count != 1 {
            violations.push(format!(
                "{customer} asked for one order, by a key, and has {count}: {id} and others"
            ));
        }
    }
    for (customer, count) in orders.iter().filter(|(_, count)| **count > 1) {
        violations.push(format!(
            "{customer} has {count} orders, and never asked twice without a key"
        ));
    }
    violations.extend(book.wrong.iter().cloned());
    Ok(violations)
}

/// What is still to be done, in words; `None` when nothing is.
pub(super) fn still_open(admin: &Http, url: &str) -> Result<Option<String>, CrashError> {
    let executions = get(admin, &format!("{url}/admin/status"))?["openExecutions"].clone();
    let queues = get(admin, &format!("{url}/admin/queues"))?;
    let messages: u64 = list(&queues, "queues")
        .filter(|queue| queue["isDeadLetterQueue"] != true)
        .map(|queue| count(&queue["visible"]) + count(&queue["inFlight"]))
        .sum();
    let subscriptions = get(admin, &format!("{url}/admin/subscriptions"))?;
    let deliveries: u64 = list(&subscriptions, "subscriptions")
        .map(|subscription| count(&subscription["pending"]))
        .sum();
    let open = count(&executions) + messages + deliveries;
    Ok((open > 0).then(|| format!("{executions} executions, {messages} messages, {deliveries} deliveries")))
}

/// Reads every order that was answered 201, and counts how they ended.
pub(super) fn by_http(
    admin: &Http,
    url: &str,
    book: &Book,
    ended: &mut BTreeMap<String, u64>,
) -> Result<Vec<String>, CrashError> {
    let dead = dead_orders(admin, url)?;
    let mut violations = Vec::new();
    for id in &book.placed {
        let answer = admin
            .get(&format!("{url}/orders/{id}"))
            .map_err(|NoAnswer| no_answer())?;
        let status = answer.body["status"].as_str().unwrap_or_default();
        let end = match status {
            _ if answer.status != 200 => {
                violations.push(format!(
                    "order {id} was answered 201, and is now {}",
                    answer.status
                ));
                continue;
            }
            "COMPLETED" | "FAILED" | "CANCELLED" => status,
            _ if !answer.body["attention"].is_null() => {
                &format!("needs attention: {}", answer.body["attention"])
            }
            _ if dead.contains(&id.to_string()) => "dead letter",
            _ => {
                violations.push(format!(
                    "order {id} is {status}, and nothing is being done about it"
                ));
                continue;
            }
        };
        *ended.entry(end.to_owned()).or_default() += 1;
    }
    Ok(violations)
}

/// The orders whose messages are dead letters.
fn dead_orders(admin: &Http, url: &str) -> Result<HashSet<String>, CrashError> {
    let queues = get(admin, &format!("{url}/admin/queues"))?;
    let mut orders = HashSet::new();
    for queue in list(&queues, "queues").filter(|queue| queue["isDeadLetterQueue"] == true) {
        let name = queue["name"].as_str().unwrap_or_default();
        let messages = get(admin, &format!("{url}/admin/queues/{name}/messages?limit=1000"))?;
        for message in list(&messages, "messages") {
            let body: Value =
                serde_json::from_str(message["body"].as_str().unwrap_or_default()).unwrap_or_default();
            orders.extend(body["orderId"].as_str().map(str::to_owned));
        }
    }
    Ok(orders)
}

fn get(admin: &Http, url: &str) -> Result<Value, CrashError> {
    let answer = admin.get(url).map_err(|NoAnswer| no_answer())?;
    if answer.status == 200 {
        Ok(answer.body)
    } else {
        Err(CrashError::Call(format!(
            "{url} answers {}: {}",
            answer.status, answer.body
        )))
    }
}

fn no_answer() -> CrashError {
    CrashError::Call("the server does not answer".to_owned())
}

fn list<'v>(value: &'v Value, name: &str) -> impl Iterator<Item = &'v Value> {
    value[name].as_array().into_iter().flatten()
}

fn count(value: &Value) -> u64 {
    value.as_u64().unwrap_or(0)
}
