//! The intrinsic functions by name, and how many arguments each takes.

use std::ops::RangeInclusive;

/// An intrinsic function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Function {
    Array,
    ArrayContains,
    ArrayGetItem,
    ArrayLength,
    ArrayPartition,
    ArrayRange,
    ArrayUnique,
    Base64Decode,
    Base64Encode,
    Format,
    Hash,
    JsonMerge,
    JsonToString,
    MathAdd,
    MathRandom,
    StringSplit,
    StringToJson,
    Uuid,
}

impl Function {
    pub(super) const ALL: [Self; 18] = [
        Self::Array,
        Self::ArrayContains,
        Self::ArrayGetItem,
        Self::ArrayLength,
        Self::ArrayPartition,
        Self::ArrayRange,
        Self::ArrayUnique,
        Self::Base64Decode,
        Self::Base64Encode,
        Self::Format,
        Self::Hash,
        Self::JsonMerge,
        Self::JsonToString,
        Self::MathAdd,
        Self::MathRandom,
        Self::StringSplit,
        Self::StringToJson,
        Self::Uuid,
    ];

    /// The function of a name without its `States.`.
    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|function| function.name() == name)
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Array => "Array",
            Self::ArrayContains => "ArrayContains",
            Self::ArrayGetItem => "ArrayGetItem",
            Self::ArrayLength => "ArrayLength",
            Self::ArrayPartition => "ArrayPartition",
            Self::ArrayRange => "ArrayRange",
            Self::ArrayUnique => "ArrayUnique",
            Self::Base64Decode => "Base64Decode",
            Self::Base64Encode => "Base64Encode",
            Self::Format => "Format",
            Self::Hash => "Hash",
            Self::JsonMerge => "JsonMerge",
            Self::JsonToString => "JsonToString",
            Self::MathAdd => "MathAdd",
            Self::MathRandom => "MathRandom",
            Self::StringSplit => "StringSplit",
            Self::StringToJson => "StringToJson",
            Self::Uuid => "UUID",
        }
    }

    /// How many arguments the function takes.
    pub(super) fn arity(self) -> RangeInclusive<usize> {
        match self {
            Self::Array => 0..=usize::MAX,
            Self::Format => 1..=usize::MAX,
            Self::Uuid => 0..=0,
            Self::ArrayLength
            | Self::ArrayUnique
            | Self::Base64Decode
            | Self::Base64Encode
            | Self::JsonToString
            | Self::StringToJson => 1..=1,
            Self::ArrayContains
            | Self::ArrayGetItem
            | Self::ArrayPartition
            | Self::Hash
            | Self::MathAdd
            | Self::StringSplit => 2..=2,
            Self::MathRandom => 2..=3,
            Self::ArrayRange | Self::JsonMerge => 3..=3,
        }
    }
}
