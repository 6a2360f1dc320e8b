//! Reads one mapping: each property that is asked for is checked; what nobody asks for is told at the end.

use std::collections::BTreeSet;

use rust_decimal::Decimal;

use crate::fault::{Ignored, Place, Position, Problem};
use crate::kind::Kind;
use crate::meaningless::{self, Known};
use crate::model::{LogicalId, Seconds};
use crate::resolve::{Failed, Resolver};
use crate::shape::Shape;
use crate::yaml::{Node, Value, pointer_to};

/// A value and its JSON pointer.
pub(crate) struct Located {
    pub node: Node,
    pub pointer: String,
}

/// A mapping that is being read. Every method gives `None` for what is not there, and for what is wrong: then the fault
/// is in the report, and nothing will be made of the template, so the caller may go on with whatever it likes.
pub(crate) struct Section<'c, 't> {
    pub cx: &'c Resolver<'t>,
    pub at: Located,
    shape: Shape,
    asked: BTreeSet<&'static str>,
}

impl<'c, 't> Section<'c, 't> {
    /// Opens what is at `at`, which must be a mapping.
    pub fn open(cx: &'c Resolver<'t>, at: Located, shape: Shape) -> Option<Self> {
        if matches!(at.node.value, Value::Map(_)) {
            return Some(Self {
                cx,
                at,
                shape,
                asked: BTreeSet::new(),
            });
        }
        let problem = Problem::WrongShape {
            expected: "a mapping",
            found: at.node.shape(),
        };
        cx.fault(at.node.position, &at.pointer, problem);
        None
    }

    pub fn fault(&self, problem: Problem) {
        self.cx.fault(self.at.node.position, &self.at.pointer, problem);
    }

    /// Reports `problem` at the property `name`, or at the mapping where it is not there.
    pub fn fault_at(&self, name: &str, problem: Problem) {
        match self.at.node.get(name) {
            Some(node) => self
                .cx
                .fault(node.position, &pointer_to(&self.at.pointer, name), problem),
            None => self.fault(problem),
        }
    }

    /// Reports that `name` is missing, if it is. Then reading it gives `None`, but never without a fault.
    pub fn require(&mut self, name: &'static str) -> &mut Self {
        let pointer = pointer_to(&self.at.pointer, name);
        let value = self
            .at
            .node
            .get(name)
            .map_or(Ok(None), |node| self.cx.resolve(node, &pointer));
        if value == Ok(None) {
            self.fault(Problem::Missing {
                property: name.to_owned(),
            });
        }
        self
    }

    /// The value of `name`, its function computed. `AWS::NoValue` is as if it were not there.
    pub fn value(&mut self, name: &'static str) -> Option<Located> {
        self.asked.insert(name);
        let node = self.at.node.get(name)?;
        let pointer = pointer_to(&self.at.pointer, name);
        match self.cx.resolve(node, &pointer) {
            Ok(node) => node.map(|node| Located {
                node: node.into_owned(),
                pointer,
            }),
            Err(Failed) => None,
        }
    }

    /// The place of `name`, for faults that come later.
    pub fn position(&self, name: &str) -> Position {
        self.at
            .node
            .get(name)
            .map_or(self.at.node.position, |node| node.position)
    }

    pub fn text(&mut self, name: &'static str) -> Option<String> {
        let at = self.value(name)?;
        self.cx.text(&at.node, &at.pointer).ok().flatten()
    }

    /// A text that may be empty, as a parameter's default may; `Default:` with nothing behind it is the empty text.
    pub fn text_or_empty(&mut self, name: &'static str) -> Option<String> {
        let at = self.value(name)?;
        if at.node.shape() == "nothing" {
            return Some(String::new());
        }
        self.cx.text(&at.node, &at.pointer).ok().flatten()
    }

    /// A whole number from `min` to `max`, with or without quotes.
    pub fn whole(&mut self, name: &'static str, min: u32, max: u32) -> Option<u32> {
        let found = self.text(name)?;
        match found.parse() {
            Ok(number) if (min..=max).contains(&number) => Some(number),
            Ok(_) | Err(_) => {
                self.fault_at(
                    name,
                    Problem::NotInRange {
                        found,
                        min: min.into(),
                        max: max.into(),
                    },
                );
                None
            }
        }
    }

    pub fn seconds(&mut self, name: &'static str, min: u32, max: u32) -> Option<Seconds> {
        self.whole(name, min, max).map(Seconds)
    }

    /// A decimal number of `min` or more, with all its digits.
    pub fn decimal(&mut self, name: &'static str, min: Decimal) -> Option<Decimal> {
        let found = self.text(name)?;
        match Decimal::from_str_exact(&found) {
            Ok(number) if number >= min => Some(number),
            Ok(_) | Err(_) => {
                let min = i64::try_from(min).unwrap_or(i64::MIN);
                self.fault_at(name, Problem::NotNumber { found, min });
                None
            }
        }
    }

    pub fn flag(&mut self, name: &'static str) -> Option<bool> {
        self.word(name, &[("true", true), ("false", false)])
    }

