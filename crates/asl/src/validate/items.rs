//! What Parallel and Map states contain.

use serde_json::Value;

use super::fields::{BATCHER, BRANCH, PROCESSOR};
use super::nearest::suggestion;
use super::shape::Place;
use super::{Checker, Language};

/// Fields that only a distributed Map has.
const DISTRIBUTED: [&str; 6] = [
    "ItemReader",
    "ItemBatcher",
    "ResultWriter",
    "Label",
    "ToleratedFailureCountPath",
    "ToleratedFailurePercentagePath",
];

impl Checker {
    pub(super) fn parallel(&mut self, place: Place<'_>) {
        let pointer = place.at("Branches");
        let Some(value) = place.object.get("Branches") else {
            return;
        };
        let Value::Array(branches) = value else {
            return self.typed(false, "ARRAY", value, &pointer);
        };
        if branches.is_empty() {
            self.fault(
                &pointer,
                "Branches is empty",
                "add at least one branch: {\"StartAt\": …, \"States\": {…}}",
            );
        }
        for (index, branch) in branches.iter().enumerate() {
            let pointer = format!("{pointer}/{index}");
            match branch {
                Value::Object(object) => {
                    let language = self.language.unwrap_or(Language::JsonPath);
                    self.machine(
                        Place {
                            object,
                            pointer: &pointer,
                            language,
                        },
                        BRANCH,
                    );
                }
                other => self.typed(false, "OBJECT", other, &pointer),
            }
        }
    }

    pub(super) fn map(&mut self, place: Place<'_>) {
        self.one_at_most(place, &["ItemProcessor", "Iterator"]);
        self.one_at_most(place, &["MaxConcurrency", "MaxConcurrencyPath"]);
        self.one_at_most(place, &["ToleratedFailureCount", "ToleratedFailureCountPath"]);
        self.one_at_most(
            place,
            &["ToleratedFailurePercentage", "ToleratedFailurePercentagePath"],
        );
        self.one_at_most(place, &["Parameters", "ItemSelector"]);
        let Some(field) = ["ItemProcessor", "Iterator"]
            .into_iter()
            .find(|field| place.object.contains_key(*field))
        else {
            let remedy = "add \"ItemProcessor\": {\"StartAt\": …, \"States\": {…}}";
            return self.fault(
                place.pointer,
                "These fields are required: [ItemProcessor]",
                remedy,
            );
        };
        self.processor(place, field);
        if let Some(Value::Object(object)) = place.object.get("ItemBatcher") {
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
    }

    fn processor(&mut self, place: Place<'_>, field: &str) {
        let pointer = place.at(field);
        let Some(value) = place.object.get(field) else {
            return;
        };
        let Value::Object(object) = value else {
            return self.typed(false, "OBJECT", value, &pointer);
        };
        let language = self.language.unwrap_or(Language::JsonPath);
        let processor = Place {
            object,
            pointer: &pointer,
            language,
        };
        self.machine(processor, PROCESSOR);
        let distributed = self.mode(processor) == Some("DISTRIBUTED");
        for field in DISTRIBUTED
            .iter()
            .filter(|field| !distributed && place.object.contains_key(**field))
        {
            if !field.starts_with("Tolerated") {
                let problem = format!("{field} is only supported by a distributed Map");
                let remedy = "set ItemProcessor/ProcessorConfig/Mode to DISTRIBUTED, or leave it out";
                self.fault(place.at(field), problem, remedy);
            }
        }
    }

    /// How a Map runs its items.
    fn mode<'a>(&mut self, processor: Place<'a>) -> Option<&'a str> {
        let pointer = processor.at("ProcessorConfig");
        let config = processor.object.get("ProcessorConfig")?;
        let Value::Object(config) = config else {
            self.typed(false, "OBJECT", config, &pointer);
            return None;
        };
        for (name, value) in config {
            let allowed: &[&str] = match name.as_str() {
                "Mode" => &["INLINE", "DISTRIBUTED"],
                "ExecutionType" => &["STANDARD", "EXPRESS"],
                other => {
                    let remedy = suggestion(other, ["Mode", "ExecutionType"].into_iter());
                    self.fault(
                        format!("{pointer}/{other}"),
                        format!("Field '{other}' is not supported"),
                        remedy,
                    );
                    continue;
                }
            };
            let pointer = format!("{pointer}/{name}");
            if let Some(text) = self.text(value, &pointer).filter(|text| !allowed.contains(text)) {
                let problem = format!("Value should be one of the following: [{}]", allowed.join(", "));
                self.fault(pointer, problem, suggestion(text, allowed.iter().copied()));
            }
        }
        config.get("Mode")?.as_str()
    }
}
