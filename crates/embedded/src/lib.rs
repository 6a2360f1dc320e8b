//! The single-machine engine on SQLite.
