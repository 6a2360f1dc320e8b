//! `GET /docs/errors/{code}`: what a problem's `type` leads to, and what to do about it.
//!
//! The pages are the files of `docs/errors/`, so the repository, the server and the documentation say the same.

use axum::extract::Path;
use axum::response::Response;
use maud::html;

use super::page::{answer, markdown, page};
use crate::problem::{Code, Problem};

macro_rules! pages {
    ($($code:literal),* $(,)?) => {
        [$(($code, include_str!(concat!("../../../../docs/errors/", $code, ".md")))),*]
    };
}

/// Every page by its code. A test holds this list and the directory together.
const PAGES: [(&str, &str); 21] = pages![
    "bad-request",
    "body-too-large",
    "conflict",
    "forbidden",
    "function-failed",
    "headers-too-large",
    "idempotency-in-flight",
    "idempotency-key-reused",
    "method-not-allowed",
    "not-found",
    "order-ended",
    "overloaded",
    "quota-exceeded",
    "request-timeout",
    "store-failed",
    "store-full",
    "throttled",
    "timeout",
    "unauthorized-admin",
    "unsupported-media-type",
    "validation",
];

pub(crate) async fn list_error_pages() -> Response {
    let content = html! {
        main.narrow {
            p { a href="/docs" { "HTTP interface" } }
            h1 { "Problems" }
            p { "Each is the last part of a problem document's " code { "type" } "." }
            table {
                @for (code, text) in PAGES {
                    tr {
                        td { a href={ "/docs/errors/" (code) } { (code) } }
                        td { (markdown(lead(text))) }
                    }
                }
            }
        }
    };
    answer(page("Problems", &content).into_string())
}

pub(crate) async fn get_error_page(Path(code): Path<String>) -> Result<Response, Problem> {
    let Some((code, text)) = PAGES.iter().find(|(known, _)| *known == code) else {
        let detail = "There is no such page; /docs/errors lists those there are.";
        return Err(Problem::new(Code::NotFound, detail));
    };
    let content = html! {
        main.narrow {
            p { a href="/docs" { "HTTP interface" } " / " a href="/docs/errors" { "Problems" } }
            (markdown(text))
        }
    };
    Ok(answer(page(code, &content).into_string()))
}

/// The first paragraph under the heading.
fn lead(text: &str) -> &str {
    text.split("\n\n").nth(1).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{PAGES, lead};
    use crate::problem::Code;

    #[test]
    fn every_file_is_a_page_and_every_page_a_file() {
        let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/errors");
        let files: BTreeSet<String> = std::fs::read_dir(directory)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter_map(|name| name.strip_suffix(".md").map(str::to_owned))
            .filter(|name| name != "README")
            .collect();
        let pages: BTreeSet<String> = PAGES.iter().map(|(code, _)| (*code).to_owned()).collect();
        assert_eq!(pages, files);
    }

    #[test]
    fn every_code_has_its_page() {
        for code in Code::ALL {
            assert!(PAGES.iter().any(|(page, _)| *page == code.as_str()), "{code:?}");
        }
    }

    #[test]
    fn every_page_has_the_same_parts() {
        for (code, text) in PAGES {
            assert!(text.starts_with("# "), "{code}");
            assert!(text.contains(&format!("`{code}`")), "{code}");
            assert!(text.contains("\n## What to do\n"), "{code}");
            assert!(!lead(text).is_empty() && !lead(text).contains('\n'), "{code}");
        }
    }
}
