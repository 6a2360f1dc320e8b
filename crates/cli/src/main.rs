//! The binary `ordermill`.
fn main() {}
