//! What a Map state reads when it starts: its items, how many run at a time, and how many may fail.

use crate::Value;
use crate::value::{Array, Number as JsonNumber, Object};

use super::super::view::{Given, View};
use super::super::wait::whole_number;
use crate::failure::Failure;
use crate::limits::{MAX_DISTRIBUTED_CONCURRENCY, MAX_INLINE_CONCURRENCY, MAX_PAYLOAD_BYTES};
use crate::model::{Batch, Flow, Items, MapState, Number};

impl View<'_> {
    pub(super) fn items(&self, map: &MapState, input: &Value) -> Result<Array, Failure> {
        match &map.items {
            Items::Input => match (input, &self.state.flow) {
                (Value::Array(items), _) => Ok(items.clone()),
                (_, Flow::JsonPath(_)) => Err(self.runtime("Reference path \"$\" must point to array.")),
                (other, Flow::Jsonata(_)) => {
                    let problem = format!("Map state input must be an array but was: {other}");
                    Err(Failure::evaluation("Items", self.located(problem)))
                }
            },
            Items::Path(path) => match self.select(path, input)? {
                Value::Array(items) => Ok(items),
                _ => Err(self.runtime(format!(
                    "Reference path \"{}\" must point to array.",
                    path.as_str()
                ))),
            },
            Items::Jsonata(template) => {
                match self.jsonata_template("Items", template, Given::input(input))? {
                    Value::Array(items) => Ok(items),
                    other => {
                        let problem = format!("The field 'Items' must be an array but was: {other}");
                        Err(Failure::evaluation("Items", self.located(problem)))
                    }
                }
            }
            Items::Expression(expression) => match self.jsonata("Items", expression, Given::input(input))? {
                Value::Array(items) => Ok(items),
                other => Err(self.unexpected_type("Items", expression, "array", &other)),
            },
        }
    }

    pub(super) fn concurrency(&self, map: &MapState, input: &Value) -> Result<u32, Failure> {
        let most = if map.distributed {
            MAX_DISTRIBUTED_CONCURRENCY
        } else {
            MAX_INLINE_CONCURRENCY
        };
        let Some(number) = &map.concurrency else {
            return Ok(most);
        };
        let limit = self.integer(number, "MaxConcurrency", input)?;
        Ok(match u32::try_from(limit) {
            Ok(0) => most,
            Ok(limit) => limit.min(most),
            Err(_) => most,
        })
    }

    /// How many of the iterations may fail; `None` when the first failure is the Map state's own.
    pub(super) fn tolerated(
        &self,
        map: &MapState,
        input: &Value,
        length: usize,
    ) -> Result<Option<u32>, Failure> {
        let count = match &map.tolerated_count {
            Some(number) => Some(self.integer(number, "ToleratedFailureCount", input)?),
            None => None,
        };
        let percentage = match &map.tolerated_percentage {
            Some(number) => Some(self.percentage(number, input)?),
            None => None,
        };
        // Either bound alone can end the Map; a bound that is not given does not.
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss
        )]
        let by_percentage = percentage.map(|percentage| (length as f64 * percentage / 100.0).floor() as u32);
        let by_count = count.map(|count| u32::try_from(count).unwrap_or(u32::MAX));
        Ok(match (by_count, by_percentage) {
            (Some(count), Some(percentage)) => Some(count.min(percentage)),
            (Some(bound), None) | (None, Some(bound)) => Some(bound),
            (None, None) => None,
        })
    }

    /// A whole number that is not negative; a text that holds one is taken too.
    fn integer(&self, number: &Number, name: &str, input: &Value) -> Result<u64, Failure> {
        let value = self.number(number, input)?;
        let integer = whole_number(&value).or_else(|| value.as_str()?.parse().ok());
        let Some(integer) = integer else {
            return Err(self.not_a(number, "integer", &value));
        };
        u64::try_from(integer)
            .map_err(|_negative| self.out_of_bounds(number, format!("{name} cannot be negative.")))
    }

    fn percentage(&self, number: &Number, input: &Value) -> Result<f64, Failure> {
        let value = self.number(number, input)?;
        let float = value
            .as_number()
            .and_then(JsonNumber::as_f64)
            .or_else(|| value.as_str()?.parse().ok());
        let Some(float) = float else {
            return Err(self.not_a(number, "float", &value));
        };
        if (0.0..=100.0).contains(&float) {
            Ok(float)
        } else {
            Err(self.out_of_bounds(
                number,
                "ToleratedFailurePercentage must be between 0 and 100.".to_owned(),
            ))
        }
    }

    fn not_a(&self, number: &Number, kind: &str, value: &Value) -> Failure {
        let shown = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        match number {
            Number::Path { field, text, .. } => self.runtime(format!(
                "The {field} field refers to value \"{shown}\" which is not a valid {kind}: {text}"
            )),
            Number::Jsonata { field, expression } => {
                let expected = if kind == "float" { "number" } else { kind };
                self.unexpected_type(field, expression, expected, value)
            }
            Number::Literal(_) => self.runtime(format!("\"{shown}\" is not a valid {kind}")),
        }
    }

    fn out_of_bounds(&self, number: &Number, problem: String) -> Failure {
        match number {
            Number::Jsonata { field, .. } => Failure::evaluation(*field, self.located(problem)),
            Number::Path { .. } | Number::Literal(_) => self.runtime(problem),
        }
    }

    /// The items put together as `ItemBatcher` says, each item after the selector.
    pub(super) fn batches(
        mut self,
        map: &MapState,
        batch: &Batch,
        input: &Value,
        items: &Array,
    ) -> Result<Vec<Value>, Failure> {
        let bound = |number: &Option<Number>, name: &str| match number {
            Some(number) => self
                .integer(number, name, input)
                .map(|bound| usize::try_from(bound).unwrap_or(usize::MAX)),
            None => Ok(usize::MAX),
        };
        let most_items = bound(&batch.max_items, "MaxItemsPerBatch")?.max(1);
        let most_bytes = bound(&batch.max_bytes, "MaxInputBytesPerBatch")?.clamp(1, MAX_PAYLOAD_BYTES);
        let common = match &batch.input {
            Some(data) => Some(self.data(data, Given::input(input))?),
            None => None,
        };
        let fixed_bytes = common.as_ref().map_or(0, |common| common.extent().bytes) + 32;
        let (mut batches, mut current, mut bytes) = (Vec::new(), Vec::new(), fixed_bytes);
        for (index, item) in items.iter().enumerate() {
            let item = match &map.selector {
                Some(selector) => {
                    self.put_item(index, item);
                    self.data(selector, Given::input(input))?
                }
                None => item.clone(),
            };
            let item_bytes = item.extent().bytes + 1;
            if !current.is_empty() && (current.len() >= most_items || bytes + item_bytes > most_bytes) {
                batches.push(batch_of(common.as_ref(), std::mem::take(&mut current)));
                bytes = fixed_bytes;
            }
            bytes += item_bytes;
            current.push(item);
        }
        if !current.is_empty() {
            batches.push(batch_of(common.as_ref(), current));
        }
        Ok(batches)
    }
}

fn batch_of(common: Option<&Value>, items: Vec<Value>) -> Value {
    let common = common.map(|common| ("BatchInput".into(), common.clone()));
    let items = ("Items".into(), Value::from(items));
    Object::from_iter(common.into_iter().chain([items])).into()
}
