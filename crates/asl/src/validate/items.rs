//! What Parallel and Map states contain.

use serde_json::{Map, Value};

use super::fields::{BATCHER, BRANCH, PROCESSOR};
use super::nearest::suggestion;
use super::shape::Place;
use super::{Checker, Language};

/// How many characters the label of a distributed Map may have.
const MAX_LABEL_CHARACTERS: usize = 40;

impl Checker {
    pub(super) fn parallel(&mut self, place: Place<'_>) {
        let pointer = place.at("Branches");
        let Some(value) = place.object.get("Branches") else {
            return;
        };
        let Value::Array(branches) = value else {
            return self.typed(false, "[ARRAY]", value, &pointer);
        };
        if branches.is_empty() {
            let remedy = "add at least one branch: {\"StartAt\": …, \"States\": {…}}";
            self.fault(&pointer, "Value cannot be empty", remedy);
        }
        let language = self.language.unwrap_or(Language::JsonPath);
        for (index, branch) in branches.iter().enumerate() {
            let pointer = format!("{pointer}/{index}");
            match branch {
                Value::Object(object) => {
                    let branch = Place {
                        object,
                        pointer: &pointer,
                        language,
                    };
                    self.machine(branch, BRANCH);
                }
                other => self.typed(false, "[OBJECT]", other, &pointer),
            }
        }
    }

    pub(super) fn map(&mut self, place: Place<'_>) {
        for pair in [
            ["ItemProcessor", "Iterator"],
            ["MaxConcurrency", "MaxConcurrencyPath"],
            ["ToleratedFailureCount", "ToleratedFailureCountPath"],
            ["ToleratedFailurePercentage", "ToleratedFailurePercentagePath"],
            ["Parameters", "ItemSelector"],
        ] {
            self.one_at_most(place, &pair);
        }
        self.label(place);
        let processor = ["ItemProcessor", "Iterator"]
            .into_iter()
            .find(|field| place.object.contains_key(*field));
        match processor {
            Some(field) => self.processor(place, field),
            None => {
                let remedy = "add \"ItemProcessor\": {\"StartAt\": …, \"States\": {…}}";
                self.fault(
                    place.pointer,
                    "These fields are required: [ItemProcessor]",
                    remedy,
                );
            }
        }
        match place.object.get("ItemBatcher") {
            Some(Value::Object(object)) => {
                let pointer = place.at("ItemBatcher");
                let batcher = Place {
                    object,
                    pointer: &pointer,
                    language: place.language,
                };
                self.fields(batcher, &BATCHER.iter(), |_| false);
                self.one_at_most(batcher, &["MaxItemsPerBatch", "MaxItemsPerBatchPath"]);
                self.one_at_most(batcher, &["MaxInputBytesPerBatch", "MaxInputBytesPerBatchPath"]);
            }
            Some(other) => self.typed(false, "[OBJECT]", other, &place.at("ItemBatcher")),
            None => {}
        }
    }

    fn label(&mut self, place: Place<'_>) {
        let label = place
            .object
            .get("Label")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let length = label.chars().count();
        if length > MAX_LABEL_CHARACTERS {
            let problem = format!(
                "Label has {length} characters and exceeds the {MAX_LABEL_CHARACTERS}-character limit allowed by the \
                 service"
            );
            self.coded("INVALID_LABEL_NAME", place.at("Label"), problem, "shorten it");
        }
    }

    fn processor(&mut self, place: Place<'_>, field: &str) {
        let pointer = place.at(field);
        let Some(value) = place.object.get(field) else {
            return;
        };
        let Value::Object(object) = value else {
            return self.typed(false, "[OBJECT]", value, &pointer);
        };
        let language = self.language.unwrap_or(Language::JsonPath);
        self.machine(
            Place {
                object,
                pointer: &pointer,
                language,
            },
            PROCESSOR,
        );
        let pointer = format!("{pointer}/ProcessorConfig");
        match object.get("ProcessorConfig") {
            Some(Value::Object(config)) => self.processor_config(config, &pointer),
            Some(other) => self.typed(false, "[OBJECT]", other, &pointer),
            None => {}
        }
    }

    /// How a Map runs its items.
    fn processor_config(&mut self, config: &Map<String, Value>, pointer: &str) {
        let distributed = config.get("Mode").and_then(Value::as_str) == Some("DISTRIBUTED");
        for (name, value) in config {
            let allowed: &[&str] = match name.as_str() {
                "Mode" => &["INLINE", "DISTRIBUTED"],
                "ExecutionType" if distributed => &["STANDARD", "EXPRESS"],
                other => {
                    let remedy = if other == "ExecutionType" {
                        "leave it out, or set Mode to DISTRIBUTED".to_owned()
                    } else {
                        suggestion(other, ["Mode", "ExecutionType"].into_iter())
                    };
                    let pointer = format!("{pointer}/{}", super::step(other));
                    self.fault(pointer, format!("Field '{other}' is not supported"), remedy);
                    continue;
                }
            };
            let pointer = format!("{pointer}/{name}");
            if let Some(text) = self.text(value, &pointer).filter(|text| !allowed.contains(text)) {
                let problem = format!("Value should be one of the following: [{}]", allowed.join(", "));
                self.fault(pointer, problem, suggestion(text, allowed.iter().copied()));
            }
        }
        if distributed && !config.contains_key("ExecutionType") {
            let remedy = "add \"ExecutionType\": \"STANDARD\" or \"EXPRESS\"";
            self.refusal(pointer, "These fields are required: [ExecutionType]", remedy);
        }
    }
}
