//! What is particular to each type of state, compiled.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::{Compiler, Fields, Language};
use crate::history::ResourceDetails;
use crate::model::{Batch, Items, Kind, MapState, Task, Until};
use crate::{Resource, jsonata, payload};

impl Compiler {
    pub(super) fn kind(&mut self, fields: &Fields<'_>) -> Option<Kind> {
        match fields.text("Type") {
            Some("Pass") => Some(Kind::Pass {
                result: fields.get("Result").map(Into::into),
            }),
            Some("Succeed") => Some(Kind::Succeed),
            Some("Fail") => Some(Kind::Fail {
                error: self.message(fields, "Error", "ErrorPath")?,
                cause: self.message(fields, "Cause", "CausePath")?,
            }),
            Some("Task") => self.task(fields).map(|task| Kind::Task(Box::new(task))),
            Some("Choice") => self.choice(fields),
            Some("Wait") => self.wait(fields),
            Some("Parallel") => self.parallel(fields),
            Some("Map") => self.map(fields).map(|map| Kind::Map(Box::new(map))),
            Some(_) | None => {
                let types = "one of Pass, Task, Choice, Wait, Succeed, Fail, Parallel, Map";
                self.fault(fields.at("Type"), "Type is missing or unknown", types);
                None
            }
        }
    }

    fn task(&mut self, fields: &Fields<'_>) -> Option<Task> {
        let Some(resource) = fields.text("Resource").and_then(Resource::parse) else {
            let remedy = "the ARN of a function, an activity or a service integration (arn:aws:states:::service:action)";
            self.fault(
                fields.at("Resource"),
                "Resource names nothing that a task can call",
                remedy,
            );
            return None;
        };
        let slot = self.task_slots;
        self.task_slots += 1;
        Some(Task {
            details: Arc::new(ResourceDetails {
                resource_type: resource.resource_type(),
                resource: resource.action_with_pattern(),
            }),
            resource: Arc::new(resource),
            timeout: self.number(fields, "TimeoutSeconds", "TimeoutSecondsPath")?,
            heartbeat: self.number(fields, "HeartbeatSeconds", "HeartbeatSecondsPath")?,
            credentials: self.data(fields, "Credentials")?,
            slot,
        })
    }

    fn wait(&mut self, fields: &Fields<'_>) -> Option<Kind> {
        if let Some(seconds) = self.number(fields, "Seconds", "SecondsPath")? {
            return Some(Kind::Wait(Until::Seconds(seconds)));
        }
        if let Some(timestamp) = self.message(fields, "Timestamp", "TimestampPath")? {
            return Some(Kind::Wait(Until::Timestamp(timestamp)));
        }
        let remedy = "give exactly one of Seconds, Timestamp, SecondsPath, TimestampPath";
        self.fault(fields.pointer, "a Wait state says how long", remedy);
        None
    }

    fn parallel(&mut self, fields: &Fields<'_>) -> Option<Kind> {
        let mut starts = Vec::new();
        for (pointer, object) in fields.list("Branches") {
            starts.push(self.machine(object, &pointer, Language::of(object, fields.machine_language))?);
        }
        if starts.is_empty() {
            self.fault(
                fields.at("Branches"),
                "a Parallel state has branches",
                "[{\"StartAt\": …, \"States\": {…}}]",
            );
            return None;
        }
        Some(Kind::Parallel { starts })
    }

    fn map(&mut self, fields: &Fields<'_>) -> Option<MapState> {
        for field in ["ItemReader", "ResultWriter"] {
            if fields.get(field).is_some() {
                let problem = format!("{field} is not supported: it reads and writes S3");
                self.fault(fields.at(field), problem, "give the items in the state's input");
            }
        }
        let field = if fields.get("ItemProcessor").is_some() {
            "ItemProcessor"
        } else {
            "Iterator"
        };
        let Some(processor) = fields.get(field).and_then(Value::as_object) else {
            self.fault(
                fields.at("ItemProcessor"),
                "a Map state has an ItemProcessor",
                "{\"StartAt\": …, \"States\": {…}}",
            );
            return None;
        };
        let start = self.machine(
            processor,
            &fields.at(field),
            Language::of(processor, fields.machine_language),
        )?;
        let selector = match fields.language {
            Language::JsonPath if fields.get("ItemSelector").is_none() => self.data(fields, "Parameters")?,
            Language::JsonPath | Language::Jsonata => self.data(fields, "ItemSelector")?,
        };
        Some(MapState {
            start,
            distributed: is_distributed(processor),
            items: self.items(fields)?,
            selector,
            batch: self.batch(fields)?,
            concurrency: self.number(fields, "MaxConcurrency", "MaxConcurrencyPath")?,
            tolerated_count: self.number(fields, "ToleratedFailureCount", "ToleratedFailureCountPath")?,
            tolerated_percentage: self.number(
                fields,
                "ToleratedFailurePercentage",
                "ToleratedFailurePercentagePath",
            )?,
        })
    }

    fn items(&mut self, fields: &Fields<'_>) -> Option<Items> {
        match (fields.language, fields.text("ItemsPath")) {
            (Language::JsonPath, None | Some("$")) => Some(Items::Input),
            (Language::JsonPath, Some(path)) => self
                .parsed(fields.at("ItemsPath"), payload::Expression::parse(path))
                .map(Items::Path),
            (Language::Jsonata, _) => match fields.text("Items") {
                Some(text) => self
                    .parsed(fields.at("Items"), jsonata::Expression::parse(text))
                    .map(Items::Expression),
                None => Some(
                    self.jsonata_template(fields, "Items")?
                        .map_or(Items::Input, Items::Jsonata),
                ),
            },
        }
    }

    fn batch(&mut self, fields: &Fields<'_>) -> Option<Option<Batch>> {
        let Some(object) = fields.get("ItemBatcher").and_then(Value::as_object) else {
            return Some(None);
        };
        let pointer = fields.at("ItemBatcher");
        let batcher = Fields {
            object,
            pointer: &pointer,
            ..*fields
        };
        Some(Some(Batch {
            max_items: self.number(&batcher, "MaxItemsPerBatch", "MaxItemsPerBatchPath")?,
            max_bytes: self.number(&batcher, "MaxInputBytesPerBatch", "MaxInputBytesPerBatchPath")?,
            input: self.data(&batcher, "BatchInput")?,
        }))
    }
}

fn is_distributed(processor: &Map<String, Value>) -> bool {
    let config = processor.get("ProcessorConfig").and_then(Value::as_object);
    config
        .and_then(|config| config.get("Mode"))
        .and_then(Value::as_str)
        == Some("DISTRIBUTED")
}
