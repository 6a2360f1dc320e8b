//! `AWS::Serverless::Api`.

use super::{Found, usage_plan};
use crate::fault::Problem;
use crate::kind::Kind;
use crate::model::{Api, Cors, Seconds, UsagePlan};
use crate::section::{Located, Section};
use crate::shape::Shape;
use crate::yaml::Value;

pub(super) fn read(mut found: Found<'_, '_>) -> Option<Api> {
    let id = found.id();
    let properties = &mut found.properties;
    let stage = properties.require("StageName").text("StageName");
    let cors = properties.value("Cors").and_then(|at| cors(properties, at));
    let auth = properties.section("Auth", Shape::ApiAuth);
    let (api_key_required, usage_plan) = auth.map_or((false, None), |auth| self::auth(auth, found.id));
    let access_log_group = properties
        .section("AccessLogSetting", Shape::AccessLog)
        .and_then(access_log_group);
    found.properties.finish();
    Some(Api {
        id,
        name: found.name,
        stage: stage?,
        cors,
        api_key_required,
        usage_plan,
        access_log_group,
    })
}

fn auth(mut section: Section<'_, '_>, api: &str) -> (bool, Option<UsagePlan>) {
    let api_key_required = section.flag("ApiKeyRequired").unwrap_or(false);
    let plan = section
        .section("UsagePlan", Shape::ApiUsagePlan)
        .and_then(|plan| api_usage_plan(plan, api));
    section.finish();
    (api_key_required, plan)
}

fn api_usage_plan(mut section: Section<'_, '_>, api: &str) -> Option<UsagePlan> {
    section.require("CreateUsagePlan");
    let created = section.word(
        "CreateUsagePlan",
        &[("PER_API", true), ("SHARED", true), ("NONE", false)],
    );
    let name = section
        .text("UsagePlanName")
        .unwrap_or_else(|| format!("{api}UsagePlan"));
    let (throttle, quota) = usage_plan::limits(&mut section);
    section.finish();
    created?.then_some(UsagePlan {
        name,
        throttle,
        quota,
    })
}

/// `Cors` is a mapping, or the allowed origin alone.
fn cors(parent: &Section<'_, '_>, at: Located) -> Option<Cors> {
    if let Value::Scalar(scalar) = &at.node.value {
        let allow_origin = unquoted(parent, "Cors", &scalar.text)?;
        return Some(Cors {
            allow_origin,
            allow_methods: Vec::new(),
            allow_headers: Vec::new(),
            max_age: None,
            allow_credentials: false,
        });
    }
    let mut section = Section::open(parent.cx, at, Shape::Cors)?;
    let allow_origin = section.require("AllowOrigin").text("AllowOrigin");
    let allow_origin = allow_origin.and_then(|text| unquoted(&section, "AllowOrigin", &text));
    let allow_methods = quoted_list(&mut section, "AllowMethods");
    let allow_headers = quoted_list(&mut section, "AllowHeaders");
    let max_age = section.text("MaxAge");
    let max_age = max_age.and_then(|text| {
        let seconds = unquoted(&section, "MaxAge", &text)?;
        match seconds.parse() {
            Ok(seconds) => Some(Seconds(seconds)),
            Err(_) => {
                let problem = Problem::NotInRange {
                    found: seconds,
                    min: 0,
                    max: u32::MAX.into(),
                };
                section.fault_at("MaxAge", problem);
                None
            }
        }
    });
    let allow_credentials = section.flag("AllowCredentials").unwrap_or(false);
    section.finish();
    Some(Cors {
        allow_origin: allow_origin?,
        allow_methods,
        allow_headers,
        max_age,
        allow_credentials,
    })
}

/// API Gateway takes header values in single quotes.
fn unquoted(section: &Section<'_, '_>, name: &str, text: &str) -> Option<String> {
    let inner = text.strip_prefix('\'').and_then(|text| text.strip_suffix('\''));
    if inner.is_none() {
        let expected = "in single quotes within the YAML quotes, such as \"'*'\"";
        section.fault_at(
            name,
            Problem::Malformed {
                found: text.to_owned(),
                expected,
            },
        );
    }
    inner.map(str::to_owned)
}

fn quoted_list(section: &mut Section<'_, '_>, name: &'static str) -> Vec<String> {
    let Some(text) = section.text(name).and_then(|text| unquoted(section, name, &text)) else {
        return Vec::new();
    };
    text.split(',')
        .map(|item| item.trim().to_owned())
        .filter(|item| !item.is_empty())
        .collect()
}

fn access_log_group(mut section: Section<'_, '_>) -> Option<String> {
    section.require("DestinationArn");
    let id = section.reference("DestinationArn", Kind::LogGroup);
    let name = id.and_then(|id| section.cx.name_of_id(id.as_str()));
    section.finish();
    name
}
