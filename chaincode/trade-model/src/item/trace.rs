//! Traces: the timelines of an item and the events on its way.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trade_standards::epcis::{Action, EventHash, EventKind};
use trade_standards::identifier::MspId;
use trade_standards::time::UtcTime;

use super::{Alarm, Origin};
use crate::common::{EventRecordId, Foreign, ItemId, LicenceId, TransactionId};

/// Which way a trace goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TraceDirection {
    /// From now to the origin: its own events and those of the units it lay in, newest first.
    Backward,
    /// From the origin to now: its own events and those of what was packed in it, oldest first.
    Forward,
}

/// The answer of `item:Trace`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Trace {
    /// The canonical id.
    pub item_id: ItemId,
    /// How it came to be known.
    pub origin: Origin,
    /// Which way the steps go.
    pub direction: TraceDirection,
    /// Who was responsible when: without hole or overlap from the first record to now.
    pub custody: Vec<TimelineEntry<MspId>>,
    /// Who owned it when.
    pub title: Vec<TimelineEntry<MspId>>,
    /// Where it was when.
    pub location: Vec<TimelineEntry<Foreign>>,
    /// Under which licence it was made or imported.
    pub licence: Vec<TimelineEntry<LicenceId>>,
    /// In which unit it lay when.
    pub packing: Vec<TimelineEntry<ItemId>>,
    /// The events, each with the party responsible at that moment.
    pub steps: Vec<TraceStep>,
    /// What is missing, in words.
    pub gaps: Vec<String>,
    /// The alarms that stand against the item, oldest first, at most 50.
    pub alarms: Vec<Alarm>,
    /// Whether more alarms stand than were answered.
    pub alarms_truncated: bool,
    /// Whether this is not all: more than 500 steps, 500 events or 2 000 entries of one thing, 300 things, or 8 levels
    /// of packing.
    pub truncated: bool,
}

/// One interval of a timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TimelineEntry<V> {
    /// An MSP id, a place, a licence id or a unit; absent when nobody, nowhere or none is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<V>,
    /// From when, in ledger time: by the client's clock, and after every earlier record about the item.
    pub from: UtcTime,
    /// The time by the client's clock, when that was not after every earlier record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asserted_at: Option<UtcTime>,
    /// Until when; absent while it lasts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<UtcTime>,
    /// When it is said to have happened, if a document says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claimed_at: Option<UtcTime>,
    /// How it is known.
    pub basis: Basis,
    /// The event, offer, licence or declaration it rests on.
    pub reference: Foreign,
    /// The transaction that recorded it.
    pub transaction_id: TransactionId,
}

/// How an entry of a timeline is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// A commissioning event.
    Commissioning,
    /// The first record of a thing nobody commissioned here.
    FirstSeen,
    /// A handover both sides signed.
    CustodyTransfer,
    /// An event of one side.
    Event,
    /// A customs decision.
    Decision,
    /// An error declaration.
    Correction,
}

/// One event on a trace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TraceStep {
    /// CBV event hash.
    pub event_hash: EventHash,
    /// The record of the event.
    pub record_id: EventRecordId,
    /// Which item or unit the event named.
    pub item_id: ItemId,
    /// How many levels of packing lie between that and the item traced; 0 is the item itself.
    pub distance: u32,
    /// `ObjectEvent` or `AggregationEvent`.
    pub event_type: EventKind,
    /// `ADD`, `OBSERVE` or `DELETE`.
    pub action: Action,
    /// Business step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub business_step: Option<Foreign>,
    /// When it happened, as its recorder says.
    pub event_time: UtcTime,
    /// When it was recorded.
    pub recorded_at: UtcTime,
    /// Who recorded it.
    pub recorded_by: MspId,
    /// Who held the item that the event named when it was recorded; an unconfirmed handover stays with the sender.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub responsible: Option<MspId>,
    /// Where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Foreign>,
    /// Whether it was declared erroneous.
    pub erroneous: bool,
}
