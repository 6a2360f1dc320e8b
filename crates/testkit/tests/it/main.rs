//! What must hold for the whole shop, whatever fails: every step failed once and repeated once, and the process killed
//! at each commit of an order's way.

mod crashes;
mod payments;
mod settings;
mod steps;
mod support;
