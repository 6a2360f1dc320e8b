//! `cargo xtask`: the checks of the project.
fn main() {}
