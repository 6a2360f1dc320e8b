//! SAM template to a typed description of the system.
