//! The HTTP interface: routes, who may call them, and how often.

use std::fmt;

use rust_decimal::Decimal;

use super::{LogicalId, Seconds};

/// An `AWS::Serverless::Api`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Api {
    /// Its key in the template, such as `OrdersApi`.
    pub id: LogicalId,
    /// `Name`, or the logical id where there is none.
    pub name: String,
    /// `StageName`. The local engine serves the routes without it in front.
    pub stage: String,
    /// What browsers of other origins may do; `None` is nothing.
    pub cors: Option<Cors>,
    /// Whether a call needs `x-api-key` where its route does not say otherwise.
    pub api_key_required: bool,
    /// The plan of keys that are given no other.
    pub usage_plan: Option<UsagePlan>,
    /// The name of the log group that each call is noted in.
    pub access_log_group: Option<String>,
}

/// Cross-origin settings, without the single quotes that API Gateway asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cors {
    /// `Access-Control-Allow-Origin`: `*` or one origin.
    pub allow_origin: String,
    /// `Access-Control-Allow-Methods`; empty: those that the path has.
    pub allow_methods: Vec<String>,
    /// `Access-Control-Allow-Headers`.
    pub allow_headers: Vec<String>,
    /// How long a browser may keep the answer to its preflight.
    pub max_age: Option<Seconds>,
    /// `Access-Control-Allow-Credentials`.
    pub allow_credentials: bool,
}

/// How often a key may call. The template's own or an `AWS::ApiGateway::UsagePlan`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsagePlan {
    /// `UsagePlanName`, or SAM's name for it (`OrdersApiUsagePlan`), or the logical id.
    pub name: String,
    /// The rate limit; `None` is none.
    pub throttle: Option<Throttle>,
    /// The quota; `None` is none.
    pub quota: Option<Quota>,
}

/// A token bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Throttle {
    /// Tokens that come back a second; a call takes one. Zero or more, exact.
    pub rate_per_s: Decimal,
    /// Tokens that the bucket holds.
    pub burst: u32,
}

/// So many calls in a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// Calls a period.
    pub limit: u64,
    /// The period, by the UTC calendar.
    pub period: Period,
    /// Calls that are taken off the first period, below `limit`.
    pub offset: u64,
}

/// A quota's period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    /// From midnight.
    Day,
    /// From midnight before Sunday.
    Week,
    /// From midnight before the first.
    Month,
}

/// One route of the interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The interface it belongs to.
    pub api: LogicalId,
    /// Its path.
    pub path: PathTemplate,
    /// Its method.
    pub method: Method,
    /// Who may call it.
    pub access: Access,
}

/// Who may call a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anyone.
    Open,
    /// Who sends a key of a usage plan.
    ApiKey,
    /// The operator: `AWS_IAM` on AWS, the admin key on one machine.
    Operator,
}

/// A method as API Gateway knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// Each of the others.
    Any,
    /// `DELETE`
    Delete,
    /// `GET`
    Get,
    /// `HEAD`
    Head,
    /// `OPTIONS`
    Options,
    /// `PATCH`
    Patch,
    /// `POST`
    Post,
    /// `PUT`
    Put,
}

impl Method {
    /// Every method, with its spelling in a template (which may be in lower case there).
    pub const ALL: [(Self, &'static str); 8] = [
        (Self::Any, "ANY"),
        (Self::Delete, "DELETE"),
        (Self::Get, "GET"),
        (Self::Head, "HEAD"),
        (Self::Options, "OPTIONS"),
        (Self::Patch, "PATCH"),
        (Self::Post, "POST"),
        (Self::Put, "PUT"),
    ];

    /// The method in capitals.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Any => "ANY",
            Self::Delete => "DELETE",
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Options => "OPTIONS",
            Self::Patch => "PATCH",
            Self::Post => "POST",
            Self::Put => "PUT",
        }
    }
}

/// A path such as `/orders/{orderId}`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PathTemplate {
    /// Its segments, without slashes; empty for `/`.
    pub segments: Vec<Segment>,
}

/// One segment of a path.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Segment {
    /// Exactly this text.
    Literal(String),
    /// Any one segment, under this name.
    Parameter(String),
    /// `{name+}`: the rest of the path; always last.
    Rest(String),
}

impl fmt::Display for PathTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.segments.is_empty() {
            return f.write_str("/");
        }
        for segment in &self.segments {
            match segment {
                Segment::Literal(text) => write!(f, "/{text}")?,
                Segment::Parameter(name) => write!(f, "/{{{name}}}")?,
                Segment::Rest(name) => write!(f, "/{{{name}+}}")?,
            }
        }
        Ok(())
    }
}
