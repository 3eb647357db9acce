//! What becomes of a captured document.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trade_standards::epcis::EventHash;

use super::{AlarmKind, Sighted};
use crate::common::{AlarmGroupId, AlarmId, Digest256, EventRecordId, Foreign, ItemId, Stamp};

/// The answer of `item:Capture`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CaptureReceipt {
    /// What became of each event, in document order.
    pub events: Vec<CapturedEvent>,
    /// The alarms that this document raised, none when nothing conflicts.
    pub alarms: Vec<RaisedAlarm>,
    /// Who recorded it when.
    pub recorded: Stamp,
}

/// What became of one event of a captured document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CapturedEvent {
    /// Its CBV 2.0 event hash, `ni:///sha-256;…?ver=CBV2.0`: the same for everybody who records the same event.
    pub event_hash: EventHash,
    /// The key under which the caller's record of it is stored, see [`RecordedEvent::record_id`].
    pub record_id: EventRecordId,
    /// Its own event id, when the document gave one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_id: Option<Foreign>,
    /// Whether it is new here.
    pub status: CaptureStatus,
    /// The canonical ids of the items it names.
    pub items: Vec<ItemId>,
    /// What of it changed nothing, because the caller has no standing for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sightings: Vec<Sighted>,
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
    /// The event declares one erroneous on which accepted facts of others rest: they have to consent.
    CorrectionProposed,
}

/// An alarm as the capture answers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RaisedAlarm {
    /// The alarm, to be read with `item:ReadAlarm`.
    pub alarm_id: AlarmId,
    /// The group of alarms that the same event raised.
    pub group_id: AlarmGroupId,
    /// What conflicts.
    pub kind: AlarmKind,
    /// The item concerned.
    pub item_id: ItemId,
    /// The SHA-256 (64 hexadecimal digits) of the evidence record written with its group.
    pub evidence_sha256: Digest256,
}
