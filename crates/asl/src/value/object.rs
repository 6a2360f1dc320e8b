//! Objects.

use std::collections::HashMap;
use std::sync::Arc;

use smol_str::SmolStr;

use super::extent::{Kept, text_bytes};
use super::{Extent, Value};

/// A name and its value.
pub type Member = (SmolStr, Value);

/// The largest object whose members are told apart by looking at each. A payload's objects are nearly all smaller; a
/// hash would cost more.
const SMALL: usize = 32;

/// The members of an object in the order in which they were given, shared. No two have the same name.
#[derive(Debug, Clone)]
pub struct Object {
    members: Arc<[Member]>,
    extent: Kept,
}

impl Object {
    /// How many members it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether it is `{}`.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// The member of that name. Takes time in proportion to the object's size.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        let member = self.members.iter().find(|(other, _)| other == name);
        member.map(|(_, value)| value)
    }

    /// The members in their order.
    pub fn iter(&self) -> std::slice::Iter<'_, Member> {
        self.members.iter()
    }

    /// The names in the members' order.
    pub fn keys(&self) -> impl ExactSizeIterator<Item = &SmolStr> {
        self.members.iter().map(|(name, _)| name)
    }

    /// The values in the members' order.
    pub fn values(&self) -> impl ExactSizeIterator<Item = &Value> {
        self.members.iter().map(|(_, value)| value)
    }

    /// The length of its text as JSON and how deep it nests.
    #[must_use]
    pub fn extent(&self) -> Extent {
        self.extent.into()
    }

    /// The same object with this member: in its place if there was one of that name, or else at the end.
    #[must_use]
    pub fn with(&self, name: &str, value: Value) -> Object {
        let Some(at) = self.members.iter().position(|(other, _)| other == name) else {
            let comma = usize::from(!self.is_empty());
            let member = value.extent().beside(comma + text_bytes(name) + 1);
            let added = std::iter::once((SmolStr::from(name), value));
            return Object {
                members: self.members.iter().cloned().chain(added).collect(),
                extent: self.extent().and(member).into(),
            };
        };
        let mut members = Arc::clone(&self.members);
        if let Some((_, member)) = Arc::make_mut(&mut members).get_mut(at) {
            *member = value;
        }
        Object::of_distinct(members)
    }

    /// The same object with values in the place of nulls: `fill` gives them by their place among the members.
    ///
    /// # Errors
    /// The first of `fill`.
    pub fn try_fill<E>(&self, mut fill: impl FnMut(usize) -> Option<Result<Value, E>>) -> Result<Object, E> {
        let mut members = Arc::<[Member]>::from(&self.members[..]);
        let mut extent = self.extent();
        for (at, (_, value)) in Arc::make_mut(&mut members).iter_mut().enumerate() {
            if matches!(value, Value::Null)
                && let Some(filled) = fill(at)
            {
                let filled = filled?;
                extent.bytes = extent.bytes.saturating_sub("null".len());
                extent = extent.and(filled.extent());
                *value = filled;
            }
        }
        Ok(Object {
            members,
            extent: extent.into(),
        })
    }

    /// Members that are known to have different names.
    fn of_distinct(members: Arc<[Member]>) -> Object {
        let parts = members.iter();
        let extent = Extent::around(parts.map(|(name, value)| value.extent().beside(text_bytes(name) + 1)));
        Object {
            members,
            extent: extent.into(),
        }
    }
}

impl Default for Object {
    fn default() -> Object {
        Object::of_distinct(Arc::default())
    }
}

impl FromIterator<Member> for Object {
    /// The last member of a name gives it its value, the first its place.
    fn from_iter<I: IntoIterator<Item = Member>>(members: I) -> Object {
        let members: Arc<[Member]> = members.into_iter().collect();
        Object::of_distinct(distinct(members))
    }
}

impl<const N: usize> From<[(&str, Value); N]> for Object {
    fn from(members: [(&str, Value); N]) -> Object {
        members
            .into_iter()
            .map(|(name, value)| (name.into(), value))
            .collect()
    }
}

impl<'a> IntoIterator for &'a Object {
    type Item = &'a Member;
    type IntoIter = std::slice::Iter<'a, Member>;

    fn into_iter(self) -> Self::IntoIter {
        self.members.iter()
    }
}

/// Whatever the order of the members, as JSON means it.
impl PartialEq for Object {
    fn eq(&self, other: &Object) -> bool {
        self.len() == other.len()
            && self.extent == other.extent
            && self.iter().all(|(name, value)| other.get(name) == Some(value))
    }
}

impl Eq for Object {}

/// The members with every name once.
fn distinct(members: Arc<[Member]>) -> Arc<[Member]> {
    let repeats = if members.len() <= SMALL {
        let named_before =
            |(at, (name, _)): (usize, &Member)| members[..at].iter().any(|(earlier, _)| earlier == name);
        members.iter().enumerate().any(named_before)
    } else {
        true
    };
    if !repeats {
        return members;
    }
    let mut places: HashMap<&str, usize> = HashMap::with_capacity(members.len());
    let mut kept: Vec<Member> = Vec::with_capacity(members.len());
    for (name, value) in members.iter() {
        let place = *places.entry(name).or_insert(kept.len());
        match kept.get_mut(place) {
            Some((_, earlier)) => *earlier = value.clone(),
            None => kept.push((name.clone(), value.clone())),
        }
    }
    kept.into()
}