    /// One of the words of `table`.
    pub fn word<T: Copy>(&mut self, name: &'static str, table: &[(&str, T)]) -> Option<T> {
        let found = self.text(name)?;
        let value = table
            .iter()
            .find(|(word, _)| *word == found)
            .map(|(_, value)| *value);
        if value.is_none() {
            let words: Vec<&str> = table.iter().map(|(word, _)| *word).collect();
            self.fault_at(
                name,
                Problem::NotOneOf {
                    found,
                    allowed: words.join(", "),
                },
            );
        }
        value
    }

    /// The items of a list, their functions computed.
    pub fn list(&mut self, name: &'static str) -> Vec<Located> {
        let Some(at) = self.value(name) else {
            return Vec::new();
        };
        let Value::List(items) = at.node.value else {
            self.fault_at(
                name,
                Problem::WrongShape {
                    expected: "a list",
                    found: at.node.shape(),
                },
            );
            return Vec::new();
        };
        let items = items.into_iter().enumerate().filter_map(|(index, item)| {
            let pointer = format!("{}/{index}", at.pointer);
            let node = self.cx.resolve(&item, &pointer).ok().flatten()?.into_owned();
            Some(Located { node, pointer })
        });
        items.collect()
    }

    pub fn texts(&mut self, name: &'static str) -> Vec<String> {
        let cx = self.cx;
        self.list(name)
            .iter()
            .filter_map(|item| cx.text(&item.node, &item.pointer).ok().flatten())
            .collect()
    }

    pub fn section(&mut self, name: &'static str, shape: Shape) -> Option<Self> {
        let at = self.value(name)?;
        Self::open(self.cx, at, shape)
    }

    /// The mappings of a list.
    pub fn sections(&mut self, name: &'static str, shape: Shape) -> Vec<Self> {
        let cx = self.cx;
        self.list(name)
            .into_iter()
            .filter_map(|item| Self::open(cx, item, shape))
            .collect()
    }

    /// The entries of a mapping with keys of its own, their functions computed.
    pub fn entries(&mut self, name: &'static str) -> Vec<(String, Located)> {
        let Some(at) = self.value(name) else {
            return Vec::new();
        };
        let Value::Map(entries) = at.node.value else {
            self.fault_at(
                name,
                Problem::WrongShape {
                    expected: "a mapping",
                    found: at.node.shape(),
                },
            );
            return Vec::new();
        };
        let entries = entries.into_iter().filter_map(|entry| {
            let pointer = pointer_to(&at.pointer, &entry.key);
            let node = self
                .cx
                .resolve(&entry.value, &pointer)
                .ok()
                .flatten()?
                .into_owned();
            Some((entry.key, Located { node, pointer }))
        });
        entries.collect()
    }

    /// A mapping that is read elsewhere.
    pub fn mapping(&mut self, name: &'static str) {
        self.asked.insert(name);
        if let Some(node) = self.at.node.get(name)
            && !matches!(node.value, Value::Map(_))
        {
            self.fault_at(
                name,
                Problem::WrongShape {
                    expected: "a mapping",
                    found: node.shape(),
                },
            );
        }
    }

    /// A mapping of texts to texts.
    pub fn text_map(&mut self, name: &'static str) -> std::collections::BTreeMap<String, String> {
        let cx = self.cx;
        self.entries(name)
            .into_iter()
            .filter_map(|(key, at)| Some((key, cx.text(&at.node, &at.pointer).ok().flatten()?)))
            .collect()
    }

    /// The resource of `kind` that the text of `name` stands for.
    pub fn reference(&mut self, name: &'static str, kind: Kind) -> Option<LogicalId> {
        let found = self.text(name)?;
        match self.cx.find(kind, &found) {
            Some(id) => Some(LogicalId(id.to_owned())),
            None => {
                self.fault_at(
                    name,
                    Problem::NotA {
                        expected: kind.noun(),
                        found,
                    },
                );
                None
            }
        }
    }

    /// Tells what was there and not asked for.
    pub fn finish(self) {
        let Value::Map(entries) = &self.at.node.value else {
            return;
        };
        for entry in entries
            .iter()
            .filter(|entry| !self.asked.contains(entry.key.as_str()))
        {
            let pointer = pointer_to(&self.at.pointer, &entry.key);
            match meaningless::property(self.shape, &entry.key) {
                Known::Meaningless => {}
                Known::Refused(reason) => self.refuse(entry.position, &entry.value, &pointer, reason),
                Known::Unknown => {
                    let property = entry.key.clone();
                    let what = Ignored::Property {
                        property,
                        kind: self.shape.label(),
                    };
                    self.cx.report.warn(
                        Place {
                            position: entry.position,
                            pointer,
                        },
                        what,
                    );
                }
            }
        }
    }

    /// Refuses a property, unless it is switched off or not there in the end.
    fn refuse(&self, position: Position, node: &Node, pointer: &str, reason: &'static str) {
        let Ok(Some(value)) = self.cx.resolve(node, pointer) else {
            return;
        };
        let off =
            matches!(&value.value, Value::Scalar(scalar) if matches!(scalar.text.as_str(), "false" | ""));
        if !off {
            let property = pointer.rsplit('/').next().unwrap_or(pointer);
            let what = format!("{property} of {}", self.shape.label());
            self.cx
                .fault(position, pointer, Problem::Refused { what, reason });
        }
    }
}
