//! CloudFormation's functions by their names.

/// A function that a template can call instead of giving a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Intrinsic {
    Ref,
    GetAtt,
    Sub,
    Join,
    Select,
    Split,
    FindInMap,
    If,
    Equals,
    Not,
    And,
    Or,
    Condition,
    Base64,
    Cidr,
    GetAZs,
    ImportValue,
    Length,
    ToJsonString,
    Transform,
}

impl Intrinsic {
    const ALL: [(Self, &'static str); 20] = [
        (Self::Ref, "Ref"),
        (Self::GetAtt, "Fn::GetAtt"),
        (Self::Sub, "Fn::Sub"),
        (Self::Join, "Fn::Join"),
        (Self::Select, "Fn::Select"),
        (Self::Split, "Fn::Split"),
        (Self::FindInMap, "Fn::FindInMap"),
        (Self::If, "Fn::If"),
        (Self::Equals, "Fn::Equals"),
        (Self::Not, "Fn::Not"),
        (Self::And, "Fn::And"),
        (Self::Or, "Fn::Or"),
        (Self::Condition, "Condition"),
        (Self::Base64, "Fn::Base64"),
        (Self::Cidr, "Fn::Cidr"),
        (Self::GetAZs, "Fn::GetAZs"),
        (Self::ImportValue, "Fn::ImportValue"),
        (Self::Length, "Fn::Length"),
        (Self::ToJsonString, "Fn::ToJsonString"),
        (Self::Transform, "Fn::Transform"),
    ];

    /// Its name in the long form, such as `Fn::Sub`.
    pub fn name(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(function, _)| *function == self)
            .map_or("", |(_, name)| name)
    }

    /// From `Sub`, as in `!Sub`.
    pub fn from_tag(tag: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .find(|(_, name)| name.strip_prefix("Fn::").unwrap_or(name) == tag)
            .map(|(function, _)| *function)
    }

    /// From `Fn::Sub`, the only key of a mapping. `Condition` is not one: such a key is also an ordinary property.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .find(|(function, name)| *name == key && *function != Self::Condition)
            .map(|(function, _)| *function)
    }
}
