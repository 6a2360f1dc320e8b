//! Icons: small drawings in the colour of the text around them. They say nothing that a word beside them doesn't say.

use maud::{Markup, html};

fn stroked(path: &str) -> Markup {
    html! {
        svg.icon viewBox="0 0 16 16" width="16" height="16" fill="none" stroke="currentColor" stroke-width="1.6"
            stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false" { path d=(path) {} }
    }
}

macro_rules! icons {
    ($($(#[$doc:meta])* $name:ident = $path:literal;)*) => {
        $($(#[$doc])* pub(crate) fn $name() -> Markup { stroked($path) })*
    };
}

icons! {
    home = "M2.5 7.5 8 2.8l5.5 4.7M4 6.5v6.7h8V6.5";
    orders = "M3 2.5h10v11l-2-1.3-1.5 1.3L8 12.2l-1.5 1.3L5 12.2l-2 1.3zM5.5 5.5h5M5.5 8.5h5";
    executions = "M5.5 3.5h5v3h-5zM2.5 10h4v3h-4zM9.5 10h4v3h-4zM8 6.5V8.3M4.5 10V8.3h7V10";
    queue = "M2.5 4.5h11M2.5 8h11M2.5 11.5h7";
    products = "M8 2.2 13.3 5v6L8 13.8 2.7 11V5zM2.7 5 8 7.8 13.3 5M8 7.8v6";
    key = "M10.2 6.9a3.1 3.1 0 1 0-2.4 2.3l.9-.9h1.6V6.9M13.5 13.3h-2.2v-1.5H9.8L8 10";
    deliveries = "M2.5 4h11v8h-11zM2.5 4.5 8 9l5.5-4.5";
    logs = "M4 2.5h8v11H4zM6 5.5h4M6 8h4M6 10.5h2.5";
    bell = "M4 11V7.2a4 4 0 0 1 8 0V11l1.2 1.2H2.8zM6.8 13.8h2.4";
    chart = "M2.5 2.5v11h11M5.5 10.5v-3M8.5 10.5v-6M11.5 10.5V8";
    trace = "M2.5 4h6M5 8h6.5M8.5 12h5";
    search = "M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9zM10.3 10.3l3.2 3.2";
    warning = "M8 2.5 14 13H2zM8 6.5v3M8 11.4v.1";
    check = "M3.2 8.5 6.5 11.8 12.8 4.6";
    cross = "M4 4l8 8M12 4l-8 8";
    none = "M12.2 3.8 3.8 12.2M8 13.8A5.8 5.8 0 1 0 8 2.2a5.8 5.8 0 0 0 0 11.6z";
    circle = "M8 12.8a4.8 4.8 0 1 0 0-9.6 4.8 4.8 0 0 0 0 9.6z";
    half = "M8 12.8a4.8 4.8 0 1 0 0-9.6M8 3.2v9.6";
    clock = "M8 13.5a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11zM8 5v3l2 1.5";
    sun = "M8 10.8a2.8 2.8 0 1 0 0-5.6 2.8 2.8 0 0 0 0 5.6zM8 1.8v1M8 13.2v1M1.8 8h1M13.2 8h1M3.6 3.6l.7.7M11.7 11.7l.7.7M12.4 3.6l-.7.7M4.3 11.7l-.7.7";
    out = "M9.5 3H3.5v10h6M7 8h6.5M11 5.5 13.5 8 11 10.5";
    info = "M8 13.8A5.8 5.8 0 1 0 8 2.2a5.8 5.8 0 0 0 0 11.6zM8 7.3v3.5M8 5v.1";
    left = "M10 3.5 5.5 8l4.5 4.5";
    right = "M6 3.5 10.5 8 6 12.5";
    copy = "M5.5 5.5h7v7h-7zM3.5 10.5v-7h7";
    money = "M2.5 4.5h11v7h-11zM8 9.6a1.6 1.6 0 1 0 0-3.2 1.6 1.6 0 0 0 0 3.2z";
}

/// The mark of the product: a mill's four sails.
pub(crate) fn mark() -> Markup {
    html! {
        svg.mark viewBox="0 0 24 24" width="24" height="24" aria-hidden="true" focusable="false" {
            rect width="24" height="24" rx="6" fill="currentColor" {}
            path.sails d="M12 12 7.2 4.6h4.2zM12 12l7.4-4.8v4.2zM12 12l4.8 7.4h-4.2zM12 12l-7.4 4.8v-4.2z" {}
        }
    }
}
