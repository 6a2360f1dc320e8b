//! `AWS::Logs::LogGroup`.

use super::Found;
use crate::model::LogGroup;

/// Ten years and three days: the longest that CloudWatch Logs has.
const LONGEST_DAYS: u32 = 3653;

pub(super) fn read(mut found: Found<'_, '_>) -> LogGroup {
    let retention_days = found.properties.whole("RetentionInDays", 1, LONGEST_DAYS);
    let id = found.id();
    found.properties.finish();
    LogGroup {
        id,
        name: found.name,
        retention_days,
    }
}
