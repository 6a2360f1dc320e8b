//! Which resource a text stands for: the way back from a name, an ARN or a URL.

use std::collections::BTreeMap;

use super::Resolver;
use crate::fault::Problem;
use crate::kind::Kind;
use crate::yaml::pointer_to;

#[derive(Debug, Default)]
pub(super) struct Identities {
    ids: BTreeMap<(Kind, String), String>,
}

impl Identities {
    /// Of all resources; reports names that two of a kind share.
    pub fn of(resolver: &Resolver<'_>) -> Self {
        let mut identities = Self::default();
        for (id, resource) in &resolver.resources {
            let Some(kind) = Kind::of(resource.type_name) else {
                continue;
            };
            let Ok(name) = resolver.name_of(id, kind, *resource) else {
                continue;
            };
            if let Some(other) = identities.find(kind, &name) {
                let problem = Problem::NameTaken {
                    name: name.clone(),
                    other: other.to_owned(),
                };
                resolver.fault(resource.node.position, &pointer_to("/Resources", id), problem);
            }
            let attributes = ["Arn", "StreamArn"].map(|attribute| kind.attribute(&name, attribute));
            let spellings = [kind.reference(id, &name), kind.arn(&name), name.clone()];
            for text in attributes.into_iter().flatten().chain(spellings) {
                identities.ids.insert((kind, text), (*id).to_owned());
            }
        }
        identities
    }

    pub fn find(&self, kind: Kind, text: &str) -> Option<&str> {
        self.ids.get(&(kind, text.to_owned())).map(String::as_str)
    }
}
