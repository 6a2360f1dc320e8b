//! `/console/keys/new`: the form, the question, and making the key, whose secret is shown this once.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use maud::{Markup, html};
use ports::access::{ApiKey, CreateKeyError, QuotaPeriod, Role, UsagePlan};

use crate::access::{Form, Visitor};
use crate::console::{Console, Engine};
use crate::error::PageError;
use crate::query::Fields;
use crate::view::{self, Confirm, Section, copyable, count, icon};

const PATH: &str = "/console/keys/new";
/// The longest name in characters, and the largest rate and quota, as over HTTP.
const MAX_NAME_CHARS: usize = 128;
const MAX_RATE: u64 = 1_000_000;
const MAX_QUOTA: u64 = 1_000_000_000_000;

const FIELDS: [&str; 6] = ["name", "role", "rate", "burst", "quota", "period"];

pub(crate) async fn new(visitor: Visitor) -> Response {
    form_page(&visitor, &Fields::default(), None)
}

pub(crate) async fn create<E: Engine>(
    State(console): State<Arc<Console<E>>>,
    visitor: Visitor,
    Form(form): Form,
) -> Result<Response, PageError> {
    let wanted = match Wanted::read(&form) {
        Ok(wanted) => wanted,
        Err(problem) => return Ok(form_page(&visitor, &form, Some(&problem))),
    };
    if form.raw("confirmed") != Some("yes") {
        return Ok(ask(&visitor, &form, &wanted));
    }
    let made = console
        .engine
        .create_key(wanted.name, wanted.role, wanted.plan)
        .await;
    match made {
        Ok((key, secret)) => {
            tracing::info!(event_type = "console_key_created", key = %key.key_id, by = %visitor.session.key_id);
            Ok(show_secret(&visitor, &key, &secret))
        }
        Err(CreateKeyError::NameTaken(name)) => {
            let problem = format!("There is a key named {name} already.");
            Ok(form_page(&visitor, &form, Some(&problem)))
        }
        Err(CreateKeyError::Store(error)) => Err(error.into()),
    }
}

/// The key that the form asks for.
#[derive(Debug, PartialEq)]
struct Wanted {
    name: String,
    role: Role,
    /// `None`: the template's plan.
    plan: Option<UsagePlan>,
}

impl Wanted {
    fn read(form: &Fields) -> Result<Self, String> {
        let name = form.text("name").unwrap_or_default();
        let letters = name.chars().count();
        if letters == 0 || letters > MAX_NAME_CHARS || name.chars().any(char::is_control) {
            return Err(format!("A name has 1 to {MAX_NAME_CHARS} characters."));
        }
        let role = match form.text("role") {
            Some("admin") => Role::Admin,
            Some("client") | None => Role::Client,
            Some(_) => return Err("A role is client or admin.".to_owned()),
        };
        let rate = read_number(form, "rate", "Requests a second", MAX_RATE)?;
        let burst = read_number(form, "burst", "Burst", MAX_RATE)?;
        let quota = read_number(form, "quota", "Quota", MAX_QUOTA)?;
        if burst.is_some() && rate.is_none() {
            return Err("A burst says nothing without requests a second.".to_owned());
        }
        let plan = UsagePlan {
            rate_per_s: rate.and_then(|rate| u32::try_from(rate).ok()),
            burst: burst.and_then(|burst| u32::try_from(burst).ok()),
            quota,
            period: match form.text("period") {
                Some("DAY") => QuotaPeriod::Day,
                Some("WEEK") => QuotaPeriod::Week,
                Some("MONTH") | None => QuotaPeriod::Month,
                Some(_) => return Err("A period is a day, a week or a month.".to_owned()),
            },
        };
        let is_own = rate.is_some() || burst.is_some() || quota.is_some();
        Ok(Self {
            name: name.to_owned(),
            role,
            plan: is_own.then_some(plan),
        })
    }
}

fn read_number(form: &Fields, field: &str, name: &str, most: u64) -> Result<Option<u64>, String> {
    let Some(text) = form.text(field) else {
        return Ok(None);
    };
    let number = text.parse().ok().filter(|number| (1..=most).contains(number));
    let wrong = || format!("{name} is a whole number from 1 to {}.", count(most));
    number.map(Some).ok_or_else(wrong)
}

fn ask(visitor: &Visitor, form: &Fields, wanted: &Wanted) -> Response {
    let fields: Vec<_> = FIELDS
        .iter()
        .filter_map(|field| Some((*field, form.text(field)?)))
        .collect();
    let confirm = Confirm {
        section: Section::Keys,
        question: "Make this key?",
        text: html! {
            p { "The key " strong { (wanted.name) } " " @match wanted.role {
                Role::Admin => "opens everything, this console too.",
                Role::Client => "may place and read orders.",
            } " Its secret is shown once, right after." }
            @match &wanted.plan {
                None => p { "It gets the plan of the template." },
                Some(plan) => p { "Its plan: " (plan_words(plan)) "." },
            }
        },
        action: PATH,
        fields: &fields,
        extra: html! {},
        button: "Make the key",
        is_dangerous: false,
        back: PATH,
    };
    confirm.page(visitor)
}

