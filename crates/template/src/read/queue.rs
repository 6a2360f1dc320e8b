//! `AWS::SQS::Queue`.

use super::Found;
use crate::kind::Kind;
use crate::model::{Queue, Redrive, Seconds};
use crate::section::Section;
use crate::shape::Shape;

/// SQS's own defaults.
const VISIBILITY_TIMEOUT: Seconds = Seconds(30);
const RETENTION: Seconds = Seconds(4 * 24 * 60 * 60);

pub(super) fn read(mut found: Found<'_, '_>) -> Option<Queue> {
    let (id, arn, url) = (
        found.id(),
        found.arn(),
        found.kind.reference(found.id, &found.name),
    );
    let properties = &mut found.properties;
    let visibility_timeout = properties.seconds("VisibilityTimeout", 0, 43_200);
    let retention = properties.seconds("MessageRetentionPeriod", 60, 1_209_600);
    let delay = properties.seconds("DelaySeconds", 0, 900);
    let redrive = properties
        .section("RedrivePolicy", Shape::QueueRedrive)
        .and_then(redrive);
    found.properties.finish();
    Some(Queue {
        id,
        name: found.name,
        arn,
        url,
        visibility_timeout: visibility_timeout.unwrap_or(VISIBILITY_TIMEOUT),
        retention: retention.unwrap_or(RETENTION),
        delay: delay.unwrap_or(Seconds(0)),
        redrive,
    })
}

fn redrive(mut section: Section<'_, '_>) -> Option<Redrive> {
    section.require("deadLetterTargetArn").require("maxReceiveCount");
    let dead_letter_queue = section.reference("deadLetterTargetArn", Kind::Queue);
    let max_receive_count = section.whole("maxReceiveCount", 1, 1000);
    section.finish();
    Some(Redrive {
        dead_letter_queue: dead_letter_queue?,
        max_receive_count: max_receive_count?,
    })
}
