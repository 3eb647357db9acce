//! Items and their events: capture, the four timelines, tracing, scanning and alarms.
//!
//! EPCIS documents themselves are parsed in `epcis`; here stand the requests and answers of the contract `item`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use trade_standards::epcis::json::Json;
use trade_standards::identifier::MspId;
use trade_standards::time::UtcTime;

/// Most events one captured document may hold.
pub const EVENTS_MAX: usize = 200;
/// Most item mentions one captured document may hold.
pub const ITEM_MENTIONS_MAX: usize = 2_000;
/// Most children one logistic unit may hold directly.
pub const CHILDREN_MAX: usize = 1_000;
/// Deepest nesting of logistic units that is followed.
pub const NESTING_MAX: usize = 8;

/// `item:Capture` (submit): records the events of one EPCIS 2.0 document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Capture {
    /// The EPCIS 2.0 JSON document as it is, numbers to the last digit; at most 200 events and 2 000 item mentions.
    pub document: Json,
    /// The licence under which the items that this document commissions are made, when there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licence_id: Option<String>,
}

/// The answer of `item:Capture`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CaptureReceipt {
    /// What became of each event, in document order.
    pub events: Vec<CapturedEvent>,
    /// The alarms that this document raised, none when nothing conflicts.
    pub alarms: Vec<RaisedAlarm>,
    /// The transaction that recorded it.
    pub transaction_id: String,
    /// When, by the transaction's clock.
    pub recorded_at: UtcTime,
}

/// What became of one event of a captured document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CapturedEvent {
    /// Its CBV 2.0 event hash, `ni:///sha-256;…?ver=CBV2.0`: the same for everybody who records the same event.
    pub event_hash: String,
    /// The key under which the caller's record of it is stored, see [`RecordedEvent::record_id`].
    pub record_id: String,
    /// Its own event id, when the document gave one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_id: Option<String>,
    /// Whether it is new here.
    pub status: CaptureStatus,
    /// The canonical ids of the items it names.
    pub items: Vec<String>,
}

/// Whether a captured event was new.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CaptureStatus {
    /// The event is new and now stands.
    Recorded,
    /// The caller has recorded the same event before; nothing changed.
    AlreadyRecorded,
    /// The event declares an earlier one (or itself) erroneous.
    CorrectionRecorded,
}

/// An alarm as the capture answers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RaisedAlarm {
    /// The alarm, to be read with `item:ReadAlarm`.
    pub alarm_id: String,
    /// What conflicts.
    pub kind: AlarmKind,
    /// The item concerned.
    pub item_id: String,
    /// The SHA-256 (64 hexadecimal digits) of the evidence record written with it.
    pub evidence_sha256: String,
}

/// Names one item in `item:Read`: a Digital Link, an EPC URN or an SSCC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadItem {
    /// Digital Link or EPC URN, at most 500 characters.
    pub item: String,
}

/// An item as the ledger knows it now: the answer of `item:Read`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Item {
    /// The canonical id: `https://id.gs1.org/…` for GS1 keys, the text itself for others.
    pub item_id: String,
    /// What kind of thing the id names.
    pub kind: ItemKind,
    /// The trade item number, 14 digits, of a serialised item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gtin: Option<String>,
    /// The serial number of a serialised item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
    /// How it came to be known here.
    pub origin: Origin,
    /// Who commissioned it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commissioned_by: Option<MspId>,
    /// When it was commissioned, as its event says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commissioned_at: Option<UtcTime>,
    /// The record of the event that commissioned it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commissioned_in: Option<String>,
    /// Whether it may still be used.
    pub life: Life,
    /// The record of the event that ended or sold it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub life_set_in: Option<String>,
    /// The last disposition an event gave it (CBV word).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disposition: Option<String>,
    /// The unit it is packed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// The record of the event that packed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub packed_in: Option<String>,
    /// What is packed in it, in the order of the ids.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<String>,
    /// Who holds it (custody).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holder: Option<MspId>,
    /// The handover by which its holder has it; absent while custody rests on a record of the holder's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received_in: Option<String>,
    /// Who owns it (title).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<MspId>,
    /// Where it was last recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// The licence last recorded for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licence_id: Option<String>,
    /// The handover it is offered in just now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open_offer: Option<String>,
    /// How many alarms there are about it; the alarms themselves are read with `item:Alarms`.
    pub alarms: AlarmCounts,
    /// Events that name it.
    pub events: u32,
    /// The ledger time of the last record about it; every later record has a later one.
    pub last_recorded_at: UtcTime,
    /// Entries of its four timelines and of its packing, to find them by number.
    pub entries: EntryCounts,
}

