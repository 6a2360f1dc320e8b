//! API keys: what each may do and used, making one, and revoking one.

mod create;
mod list;
mod revoke;

pub(crate) use create::{create, new};
pub(crate) use list::list;
pub(crate) use revoke::{ask_to_revoke, revoke};
