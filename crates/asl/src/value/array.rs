//! Arrays.

use std::ops::Deref;
use std::sync::Arc;

use super::extent::Kept;
use super::{Extent, Value};

/// The elements of an array, shared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Array {
    elements: Arc<[Value]>,
    extent: Kept,
}

impl Array {
    /// The length of its text as JSON and how deep it nests.
    #[must_use]
    pub fn extent(&self) -> Extent {
        self.extent.into()
    }

    /// The same array with another element at a place; `None` when it has no such place.
    #[must_use]
    pub fn with(&self, at: usize, value: Value) -> Option<Array> {
        let mut elements = Arc::clone(&self.elements);
        *Arc::make_mut(&mut elements).get_mut(at)? = value;
        Some(elements.into())
    }
}

impl<E: Into<Arc<[Value]>>> From<E> for Array {
    fn from(elements: E) -> Array {
        let elements = elements.into();
        let extent = Extent::around(elements.iter().map(Value::extent)).into();
        Array { elements, extent }
    }
}

impl FromIterator<Value> for Array {
    fn from_iter<I: IntoIterator<Item = Value>>(elements: I) -> Array {
        elements.into_iter().collect::<Arc<[Value]>>().into()
    }
}

impl Deref for Array {
    type Target = [Value];

    fn deref(&self) -> &[Value] {
        &self.elements
    }
}

impl<'a> IntoIterator for &'a Array {
    type Item = &'a Value;
    type IntoIter = std::slice::Iter<'a, Value>;

    fn into_iter(self) -> Self::IntoIter {
        self.elements.iter()
    }
}