/// How many alarms there are about an item.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AlarmCounts {
    /// All that were ever raised; the number of the last one.
    pub raised: u32,
    /// Those that stand.
    pub standing: u32,
}

/// How many entries each timeline of an item has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EntryCounts {
    /// Custody: who holds it.
    pub custody: u32,
    /// Title: who owns it.
    pub title: u32,
    /// Location: where it is.
    pub location: u32,
    /// Licence: under which permission it was made or imported.
    pub licence: u32,
    /// Packing: in which unit it lies.
    pub packing: u32,
}

/// What kind of thing an item id names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ItemKind {
    /// One piece of a trade item: GTIN and serial number.
    Serialised,
    /// A logistic unit: SSCC.
    LogisticUnit,
    /// Any other key or URI.
    Other,
}

/// How an item came to be known here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// A commissioning event was recorded here.
    Commissioned,
    /// A logistic unit that came into being by packing.
    Packed,
    /// It turned up in events without ever having been commissioned here.
    Unknown,
}

/// Whether an item may still be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Life {
    /// In circulation.
    Active,
    /// Sold to a consumer.
    Sold,
    /// Its identifier was taken out of use.
    Decommissioned,
    /// The thing itself was destroyed.
    Destroyed,
}

/// Asks `item:Events` (evaluate) for the events that name an item, oldest record first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadEvents {
    /// Digital Link or EPC URN of an item, a unit or a product class.
    pub item: String,
    /// How many events to skip.
    #[serde(default)]
    pub skip: u32,
    /// How many events to answer, 1 to 100; 50 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// The answer of `item:Events`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EventPage {
    /// The canonical id asked for.
    pub item_id: String,
    /// The events, oldest record first.
    pub events: Vec<RecordedEvent>,
    /// What to skip to read on; absent at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_skip: Option<u32>,
}

/// An event as it stands on the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RecordedEvent {
    /// CBV 2.0 event hash.
    pub event_hash: String,
    /// The key of this record, by which items and alarms refer to it: the event hash for whoever recorded the event
    /// first, `<event hash>&recorder=<MSP id>` for everybody who recorded the same event afterwards.
    pub record_id: String,
    /// The event's own id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_id: Option<String>,
    /// `ObjectEvent` or `AggregationEvent`.
    pub event_type: String,
    /// `ADD`, `OBSERVE` or `DELETE`.
    pub action: String,
    /// The CBV business step (bare word) or a foreign URI.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub business_step: Option<String>,
    /// The CBV disposition (bare word) or a foreign URI.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disposition: Option<String>,
    /// When it happened, as its recorder says.
    pub event_time: UtcTime,
    /// When it was recorded, in ledger time: by the client's clock, and after every earlier record about its items.
    pub recorded_at: UtcTime,
    /// The time by the client's clock, when that was not after every earlier record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asserted_at: Option<UtcTime>,
    /// Who recorded it.
    pub recorded_by: MspId,
    /// In which transaction.
    pub transaction_id: String,
    /// The items it names, canonical; for an aggregation the children.
    pub items: Vec<String>,
    /// The unit of an aggregation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// Where it was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_point: Option<String>,
    /// Where the items are afterwards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub business_location: Option<String>,
    /// Set when its recorder declared it erroneous; then it counts for nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub declared_erroneous: Option<DeclaredError>,
    /// The alarms it raised.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alarms: Vec<String>,
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
    pub item_id: String,
    /// What was changed.
    pub field: EffectField,
    /// What stood there before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// What stands there since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// What an event can change about an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EffectField {
    /// That it was commissioned; the value is the event's hash.
    Commissioning,
    /// Whether it may be used.
    Life,
    /// In which unit it lies.
    Parent,
    /// Where it is.
    Location,
    /// Who owns it.
    Owner,
}