fn plan_words(plan: &UsagePlan) -> String {
    let rate = plan.rate_per_s.map_or("no rate".to_owned(), |rate| {
        format!("{} requests a second", count(rate.into()))
    });
    let burst = plan.burst.map_or(String::new(), |burst| {
        format!(", {} at once", count(burst.into()))
    });
    let period = match plan.period {
        QuotaPeriod::Day => "day",
        QuotaPeriod::Week => "week",
        QuotaPeriod::Month => "month",
    };
    let quota = plan.quota.map_or(", no quota".to_owned(), |quota| {
        format!(", {} a {period}", count(quota))
    });
    format!("{rate}{burst}{quota}")
}

fn show_secret(visitor: &Visitor, key: &ApiKey, secret: &str) -> Response {
    let content = html! {
        header.page-head {
            div { p.crumbs { a href="/console/keys" { "API keys" } } h1 { "Key " (key.name) } }
        }
        section.card.narrow data-keep="" {
            p.notice { (icon::check()) span { "The key is made. Its secret is shown this once: keep it now." } }
            p.secret { (copyable(secret)) }
            p.help { "Send it as " code { "x-api-key" } " with each request." }
            p { a.button href="/console/keys" { "I have kept it" } }
        }
    };
    view::page(visitor, Section::Keys, "New key", &content)
}

fn form_page(visitor: &Visitor, form: &Fields, problem: Option<&str>) -> Response {
    let number = |name: &str, label: &str, help: &str| -> Markup {
        html! {
            div.field {
                label for=(name) { (label) }
                input id=(name) name=(name) inputmode="numeric" autocomplete="off" value=[form.text(name)]
                    aria-describedby={ (name) "-help" };
                p.help id={ (name) "-help" } { (help) }
            }
        }
    };
    let option = |name: &str, value: &str, label: &str| -> Markup {
        html! { option value=(value) selected[form.text(name) == Some(value)] { (label) } }
    };
    let content = html! {
        header.page-head {
            div { p.crumbs { a href="/console/keys" { "API keys" } } h1 { "New key" } }
        }
        form.card.stack.narrow method="post" action=(PATH) data-ask="" {
            input type="hidden" name="token" value=(visitor.session.token);
            @if let Some(problem) = problem { p.notice.bad role="alert" { (icon::warning()) span { (problem) } } }
            div.field {
                label for="name" { "Name" }
                input id="name" name="name" required maxlength=(MAX_NAME_CHARS) autocomplete="off" value=[form.text("name")]
                    aria-describedby="name-help";
                p.help id="name-help" { "Who or what uses it, such as shop" }
            }
            div.field {
                label for="role" { "Role" }
                select id="role" name="role" { (option("role", "client", "Client: places and reads orders")) (option("role", "admin", "Admin: everything")) }
            }
            div.pair {
                (number("rate", "Requests a second", "Empty: as the plan says"))
                (number("burst", "Burst", "Requests at once"))
            }
            div.pair {
                (number("quota", "Quota", "Requests a period"))
                div.field {
                    label for="period" { "Period" }
                    select id="period" name="period" {
                        (option("period", "MONTH", "Month")) (option("period", "WEEK", "Week")) (option("period", "DAY", "Day"))
                    }
                }
            }
            p.help { "Without any of these four the key gets the template's usage plan." }
            div.buttons {
                button.primary type="submit" { "Look at it" }
                a.button href="/console/keys" { "Leave it" }
            }
        }
    };
    view::page(visitor, Section::Keys, "New key", &content)
}

#[cfg(test)]
mod tests {
    use ports::access::{QuotaPeriod, Role, UsagePlan};

    use super::Wanted;
    use crate::query::Fields;

    fn read(form: &str) -> Result<Wanted, String> {
        Wanted::read(&Fields::parse(form.as_bytes()))
    }

    #[test]
    fn without_figures_a_key_has_the_templates_plan() {
        let wanted = read("name=shop&role=client&rate=&burst=&quota=&period=MONTH").unwrap();
        assert_eq!((wanted.role, wanted.plan), (Role::Client, None));
    }

    #[test]
    fn figures_make_a_plan_of_its_own() {
        let wanted = read("name=shop&role=admin&rate=10&burst=20&quota=500&period=DAY").unwrap();
        let plan = UsagePlan {
            rate_per_s: Some(10),
            burst: Some(20),
            quota: Some(500),
            period: QuotaPeriod::Day,
        };
        assert_eq!((wanted.role, wanted.plan), (Role::Admin, Some(plan)));
    }

    #[test]
    fn what_makes_no_key_is_refused() {
        for bad in [
            "",
            "name=a&rate=0",
            "name=a&rate=x",
            "name=a&burst=5",
            "name=a&role=king",
            "name=a&quota=1&period=AGE",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
