//! Events as the ledger holds them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trade_standards::epcis::{Action, EventHash, EventKind};
use trade_standards::identifier::MspId;
use trade_standards::json::Json;
use trade_standards::time::UtcTime;

use super::{Life, Sighted};
use crate::common::{AlarmGroupId, Cursor, EventRecordId, Foreign, ItemId, Stamp};
use crate::rights::LicenceName;

/// The answer of `item:Events`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EventPage {
    /// The canonical id asked for.
    pub item_id: ItemId,
    /// The events, newest record first.
    pub events: Vec<RecordedEvent>,
    /// Give it as `after` to read on; absent at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Cursor>,
}

/// The answer of `item:ReadSightings`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SightingPage {
    /// The events, newest record first.
    pub events: Vec<RecordedEvent>,
    /// Give it as `after` to read on; absent at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Cursor>,
}

/// An event as it stands on the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RecordedEvent {
    /// CBV 2.0 event hash.
    pub event_hash: EventHash,
    /// The key of this record, by which items and alarms refer to it: `<event hash>&recorder=<MSP id>`.
    pub record_id: EventRecordId,
    /// The event's own id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_id: Option<Foreign>,
    /// `ObjectEvent` or `AggregationEvent`.
    pub event_type: EventKind,
    /// `ADD`, `OBSERVE` or `DELETE`.
    pub action: Action,
    /// The CBV business step (bare word) or a foreign URI.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub business_step: Option<Foreign>,
    /// The CBV disposition (bare word) or a foreign URI.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disposition: Option<Foreign>,
    /// When it happened, as its recorder says.
    pub event_time: UtcTime,
    /// Who recorded it when.
    pub recorded: Stamp,
    /// Its place in its document, from 0.
    pub place: u32,
    /// The time by the client's clock, when that was not after every earlier record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asserted_at: Option<UtcTime>,
    /// The items it names, canonical; for an aggregation the children.
    pub items: Vec<ItemId>,
    /// The unit of an aggregation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<ItemId>,
    /// Where it was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_point: Option<Foreign>,
    /// Where the items are afterwards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub business_location: Option<Foreign>,
    /// Set when its recorder declared it erroneous; then it counts for nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub declared_erroneous: Option<DeclaredError>,
    /// The group of the alarms that it raised, when it raised any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alarm_group: Option<AlarmGroupId>,
    /// What of it changed nothing, because its recorder has no standing for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sightings: Vec<Sighted>,
    /// What it changed, so that an error declaration can take it back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub effects: Vec<Effect>,
    /// The event itself as it was captured.
    pub event: Json,
}

/// One change that an event made to an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Effect {
    /// The item.
    pub item_id: ItemId,
    /// What was changed.
    pub change: Change,
}

/// What an event can change about an item: what stood there before, and what stands there since.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "field", rename_all = "snake_case")]
#[schemars(rename = "ItemChange")]
pub enum Change {
    /// That it was commissioned.
    Commissioning {
        /// The record of the event that commissioned it.
        by_event: EventRecordId,
    },
    /// Whether it may be used.
    Life {
        /// Before.
        before: Life,
        /// Since.
        after: Life,
    },
    /// In which unit it lies.
    Parent {
        /// Before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        before: Option<ItemId>,
        /// Since.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<ItemId>,
    },
    /// By which event it is recalled.
    Recall {
        /// Before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        before: Option<EventRecordId>,
        /// Since; absent when the recall ended.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<EventRecordId>,
    },
    /// Where it is.
    Location {
        /// Before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        before: Option<Foreign>,
        /// Since.
        after: Foreign,
    },
    /// Under which licence it was made.
    Licence {
        /// Before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        before: Option<LicenceName>,
        /// Since.
        after: LicenceName,
    },
    /// Who owns it.
    Owner {
        /// Before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        before: Option<MspId>,
        /// Since.
        after: MspId,
    },
}

/// That an event was declared erroneous.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeclaredError {
    /// When the recorder declared it, as the declaration says.
    pub declared_at: UtcTime,
    /// `incorrect_data`, `did_not_occur` or a foreign URI.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Foreign>,
    /// The events that stand instead.
    pub corrective_event_ids: Vec<Foreign>,
    /// Who recorded the declaration when.
    pub recorded: Stamp,
}