/// That an event was declared erroneous.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeclaredError {
    /// When the recorder declared it, as the declaration says.
    pub declared_at: UtcTime,
    /// `incorrect_data`, `did_not_occur` or a foreign URI.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The events that stand instead.
    pub corrective_event_ids: Vec<String>,
    /// When the declaration was recorded.
    pub recorded_at: UtcTime,
    /// In which transaction.
    pub transaction_id: String,
}

/// Asks `item:Trace` (evaluate).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TraceItem {
    /// Digital Link or EPC URN.
    pub item: String,
    /// Which way to go.
    pub direction: TraceDirection,
}

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
    pub item_id: String,
    /// How it came to be known.
    pub origin: Origin,
    /// Which way the steps go.
    pub direction: TraceDirection,
    /// Who was responsible when: without hole or overlap from the first record to now.
    pub custody: Vec<TimelineEntry>,
    /// Who owned it when.
    pub title: Vec<TimelineEntry>,
    /// Where it was when.
    pub location: Vec<TimelineEntry>,
    /// Under which licence it was made or imported.
    pub licence: Vec<TimelineEntry>,
    /// In which unit it lay when.
    pub packing: Vec<TimelineEntry>,
    /// The events, each with the party responsible at that moment.
    pub steps: Vec<TraceStep>,
    /// What is missing, in words.
    pub gaps: Vec<String>,
    /// The alarms that stand against the item, oldest first, at most 50.
    pub alarms: Vec<Alarm>,
    /// Whether more alarms stand than were answered.
    pub alarms_truncated: bool,
    /// Whether this is not all: more than 500 steps, 500 events or 2 000 entries of one thing, 300 things, or 8 levels of
    /// packing.
    pub truncated: bool,
}

/// One interval of a timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TimelineEntry {
    /// An MSP id, a place, a licence id or a unit; absent when nobody, nowhere or none is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
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
    pub reference: String,
    /// The transaction that recorded it.
    pub transaction_id: String,
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
    Handover,
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
    pub event_hash: String,
    /// The record of the event.
    pub record_id: String,
    /// Which item or unit the event named.
    pub item_id: String,
    /// How many levels of packing lie between that and the item traced; 0 is the item itself.
    pub distance: u32,
    /// `ObjectEvent` or `AggregationEvent`.
    pub event_type: String,
    /// `ADD`, `OBSERVE` or `DELETE`.
    pub action: String,
    /// Business step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub business_step: Option<String>,
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
    pub place: Option<String>,
    /// Whether it was declared erroneous.
    pub erroneous: bool,
}

/// Asks `item:Scan` (evaluate): what a consumer may know about a code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScanItem {
    /// What the code says: Digital Link or EPC URN.
    pub item: String,
}

/// The answer of `item:Scan`: what is known, what is not, and whether records conflict. It holds no personal data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ScanAnswer {
    /// The canonical id.
    pub item_id: String,
    /// Whether the ledger has any record of it.
    pub recorded: bool,
    /// How it came to be known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// Whether it may still be in use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub life: Option<Life>,
    /// The legal name of who commissioned it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commissioned_by: Option<String>,
    /// The day it was commissioned, as the maker says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commissioned_on: Option<trade_standards::time::Date>,
    /// Whether records about this code contradict one another.
    pub conflict_found: bool,
    /// What contradicts, one statement per alarm that stands, oldest first, at most 20; a last one with the code
    /// `more_conflicts` says that there are more.
    pub conflicts: Vec<Statement>,
    /// What is known and how.
    pub known: Vec<Statement>,
    /// What nobody recorded or nobody can know from a code.
    pub not_known: Vec<Statement>,
}

