//! The change feed: changes numbered without a gap, each under its number.
//!
//! DynamoDB's stream has an order for each of its shards, a feed has one for all. So `order-feed` gives each record of the
//! stream the next number, in one transaction with the counter, and keeps it for 24 hours. A page is then a batch of keys that
//! are known before they are read.

mod append;

use domain::Timestamp;
use ports::StoreError;
use ports::feed::{ChangeFeed, ChangeRecord};

use crate::environment::Variable;
use crate::error::{Damaged, store_error};
use crate::item::{Attributes, Reader, text};
use crate::store::{Store, call};
use crate::time::now;
use crate::transact::{n, s};

/// For how long a change is kept.
pub(crate) const KEPT_MS: i64 = 24 * 3_600_000;

/// The most keys of one BatchGetItem.
const MAX_KEYS: u64 = 100;

/// The most changes of one page.
const MAX_LIMIT: u32 = 1_000;

/// The most bytes of one page, as they stand in the function's answer: JSON within a JSON text. Lambda takes 6 MB.
const MAX_PAGE_BYTES: usize = 4_000_000;

/// What a change has besides its images, in bytes.
const FRAME_BYTES: usize = 256;

/// The key of the change with this number.
pub(crate) fn change_key(number: u64) -> Attributes {
    table_key(format!("change#{number}"), "change")
}

/// The key of the counter of changes.
pub(crate) fn counter_key() -> Attributes {
    table_key("changes", "latest")
}

/// A key of the analytics table.
pub(crate) fn table_key(pk: impl Into<String>, sk: impl Into<String>) -> Attributes {
    Attributes::from([("pk".to_owned(), s(pk.into())), ("sk".to_owned(), s(sk.into()))])
}

impl ChangeFeed for Store {
    async fn read_changes(&self, after: u64, limit: u32) -> Result<Vec<ChangeRecord>, StoreError> {
        let limit = u64::from(limit.clamp(1, MAX_LIMIT));
        let latest = self.latest_number().await?;
        let first = match self.change(after.saturating_add(1), latest).await? {
            Some(_) => after.saturating_add(1),
            None => self.first_kept(after.saturating_add(1), latest).await?,
        };
        let last = latest.min(first.saturating_add(limit - 1));
        let mut page = Vec::new();
        let mut page_bytes = 0;
        let mut from = first;
        while from <= last {
            let to = last.min(from + MAX_KEYS - 1);
            let mut stored = self.changes(from, to).await?;
            stored.sort_unstable_by_key(|stored| stored.change.sequence_number);
            for Stored { change, bytes } in stored {
                page_bytes += bytes;
                // A page goes on where the one before ended, so one change at least.
                if page_bytes > MAX_PAGE_BYTES && !page.is_empty() {
                    return Ok(page);
                }
                page.push(change);
            }
            from = to + 1;
        }
        Ok(page)
    }
}

/// A change as it was kept.
struct Stored {
    change: ChangeRecord,
    /// How much of the function's answer it takes.
    bytes: usize,
}

impl Store {
    /// The number of the newest change; 0 before there is one.
    pub(crate) async fn latest_number(&self) -> Result<u64, StoreError> {
        let request = self
            .dynamodb()
            .get_item()
            .table_name(self.name(Variable::AnalyticsTable)?)
            .set_key(Some(counter_key()))
            .consistent_read(true);
        let answer = call("dynamodb", "GetItem", request.send())
            .await
            .map_err(store_error)?;
        let Some(item) = answer.item else { return Ok(0) };
        let reader = Reader {
            item: &item,
            of: "the counter of changes",
        };
        Ok(reader.number("number")?)
    }

    /// The first number from `first` to `latest` whose change is still kept; one more than `latest` when none is. Changes
    /// expire in the order of their numbers, so it is looked for by halves.
    async fn first_kept(&self, first: u64, latest: u64) -> Result<u64, StoreError> {
        let (mut low, mut high) = (first, latest.saturating_add(1));
        while low < high {
            let middle = low + (high - low) / 2;
            if self.change(middle, latest).await?.is_some() {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        Ok(low)
    }

    async fn change(&self, number: u64, latest: u64) -> Result<Option<Stored>, StoreError> {
        if number > latest {
            return Ok(None);
        }
        Ok(self.changes(number, number).await?.pop())
    }

    /// The changes of these numbers, in any order, without those that have expired.
    async fn changes(&self, from: u64, to: u64) -> Result<Vec<Stored>, StoreError> {
        let keys = (from..=to).map(change_key).collect();
        let items = self.batch_get(Variable::AnalyticsTable, keys).await?;
        let mut changes = Vec::with_capacity(items.len());
        for item in &items {
            changes.extend(read_change(item, now())?);
        }
        Ok(changes)
    }
}

/// The change of an item; `None` for one that has expired and is still there.
fn read_change(item: &Attributes, now: Timestamp) -> Result<Option<Stored>, Damaged> {
    let reader = Reader { item, of: "a change" };
    let at: Timestamp = reader.parsed("at")?;
    if at.as_ms() + KEPT_MS <= now.as_ms() {
        return Ok(None);
    }
    let image = |name: &'static str| {
        let json = reader.optional(name);
        json.map(|json| serde_json::from_str(&json).map_err(|_| reader.damaged(name)))
            .transpose()
    };
    let images = ["oldImage", "newImage"].map(|name| text(item, name).map_or(0, answer_bytes));
    let change = ChangeRecord {
        sequence_number: reader.number("number")?,
        event_name: match reader.required("eventName")? {
            "INSERT" => "INSERT",
            "MODIFY" => "MODIFY",
            "REMOVE" => "REMOVE",
            _ => return Err(reader.damaged("eventName")),
        },
        at,
        old_image: image("oldImage")?,
        new_image: image("newImage")?,
    };
    Ok(Some(Stored {
        change,
        bytes: FRAME_BYTES + images.iter().sum::<usize>(),
    }))
}

/// The bytes of a JSON text within another: quotes and backslashes take two.
fn answer_bytes(json: &str) -> usize {
    json.len() + json.bytes().filter(|byte| matches!(byte, b'"' | b'\\')).count()
}

/// The item of a change.
pub(crate) fn change_item(change: &ChangeRecord) -> Attributes {
    let mut item = change_key(change.sequence_number);
    item.insert("number".to_owned(), n(change.sequence_number));
    item.insert("eventName".to_owned(), s(change.event_name));
    item.insert("at".to_owned(), s(change.at.to_string()));
    for (name, image) in [("oldImage", &change.old_image), ("newImage", &change.new_image)] {
        if let Some(image) = image {
            item.insert(name.to_owned(), s(image.to_string()));
        }
    }
    let expires_at = Timestamp::from_ms(change.at.as_ms() + KEPT_MS);
    item.insert("expiresAt".to_owned(), n(crate::time::epoch_s(expires_at)));
    item
}
