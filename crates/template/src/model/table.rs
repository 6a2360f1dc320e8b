//! A table, its keys, indexes and stream.

use super::{Arn, LogicalId};

/// An `AWS::DynamoDB::Table`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its key in the template, such as `OrdersTable`.
    pub id: LogicalId,
    /// `TableName`, or the logical id where there is none.
    pub name: String,
    /// The local ARN.
    pub arn: Arn,
    /// The primary key.
    pub key: KeySchema,
    /// Global secondary indexes, in the template's order.
    pub indexes: Vec<SecondaryIndex>,
    /// What the stream shows of a change; `None` is no stream.
    pub stream: Option<StreamView>,
    /// The attribute that holds the Unix second after which an item is dropped.
    pub time_to_live: Option<String>,
}

/// The attributes of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeySchema {
    /// The HASH attribute.
    pub partition: KeyAttribute,
    /// The RANGE attribute of a composite key.
    pub sort: Option<KeyAttribute>,
}

/// One attribute of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyAttribute {
    /// Its name.
    pub name: String,
    /// Its type.
    pub kind: AttributeType,
}

/// The types that a key attribute can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttributeType {
    /// `S`, ordered by its UTF-8 bytes.
    String,
    /// `N`, ordered as a number.
    Number,
    /// `B`, ordered by its bytes.
    Binary,
}

/// A global secondary index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecondaryIndex {
    /// Its name, such as `status-index`.
    pub name: String,
    /// Its key.
    pub key: KeySchema,
    /// Which attributes it holds.
    pub projection: Projection,
}

/// Which attributes an index holds besides its own key and the table's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Projection {
    /// All.
    All,
    /// None.
    KeysOnly,
    /// The named ones.
    Include(Vec<String>),
}

/// What a stream record shows of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamView {
    /// The key alone.
    KeysOnly,
    /// The item afterwards.
    NewImage,
    /// The item before.
    OldImage,
    /// Both.
    NewAndOldImages,
}