/// One sentence with a stable code, so that it can be translated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Statement {
    /// Stable code, for example `commissioned`.
    pub code: String,
    /// The sentence in English.
    pub text: String,
    /// The event, alarm or licence it rests on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}

/// Asks `item:Alarms` (evaluate).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadAlarms {
    /// Only those of this item; of all items when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<String>,
    /// Leave out the ones that no longer stand: withdrawn by a correction or closed.
    #[serde(default)]
    pub open_only: bool,
    /// How many to answer, 1 to 100; 50 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// The `next` of the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// The answer of `item:Alarms`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AlarmPage {
    /// Alarms: of one item in the order in which they were raised, of all items in the order of their ids.
    pub alarms: Vec<Alarm>,
    /// Give it as `after` to read on; absent at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// Asks `item:ReadAlarm` (evaluate).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadAlarm {
    /// The alarm's id.
    pub alarm_id: String,
}

/// Records that contradict one another. An alarm is a finding about records, never a verdict about a person or a thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Alarm {
    /// Its id, 32 hexadecimal digits.
    pub alarm_id: String,
    /// Its number among the alarms of its item, in the order in which they were raised, from 1; 0 when what it concerns
    /// has no record of its own.
    pub number: u32,
    /// What conflicts.
    pub kind: AlarmKind,
    /// The item concerned.
    pub item_id: String,
    /// One sentence saying what was found.
    pub text: String,
    /// The event that conflicts.
    pub event_hash: String,
    /// The record of that event.
    pub record_id: String,
    /// What it conflicts with: the record of an earlier event, a holder, an owner, a unit.
    pub conflicts_with: String,
    /// Who recorded the conflicting event.
    pub recorded_by: MspId,
    /// The enterprise whose record, custody or title is contradicted, when it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other_party: Option<MspId>,
    /// When it was raised.
    pub raised_at: UtcTime,
    /// In which transaction.
    pub transaction_id: String,
    /// The evidence record written with it.
    pub evidence_sha256: String,
    /// Whether it stands.
    pub state: AlarmState,
    /// Set when an enterprise that it is about took back a record on which it rests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<AlarmAnswer>,
    /// Set when it was closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closure: Option<AlarmClosure>,
}

/// What conflicts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AlarmKind {
    /// The same serial number was commissioned a second time.
    SecondCommissioning,
    /// Something taken out of use or destroyed was used again.
    UseAfterEnd,
    /// Somebody shipped, packed, unpacked, sold or ended what somebody else holds.
    NotHolder,
    /// Something packed in one unit was packed into, or seen without, another.
    PackingConflict,
    /// Sold twice without a return in between.
    SoldTwice,
    /// Somebody who does not own it passed the title on.
    TitleConflict,
    /// Two different events of one recorder carry the same event id.
    EventIdReused,
    /// An event that somebody else had recorded before was recorded again, word for word.
    SameEventByAnother,
    /// A serial number was put into use by an enterprise that is not entitled to: by company prefix, role or licence.
    CommissionerNotEntitled,
    /// Somebody recorded a serial number before the enterprise that is entitled to put it into use did so.
    SeenBeforeCommissioning,
}

impl Life {
    /// The word used on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Sold => "sold",
            Self::Decommissioned => "decommissioned",
            Self::Destroyed => "destroyed",
        }
    }

    /// Reads the word used on the wire.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Active, Self::Sold, Self::Decommissioned, Self::Destroyed].into_iter().find(|life| life.as_str() == word)
    }

    /// Whether the item is out of use for good.
    pub fn has_ended(self) -> bool {
        matches!(self, Self::Decommissioned | Self::Destroyed)
    }
}

