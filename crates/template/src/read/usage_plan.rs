//! Usage plans: `AWS::ApiGateway::UsagePlan`, and the parts that an interface's own plan has in common with it.

use rust_decimal::Decimal;

use super::Found;
use crate::fault::Problem;
use crate::model::{Period, Quota, Throttle, UsagePlan};
use crate::section::Section;
use crate::shape::Shape;

pub(super) fn read(mut found: Found<'_, '_>) -> UsagePlan {
    let (throttle, quota) = limits(&mut found.properties);
    found.properties.finish();
    UsagePlan {
        name: found.name,
        throttle,
        quota,
    }
}

/// The `Throttle` and `Quota` of a plan.
pub(super) fn limits(plan: &mut Section<'_, '_>) -> (Option<Throttle>, Option<Quota>) {
    let throttle = plan.section("Throttle", Shape::Throttle).and_then(throttle);
    let quota = plan.section("Quota", Shape::Quota).and_then(quota);
    (throttle, quota)
}

fn throttle(mut section: Section<'_, '_>) -> Option<Throttle> {
    // On AWS, one without the other means the account's limit for the other, and one machine has no account.
    section.require("RateLimit").require("BurstLimit");
    let rate_per_s = section.decimal("RateLimit", Decimal::ZERO);
    let burst = section.whole("BurstLimit", 0, u32::MAX);
    section.finish();
    Some(Throttle {
        rate_per_s: rate_per_s?,
        burst: burst?,
    })
}

fn quota(mut section: Section<'_, '_>) -> Option<Quota> {
    let periods = [
        ("DAY", Period::Day),
        ("WEEK", Period::Week),
        ("MONTH", Period::Month),
    ];
    section.require("Limit").require("Period");
    let limit = section.whole("Limit", 0, u32::MAX);
    let period = section.word("Period", &periods);
    let offset = section.whole("Offset", 0, u32::MAX).unwrap_or(0);
    if let Some(limit) = limit
        && offset > limit
    {
        let problem = Problem::NotInRange {
            found: offset.to_string(),
            min: 0,
            max: limit.into(),
        };
        section.fault_at("Offset", problem);
    }
    section.finish();
    Some(Quota {
        limit: limit?.into(),
        period: period?,
        offset: offset.into(),
    })
}
