//! Which attributes of an item to return.

use super::Map;
use super::error::{ExpressionError, ExpressionKind};
use super::parser::{Parser, Placeholders};

/// A compiled ProjectionExpression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Projection {
    attributes: Vec<String>,
    placeholders: Placeholders,
}

impl Projection {
    /// Compiles `text`, in which `names` says what each `#name` stands for.
    pub(crate) fn parse(text: &str, names: Option<&Map>) -> Result<Self, ExpressionError> {
        let kind = ExpressionKind::Projection;
        let mut parser = Parser::new(kind, text, names)?;
        let attributes = parser.comma_separated(Parser::attribute)?;
        let placeholders = parser.finish()?;
        for (index, path) in attributes.iter().enumerate() {
            if attributes[..index].contains(path) {
                return Err(ExpressionError::Overlap {
                    kind,
                    path: path.clone(),
                });
            }
        }
        Ok(Self {
            attributes,
            placeholders,
        })
    }

    /// The placeholders that it uses.
    pub(crate) fn placeholders(&self) -> &Placeholders {
        &self.placeholders
    }

    /// The attributes of `item` that are named and exist.
    pub(crate) fn project(&self, mut item: Map) -> Map {
        let present = self
            .attributes
            .iter()
            .filter_map(|name| item.swap_remove_entry(name));
        present.collect()
    }
}
