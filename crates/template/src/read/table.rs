//! `AWS::DynamoDB::Table`.

use std::collections::BTreeMap;

use super::Found;
use crate::fault::Problem;
use crate::model::{AttributeType, KeyAttribute, KeySchema, Projection, SecondaryIndex, StreamView, Table};
use crate::section::Section;
use crate::shape::Shape;

pub(super) fn read(mut found: Found<'_, '_>) -> Option<Table> {
    let (id, arn) = (found.id(), found.arn());
    let properties = &mut found.properties;
    let types = attribute_types(properties.require("AttributeDefinitions"));
    let key = key_schema(properties, &types);
    let indexes = properties.sections("GlobalSecondaryIndexes", Shape::SecondaryIndex);
    let indexes = indexes
        .into_iter()
        .filter_map(|section| index(section, &types))
        .collect();
    let stream = properties
        .section("StreamSpecification", Shape::StreamSpecification)
        .and_then(stream_view);
    let time_to_live = properties
        .section("TimeToLiveSpecification", Shape::TimeToLive)
        .and_then(time_to_live);
    found.properties.finish();
    Some(Table {
        id,
        name: found.name,
        arn,
        key: key?,
        indexes,
        stream,
        time_to_live,
    })
}

fn attribute_types(properties: &mut Section<'_, '_>) -> BTreeMap<String, AttributeType> {
    let mut types = BTreeMap::new();
    for mut section in properties.sections("AttributeDefinitions", Shape::AttributeDefinition) {
        let words = [
            ("S", AttributeType::String),
            ("N", AttributeType::Number),
            ("B", AttributeType::Binary),
        ];
        section.require("AttributeName").require("AttributeType");
        let (name, kind) = (
            section.text("AttributeName"),
            section.word("AttributeType", &words),
        );
        types.extend(name.zip(kind));
        section.finish();
    }
    types
}

fn key_schema(parent: &mut Section<'_, '_>, types: &BTreeMap<String, AttributeType>) -> Option<KeySchema> {
    let (mut partition, mut sort) = (None, None);
    parent.require("KeySchema");
    for mut section in parent.sections("KeySchema", Shape::KeySchemaElement) {
        section.require("AttributeName").require("KeyType");
        let name = section.text("AttributeName");
        let role = section.word("KeyType", &[("HASH", true), ("RANGE", false)]);
        let (Some(name), Some(is_partition)) = (name, role) else {
            continue;
        };
        let Some(kind) = types.get(&name).copied() else {
            section.fault(Problem::UntypedKey { name });
            continue;
        };
        let slot = if is_partition { &mut partition } else { &mut sort };
        if slot.replace(KeyAttribute { name, kind }).is_some() {
            let expected = "one HASH attribute, and one RANGE attribute at most";
            section.fault(Problem::WrongShape {
                expected,
                found: "two of a kind",
            });
        }
        section.finish();
    }
    if partition.is_none() {
        let expected = "a key with a HASH attribute";
        parent.fault_at(
            "KeySchema",
            Problem::WrongShape {
                expected,
                found: "one without",
            },
        );
    }
    Some(KeySchema {
        partition: partition?,
        sort,
    })
}

fn index(mut section: Section<'_, '_>, types: &BTreeMap<String, AttributeType>) -> Option<SecondaryIndex> {
    section.require("IndexName").require("Projection");
    let name = section.text("IndexName");
    let key = key_schema(&mut section, types);
    let projection = section
        .section("Projection", Shape::Projection)
        .and_then(projection);
    section.finish();
    Some(SecondaryIndex {
        name: name?,
        key: key?,
        projection: projection?,
    })
}

fn projection(mut section: Section<'_, '_>) -> Option<Projection> {
    let included = section.texts("NonKeyAttributes");
    let kind = section.require("ProjectionType").text("ProjectionType");
    let projection = match kind.as_deref() {
        None => None,
        Some("ALL") => Some(Projection::All),
        Some("KEYS_ONLY") => Some(Projection::KeysOnly),
        Some("INCLUDE") => Some(Projection::Include(included)),
        Some(other) => {
            let allowed = "ALL, KEYS_ONLY, INCLUDE".to_owned();
            section.fault_at(
                "ProjectionType",
                Problem::NotOneOf {
                    found: other.to_owned(),
                    allowed,
                },
            );
            None
        }
    };
    section.finish();
    projection
}

fn stream_view(mut section: Section<'_, '_>) -> Option<StreamView> {
    let words = [
        ("KEYS_ONLY", StreamView::KeysOnly),
        ("NEW_IMAGE", StreamView::NewImage),
        ("OLD_IMAGE", StreamView::OldImage),
        ("NEW_AND_OLD_IMAGES", StreamView::NewAndOldImages),
    ];
    let view = section.require("StreamViewType").word("StreamViewType", &words);
    section.finish();
    view
}

fn time_to_live(mut section: Section<'_, '_>) -> Option<String> {
    section.require("Enabled");
    let enabled = section.flag("Enabled");
    if enabled == Some(true) {
        section.require("AttributeName");
    }
    let attribute = section.text("AttributeName");
    section.finish();
    attribute.filter(|_| enabled == Some(true))
}
