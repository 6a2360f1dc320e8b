//! The crate's tests, from outside: templates in, systems and faults out.

mod built_in;
mod faults;
mod filters;
mod intrinsics;
mod never_panics;
mod reading;
mod support;
