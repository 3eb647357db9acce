//! Traces: the timelines of an item and the events on its way.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trade_standards::epcis::{Action, EventHash, EventKind};
use trade_standards::identifier::MspId;
use trade_standards::time::UtcTime;

use super::{AlarmReport, Origin};
use crate::common::{Cursor, EventRecordId, Foreign, HoldId, ItemId, TransactionId};
use crate::rights::LicenceName;

/// Which way a trace goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TraceDirection {
    /// To the origin: its own events and those of the units in which it lay, while it lay there.
    Backward,
    /// To where it went: its own events and those of what was packed in it, from then on.
    Forward,
}

/// The answer of `item:Trace`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Trace {
    /// The canonical id.
    pub item_id: ItemId,
    /// How it came to be known.
    pub origin: Origin,
    /// The authority that holds it; absent when none does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<HeldBy>,
    /// Which way the steps go.
    pub direction: TraceDirection,
    /// Who was responsible when: without hole or overlap from the first record to now. Each timeline runs from old to
    /// new, and holds the newest 500 entries that began before this page ends.
    pub custody: Vec<TimelineEntry<MspId>>,
    /// Who owned it when.
    pub title: Vec<TimelineEntry<MspId>>,
    /// Where it was when.
    pub location: Vec<TimelineEntry<Foreign>>,
    /// Under which licence it was made or imported.
    pub licence: Vec<TimelineEntry<LicenceName>>,
    /// In which unit it lay when.
    pub packing: Vec<TimelineEntry<ItemId>>,
    /// The events, newest first, each with the party responsible at that moment: at most 500. Sightings are not among
    /// them: `item:ReadSightings`.
    pub steps: Vec<TraceStep>,
    /// What is missing on this page of the way.
    pub gaps: Vec<Gap>,
    /// The alarms that stand against the item and of which the reader is told, newest first, at most 50; on the first
    /// page only.
    pub alarms: Vec<AlarmReport>,
    /// Whether more alarms stand than were answered.
    pub alarms_truncated: bool,
    /// Give it as `after` to read on with older events; absent at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Cursor>,
    /// Whether events of other things belong to it that no page holds: of more than 300 things, or of more than 8
    /// levels of packing. Each of them has a trace of its own.
    pub truncated: bool,
}

/// That an authority holds a thing: it is neither handed over nor sold until the hold is lifted or ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HeldBy {
    /// The authority.
    pub authority: MspId,
    /// The hold: `customs:ReadHold`.
    pub hold_id: HoldId,
}

/// Something that the records leave open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Gap {
    /// What is missing.
    pub kind: GapKind,
    /// The same in a sentence.
    pub text: String,
    /// The event, transfer or unit by which it was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<Foreign>,
}

/// What the records of a way can leave open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GapKind {
    /// Nobody recorded who made it.
    OriginUnknown,
    /// A custody transfer is offered and not accepted.
    HandoverOpen,
    /// It, or a unit around it, was shipped, and nobody has accepted it since.
    ShippedNotAccepted,
    /// It, or a unit around it, departed, and no arrival is recorded since.
    DepartedNotArrived,
    /// It was recorded at one place and then at another, and no movement between the two.
    MovedWithoutRecord,
    /// It is recorded in a unit that is out of use.
    UnitEnded,
    /// A member without standing recorded it after all that is told.
    SightedSince,
}

/// One interval of a timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "TimelineEntryOf{V}")]
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
    /// Which event of its document it rests on, from 0; 0 where it rests on no document.
    #[serde(default)]
    pub place_in_document: u32,
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
    /// The owner took it from a suspended holder.
    Recovery,
    /// A sale that owner and buyer both signed.
    TitleTransfer,
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
    /// Which event of its document it is, from 0: events of one document are recorded at the same time, in its order.
    pub place_in_document: u32,
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
