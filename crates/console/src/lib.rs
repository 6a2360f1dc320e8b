//! The web console, mounted at `/console`: what goes on in the system and what an operator can do about it, as pages that
//! the server renders.
//!
//! Everything is in the binary: one style sheet, one script, nothing loaded from anywhere. Without the script all pages
//! are read and all forms work; with it pages follow what is written (the server tells by server-sent events that there
//! is news, and the page fetches itself anew) and confirmations open in a dialog.
//!
//! Pages read through the ports and know no engine. They are for people who hold the admin key: `access` signs them in,
//! checks every form's token and sets the headers that keep a page from being anything else than meant.

mod access;
mod assets;
mod console;
mod error;
mod live;
mod pages;
mod query;
mod routes;
mod view;

pub use console::{Engine, Parts};
pub use routes::routes;
