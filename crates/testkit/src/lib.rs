//! Fault injection and simulation.
