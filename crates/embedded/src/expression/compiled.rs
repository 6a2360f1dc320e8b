//! Expressions kept as they were compiled, by their text and names: a state's are the same for every execution.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use asl::value::Object;

use super::{Condition, ExpressionError, Map, Projection, Update};

/// The most texts kept of each kind, and names kept for each text. A workflow has a handful; one that computes its
/// expressions has them compiled each time.
const MAX_TEXTS: usize = 256;
const MAX_NAMES: usize = 8;

/// The expressions that were met so far.
#[derive(Debug, Default)]
pub(crate) struct Expressions {
    updates: Kept<Update>,
    conditions: Kept<Condition>,
    projections: Kept<Projection>,
}

impl Expressions {
    /// [`Update::parse`], once.
    pub(crate) fn update(&self, text: &str, names: Option<&Object>) -> Result<Arc<Update>, ExpressionError> {
        self.updates.get(text, names, Update::parse)
    }

    /// [`Condition::parse`], once.
    pub(crate) fn condition(
        &self,
        text: &str,
        names: Option<&Object>,
    ) -> Result<Arc<Condition>, ExpressionError> {
        self.conditions.get(text, names, Condition::parse)
    }

    /// [`Projection::parse`], once.
    pub(crate) fn projection(
        &self,
        text: &str,
        names: Option<&Object>,
    ) -> Result<Arc<Projection>, ExpressionError> {
        self.projections.get(text, names, Projection::parse)
    }
}

/// Those of one text, by the names that they were compiled with.
type ByNames<T> = Vec<(Option<Object>, Arc<T>)>;

#[derive(Debug)]
struct Kept<T>(RwLock<HashMap<String, ByNames<T>, foldhash::fast::RandomState>>);

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self(RwLock::default())
    }
}

impl<T> Kept<T> {
    fn get(
        &self,
        text: &str,
        names: Option<&Object>,
        parse: fn(&str, Option<&Map>) -> Result<T, ExpressionError>,
    ) -> Result<Arc<T>, ExpressionError> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let found = known
            .get(text)
            .and_then(|kept| kept.iter().find(|(kept, _)| kept.as_ref() == names));
        if let Some((_, expression)) = found {
            return Ok(Arc::clone(expression));
        }
        drop(known);
        let plain = names.map(|names| {
            let members = names.iter();
            members
                .map(|(name, value)| (name.to_string(), value.into()))
                .collect::<Map>()
        });
        let expression = Arc::new(parse(text, plain.as_ref())?);
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() < MAX_TEXTS || known.contains_key(text) {
            let kept = known.entry(text.to_owned()).or_default();
            if kept.len() < MAX_NAMES {
                kept.push((names.cloned(), Arc::clone(&expression)));
            }
        }
        Ok(expression)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_is_compiled_once_for_its_text_and_names() {
        let expressions = Expressions::default();
        let names = |status: &str| Some(Object::from([("#s", status.into())]));
        let (a, b) = (names("status"), names("state"));
        let first = expressions.update("SET #s = :x", a.as_ref()).unwrap();
        let again = expressions.update("SET #s = :x", a.as_ref()).unwrap();
        let other = expressions.update("SET #s = :x", b.as_ref()).unwrap();
        assert!(Arc::ptr_eq(&first, &again));
        assert_eq!(first.targets().collect::<Vec<_>>(), ["status"]);
        assert_eq!(other.targets().collect::<Vec<_>>(), ["state"]);
        assert!(expressions.update("SET #s = :x", None).is_err());
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let expressions = Expressions::default();
        for number in 0..2 * MAX_TEXTS {
            let text = format!("SET a{number} = :x");
            assert!(expressions.update(&text, None).is_ok());
        }
        assert_eq!(expressions.updates.0.read().unwrap().len(), MAX_TEXTS);
    }
}
