//! The crate's tests, from outside: templates in, systems and faults out.

mod built_in;
mod faults;
#[cfg(test)]
mod filters;
mod intrinsics;
mod never_panics;
mod reading;
#[cfg(test)]
mod support;
