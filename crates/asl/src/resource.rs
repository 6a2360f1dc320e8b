//! What a Task state calls, read from its `Resource`.

use serde::{Deserialize, Serialize};

/// What a Task state calls.
///
/// ```
/// use asl::{Pattern, Resource};
///
/// let resource = Resource::parse("arn:aws:states:::sqs:sendMessage.waitForTaskToken").unwrap();
/// let Resource::Service { ref service, ref action, pattern, sdk, .. } = resource else { unreachable!() };
/// assert_eq!((service.as_str(), action.as_str()), ("sqs", "sendMessage"));
/// assert_eq!((pattern, sdk), (Pattern::WaitForTaskToken, false));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Resource {
    /// A Lambda function by its ARN; the task's output is the function's own answer.
    Lambda(String),
    /// An activity by its ARN; workers ask for its tasks.
    Activity(String),
    /// A service integration.
    Service {
        /// The ARN as the definition has it.
        arn: String,
        /// The service, such as `lambda`, `dynamodb` or `sns`.
        service: String,
        /// The action, such as `invoke` or `putItem`, without the pattern's suffix.
        action: String,
        /// What the task waits for.
        pattern: Pattern,
        /// Whether it is an AWS SDK integration (`aws-sdk:`) and not one of the optimised ones.
        sdk: bool,
    },
}

/// What a service integration waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Pattern {
    /// For the service's answer.
    RequestResponse,
    /// For the job that the request started to end (`.sync`); the output holds JSON as text.
    Sync,
    /// As [`Pattern::Sync`], and the output holds JSON as JSON (`.sync:2`).
    Sync2,
    /// For somebody to answer with the task's token (`.waitForTaskToken`).
    WaitForTaskToken,
}

impl Pattern {
    const SUFFIXES: [(&str, Pattern); 3] = [
        (".sync:2", Pattern::Sync2),
        (".sync", Pattern::Sync),
        (".waitForTaskToken", Pattern::WaitForTaskToken),
    ];

    fn suffix(self) -> &'static str {
        Pattern::SUFFIXES
            .iter()
            .find(|(_, pattern)| *pattern == self)
            .map_or("", |(suffix, _)| suffix)
    }
}

impl Resource {
    /// Reads a `Resource`. `None` when it names nothing that a task can call.
    pub fn parse(arn: &str) -> Option<Resource> {
        let mut parts = arn.splitn(6, ':');
        let (prefix, _partition, service) = (parts.next()?, parts.next()?, parts.next()?);
        let (_region, account, rest) = (parts.next()?, parts.next()?, parts.next()?);
        match (prefix, service) {
            ("arn", "lambda") if rest.starts_with("function:") => Some(Resource::Lambda(arn.to_owned())),
            ("arn", "states") if rest.starts_with("activity:") => Some(Resource::Activity(arn.to_owned())),
            ("arn", "states") if account.is_empty() => Resource::parse_service(arn, rest),
            _ => None,
        }
    }

    fn parse_service(arn: &str, rest: &str) -> Option<Resource> {
        let (rest, sdk) = rest
            .strip_prefix("aws-sdk:")
            .map_or((rest, false), |rest| (rest, true));
        let (service, action) = rest.split_once(':')?;
        let (action, pattern) = Pattern::SUFFIXES
            .iter()
            .find_map(|(suffix, pattern)| Some((action.strip_suffix(suffix)?, *pattern)))
            .unwrap_or((action, Pattern::RequestResponse));
        let plain =
            |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        (plain(service) && plain(action)).then(|| Resource::Service {
            arn: arn.to_owned(),
            service: service.to_owned(),
            action: action.to_owned(),
            pattern,
            sdk,
        })
    }

    /// The ARN as the definition has it.
    pub fn arn(&self) -> &str {
        match self {
            Resource::Lambda(arn) | Resource::Activity(arn) | Resource::Service { arn, .. } => arn,
        }
    }

    /// Whether a request is accepted before it has its result: by a service (`.sync`, `.waitForTaskToken`) or by an
    /// activity's worker.
    pub fn is_accepted_first(&self) -> bool {
        match self {
            Resource::Lambda(_) => false,
            Resource::Activity(_) => true,
            Resource::Service { pattern, .. } => *pattern != Pattern::RequestResponse,
        }
    }

    /// The history's `resourceType`, as `lambda`, `dynamodb` or `aws-sdk:s3`.
    pub fn resource_type(&self) -> String {
        match self {
            Resource::Lambda(_) => "lambda".to_owned(),
            Resource::Activity(_) => "activity".to_owned(),
            Resource::Service {
                service, sdk: true, ..
            } => format!("aws-sdk:{service}"),
            Resource::Service { service, .. } => service.clone(),
        }
    }

    /// The history's `resource`: the action with its pattern's suffix, or the ARN.
    pub fn action_with_pattern(&self) -> String {
        match self {
            Resource::Lambda(arn) | Resource::Activity(arn) => arn.clone(),
            Resource::Service { action, pattern, .. } => format!("{action}{}", pattern.suffix()),
        }
    }
}