impl AlarmKind {
    /// The word used on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SecondCommissioning => "second_commissioning",
            Self::UseAfterEnd => "use_after_end",
            Self::NotHolder => "not_holder",
            Self::PackingConflict => "packing_conflict",
            Self::SoldTwice => "sold_twice",
            Self::TitleConflict => "title_conflict",
            Self::EventIdReused => "event_id_reused",
            Self::SameEventByAnother => "same_event_by_another",
            Self::CommissionerNotEntitled => "commissioner_not_entitled",
            Self::SeenBeforeCommissioning => "seen_before_commissioning",
        }
    }

    /// Whether what it conflicts with is the record of an event, and not a holder, an owner or a unit.
    pub fn rests_on_an_event(self) -> bool {
        match self {
            Self::SecondCommissioning
            | Self::UseAfterEnd
            | Self::SoldTwice
            | Self::EventIdReused
            | Self::SameEventByAnother => true,
            Self::NotHolder
            | Self::PackingConflict
            | Self::TitleConflict
            | Self::CommissionerNotEntitled
            | Self::SeenBeforeCommissioning => false,
        }
    }

    /// One sentence for everybody: what was found, no verdict.
    pub fn public_text(self) -> &'static str {
        match self {
            Self::SecondCommissioning => "Conflict found: this serial number was put into use more than once.",
            Self::UseAfterEnd => "Conflict found: this code was recorded again after it had been taken out of use.",
            Self::NotHolder => "Conflict found: somebody moved it who was not recorded as holding it.",
            Self::PackingConflict => {
                "Conflict found: it was recorded in one package and outside of it at the same time."
            }
            Self::SoldTwice => "Conflict found: it was recorded as sold twice without a return in between.",
            Self::TitleConflict => "Conflict found: somebody passed on its ownership who was not recorded as owner.",
            Self::EventIdReused => "Conflict found: two different records carry the same number.",
            Self::SameEventByAnother => "Conflict found: two enterprises recorded the same event as their own.",
            Self::CommissionerNotEntitled => {
                "Conflict found: it was put into use by an enterprise that is not registered as its maker or brand."
            }
            Self::SeenBeforeCommissioning => "Conflict found: somebody recorded it before it was put into use.",
        }
    }
}

/// Whether an alarm stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AlarmState {
    /// It stands.
    Open,
    /// It stands; an enterprise that it is about has since declared a record erroneous on which it rests.
    Answered,
    /// It fell with a record on which it rested, declared erroneous by an enterprise that it is not about.
    Withdrawn,
    /// A customs authority that it is not about closed it.
    Closed,
}

impl AlarmState {
    /// Whether the alarm counts: open or answered.
    pub fn stands(self) -> bool {
        matches!(self, Self::Open | Self::Answered)
    }
}

/// That an enterprise which an alarm is about took a record back on which the alarm rests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AlarmAnswer {
    /// When.
    pub at: UtcTime,
    /// Who.
    pub by: MspId,
    /// In which transaction.
    pub transaction_id: String,
}

/// `item:CloseAlarm` (submit): a customs authority closes an alarm that it has looked into. What it found is its reason;
/// the alarm and its evidence stay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CloseAlarm {
    /// The alarm.
    pub alarm_id: String,
    /// What was found, 1 to 500 characters; public, so no personal data.
    pub reason: String,
}

/// That an alarm was closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AlarmClosure {
    /// When.
    pub at: UtcTime,
    /// By whom.
    pub by: MspId,
    /// What was found.
    pub reason: String,
    /// In which transaction.
    pub transaction_id: String,
}

impl Alarm {
    /// Whether the alarm puts the conduct of this enterprise in question, so that it cannot settle it: whoever recorded
    /// the conflicting event; both recorders of one event; and where a maker found its goods recorded by somebody, that one.
    pub fn is_about(&self, msp_id: &MspId) -> bool {
        let other = self.other_party.as_ref() == Some(msp_id);
        match self.kind {
            AlarmKind::SeenBeforeCommissioning => other,
            AlarmKind::SameEventByAnother => other || self.recorded_by == *msp_id,
            _ => self.recorded_by == *msp_id,
        }
    }
}
