//! Query parameters: each known one once, everything wrong told at once.

use domain::{Fault, FaultCode};
use ports::function::aws_lambda_events::apigw::ApiGatewayProxyRequest;

use crate::problem::Problem;

/// Reads a request's query parameters and gathers what is wrong with them.
pub(super) struct Parameters<'a> {
    request: &'a ApiGatewayProxyRequest,
    faults: Vec<Fault>,
}

impl<'a> Parameters<'a> {
    /// Starts with a fault for each parameter that is not one of `known`, or there twice.
    pub(super) fn new(request: &'a ApiGatewayProxyRequest, known: &[&str]) -> Self {
        let mut parameters = Self {
            request,
            faults: Vec::new(),
        };
        let mut names: Vec<&str> = request
            .query_string_parameters
            .iter()
            .map(|(name, _)| name)
            .collect();
        names.sort_unstable();
        names.dedup();
        for name in names {
            let values = [
                &request.multi_value_query_string_parameters,
                &request.query_string_parameters,
            ]
            .map(|map| map.all(name).map_or(0, |values| values.len()));
            if !known.contains(&name) {
                let detail = match known {
                    [] => format!("unknown parameter: {name}; this call takes none"),
                    known => format!("unknown parameter: {name}; known here: {}", known.join(", ")),
                };
                parameters.fault(name, FaultCode::UnknownField, detail);
            } else if values.iter().any(|count| *count > 1) {
                let detail = format!("the parameter {name} is there twice; send it once");
                parameters.fault(name, FaultCode::DuplicateField, detail);
            }
        }
        parameters
    }

    /// The text of a parameter. An empty one is the same as none.
    pub(super) fn text(&self, name: &str) -> Option<&'a str> {
        let text = self.request.query_string_parameters.first(name);
        text.filter(|text| !text.is_empty())
    }

    /// A parameter read by `parse`, whose error says what would be right.
    pub(super) fn parsed<T, E: std::fmt::Display>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        match parse(self.text(name)?) {
            Ok(value) => Some(value),
            Err(error) => {
                self.fault(name, FaultCode::BadFormat, format!("{name}: {error}"));
                None
            }
        }
    }

    /// A whole number from 1 to `most`; `default` when there is none.
    pub(super) fn limit(&mut self, default: u32, most: u32) -> u32 {
        let Some(text) = self.text("limit") else {
            return default;
        };
        match text.parse() {
            Ok(limit) if (1..=most).contains(&limit) => limit,
            Ok(_) | Err(_) => {
                let detail = format!("limit must be a whole number from 1 to {most}");
                self.fault("limit", FaultCode::OutOfRange, detail);
                default
            }
        }
    }

    /// Checks a header of the request, if it is there. Its fault's pointer is `header:NAME`.
    pub(super) fn header(&mut self, name: &str, right: &str, is_right: impl FnOnce(&str) -> bool) {
        let Some(value) = self.request.headers.get(name) else {
            return;
        };
        if !value.to_str().is_ok_and(is_right) {
            self.faults.push(Fault {
                pointer: format!("header:{name}"),
                code: FaultCode::BadFormat,
                detail: format!("{name} must be {right}"),
            });
        }
    }

    pub(super) fn fault(&mut self, name: &str, code: FaultCode, detail: String) {
        self.faults.push(Fault {
            pointer: format!("?{name}"),
            code,
            detail,
        });
    }

    /// Fails with all faults, if there are any.
    pub(super) fn finish(self) -> Result<(), Problem> {
        if self.faults.is_empty() {
            Ok(())
        } else {
            Err(Problem::validation(self.faults))
        }
    }
}
