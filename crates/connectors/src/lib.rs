//! What is reached outside: payment gateways, and later mail, SMS and webhooks.

pub mod simulated;

pub use simulated::{
    FailureKind, FailureWeights, FailuresError, Rate, RateError, SimulatedGateway, SimulatedSettings,
    VariableError,
};
