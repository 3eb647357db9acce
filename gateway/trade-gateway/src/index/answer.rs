//! What the index answers, as JSON.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use trade_index::{EventId, EventPage, FoundPage, History, IndexedEvent, ListPage, ListRow, Version};

/// On which blocks an answer rests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AsOf {
    /// The MSP id of the organization whose peer gave the blocks.
    #[schemars(regex(pattern = r"^[A-Za-z0-9][A-Za-z0-9.-]{0,63}$"), example = &"ExporterMSP")]
    pub organization: String,
    /// The newest of them; all before it are read, too.
    pub block: u64,
}

/// Where a record was last changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChangedAt {
    /// The block.
    pub block: u64,
    /// The transaction's place in it, from 0.
    pub place: u32,
}

/// One row of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ListedRow {
    /// The parts of the record's key with slashes between.
    #[schemars(length(min = 1, max = 4000), example = &"ExporterMSP/INV-7")]
    pub id: String,
    /// The record with what belongs to it; with `fields` only these of it.
    pub record: Value,
    /// The last change of the record or of what belongs to it.
    pub changed: ChangedAt,
    /// Whether the organizations for which it speaks have made it, and what belongs to it. Absent where it speaks for
    /// nobody: contracts compute it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authenticated: Option<bool>,
    /// What was not made by its authors, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flaws: Vec<String>,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ListAnswer {
    /// The rows, in the order that was asked for.
    pub rows: Vec<ListedRow>,
    /// Give it as `after` to read on; absent at the end. The header `Link` has the whole address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 4000), example = &"eyJzIjoxfQ")]
    pub next: Option<String>,
    /// How many rows there are on all pages, when `total=true` was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
    /// On which blocks it rests.
    pub as_of: AsOf,
}

/// One version of a record or of what belongs to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct VersionRow {
    /// Where it was written.
    pub changed: ChangedAt,
    /// The Fabric transaction.
    #[schemars(
        regex(pattern = r"^[0-9a-f]{64}$"),
        example = &"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    )]
    pub transaction_id: String,
    /// The MSP id of the identity that signed it.
    #[schemars(regex(pattern = r"^[A-Za-z0-9][A-Za-z0-9.-]{0,63}$"), example = &"ExporterMSP")]
    pub creator: String,
    /// The function that was called.
    #[schemars(length(min = 1, max = 1000), example = &<trade_model::payment::IssueInvoice as trade_model::Transaction>::NAME)]
    pub function: String,
    /// `record`, or the name of what belongs to it.
    #[schemars(length(min = 1, max = 100), example = &"record")]
    pub part: String,
    /// What stands there since; absent when it was deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
}

/// A page of what became of a record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HistoryAnswer {
    /// The versions, oldest first.
    pub versions: Vec<VersionRow>,
    /// Give it as `after` to read on; absent at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^[0-9]{1,10}$"), example = &"100")]
    pub next: Option<String>,
    /// On which blocks it rests.
    pub as_of: AsOf,
}

/// A record that a search found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FoundRow {
    /// The name of its list, as in paths.
    #[schemars(length(min = 1, max = 100), example = &"invoices")]
    pub resource: String,
    /// Its id, as in that list.
    #[schemars(length(min = 1, max = 4000), example = &"ExporterMSP/INV-7")]
    pub id: String,
    /// Its ids, parties and references.
    pub found_by: Map<String, Value>,
}

/// A page of what a search found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SearchAnswer {
    /// The records, by list and id.
    pub found: Vec<FoundRow>,
    /// Give it as `after` to read on; absent at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 4000), example = &"eyJzIjoxfQ")]
    pub next: Option<String>,
    /// On which blocks it rests.
    pub as_of: AsOf,
}

/// What a committed transaction announced.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EventRow {
    /// Its id, `block-place`: a transaction announces one event at most.
    #[schemars(regex(pattern = r"^[0-9]{1,20}-[0-9]{1,10}$"), example = &"12-0")]
    pub id: String,
    /// What happened.
    #[schemars(length(min = 1, max = 1000), example = &"payment.invoice_issued")]
    pub name: String,
    /// The Fabric transaction.
    #[schemars(
        regex(pattern = r"^[0-9a-f]{64}$"),
        example = &"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    )]
    pub transaction_id: String,
    /// The MSP id of the identity that signed it.
    #[schemars(regex(pattern = r"^[A-Za-z0-9][A-Za-z0-9.-]{0,63}$"), example = &"ExporterMSP")]
    pub creator: String,
    /// When, by the clock of the client, RFC 3339 UTC.
    #[schemars(extend("format" = "date-time"), example = &"2026-11-02T09:30:00Z")]
    pub claimed_at: String,
    /// The ids of the records concerned.
    pub ids: Value,
}

/// A page of events.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EventsAnswer {
    /// The events, oldest first.
    pub events: Vec<EventRow>,
    /// Give it as `after` the next time, whether there are more by now or not; absent while there was no event at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^[0-9]{1,20}-[0-9]{1,10}$"), example = &"12-0")]
    pub next: Option<String>,
    /// On which blocks it rests.
    pub as_of: AsOf,
}

impl From<ListRow> for ListedRow {
    fn from(row: ListRow) -> Self {
        let changed = ChangedAt { block: row.block, place: row.place };
        Self { id: row.id, record: row.document, changed, authenticated: row.authenticated, flaws: row.flaws }
    }
}

impl ListAnswer {
    pub(crate) fn of(page: ListPage, as_of: AsOf) -> Self {
        Self { rows: page.rows.into_iter().map(ListedRow::from).collect(), next: page.next, total: page.total, as_of }
    }
}

impl From<Version> for VersionRow {
    fn from(version: Version) -> Self {
        Self {
            changed: ChangedAt { block: version.block, place: version.place },
            transaction_id: version.transaction_id,
            creator: version.creator,
            function: version.function,
            part: version.part,
            value: version.value,
        }
    }
}

impl HistoryAnswer {
    pub(crate) fn of(history: History, next: Option<u32>, as_of: AsOf) -> Self {
        let versions = history.versions.into_iter().map(VersionRow::from).collect();
        Self { versions, next: next.map(|next| next.to_string()), as_of }
    }
}

impl SearchAnswer {
    pub(crate) fn of(page: FoundPage, as_of: AsOf) -> Self {
        let row = |found: trade_index::Found| FoundRow {
            resource: found.resource.to_owned(),
            id: found.id,
            found_by: found.found_by,
        };
        Self { found: page.found.into_iter().map(row).collect(), next: page.next, as_of }
    }
}

impl From<IndexedEvent> for EventRow {
    fn from(event: IndexedEvent) -> Self {
        Self {
            id: event.id.to_string(),
            name: event.name,
            transaction_id: event.transaction_id,
            creator: event.creator,
            claimed_at: event.claimed_at,
            ids: event.payload,
        }
    }
}

impl EventsAnswer {
    /// `after` is what was asked for, which stays the place to read on from when nothing came.
    pub(crate) fn of(page: EventPage, after: Option<EventId>, as_of: AsOf) -> Self {
        let events: Vec<EventRow> = page.events.into_iter().map(EventRow::from).collect();
        let next = events.last().map(|event| event.id.clone()).or(after.map(|id| id.to_string()));
        Self { events, next, as_of }
    }
}
