//! What can be asked of the contract `item`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trade_standards::identifier::{Gtin, MspId};
use trade_standards::json::Json;

use super::{
    AlarmAnswer, AlarmDecision, AlarmFinding, AlarmGroupPage, AlarmGroupReport, AlarmPage, AlarmReport, CaptureReceipt,
    Concern, CorrectionReport, EventPage, IssuedSerials, ItemReport, ScanAnswer, SerialPage, SerialRange, SightingPage,
    Trace, TraceDirection,
};
use crate::common::{AlarmGroupId, AlarmId, Cursor, EventRecordId, ItemId, PageSize, Remark, Role};
use crate::rights::LicenceRef;
use crate::transaction::transactions;

/// `item:Capture` (submit): records the events of one EPCIS 2.0 document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Capture {
    /// The EPCIS 2.0 JSON document as it is, numbers to the last digit; at most 200 events and 2 000 item mentions.
    pub document: Json,
    /// The licence under which the items that this document commissions are made, when there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licence_id: Option<LicenceRef>,
}

/// Names one item in `item:ReadItem`: a Digital Link, an EPC URN or an SSCC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadItem {
    /// Digital Link or EPC URN, at most 500 characters.
    pub item: ItemId,
}

/// Asks `item:ReadEvents` (evaluate) for the events that name an item, newest record first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadEvents {
    /// Digital Link or EPC URN of an item, a unit or a product class.
    pub item: ItemId,
    /// How many events to answer, 1 to 100; 50 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<PageSize>,
    /// The `next` of the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Cursor>,
}

/// Asks `item:Trace` (evaluate), newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TraceItem {
    /// Digital Link or EPC URN.
    pub item: ItemId,
    /// Which way to go.
    pub direction: TraceDirection,
    /// The `next` of the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Cursor>,
}

/// Asks `item:Scan` (evaluate): what a consumer may know about a code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScanItem {
    /// What the code says: Digital Link or EPC URN.
    pub item: ItemId,
}

/// Asks `item:ReadAlarms` (evaluate), newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadAlarms {
    /// Only those of this item; of all items when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<ItemId>,
    /// Leave out the ones that no longer stand: withdrawn by a correction, explained or dismissed.
    #[serde(default)]
    pub open_only: bool,
    /// How many to answer, 1 to 100; 50 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<PageSize>,
    /// The `next` of the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Cursor>,
}

/// Asks `item:ReadAlarm` (evaluate).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadAlarm {
    /// The alarm's id.
    pub alarm_id: AlarmId,
}

/// Asks `item:ReadAlarmGroup` (evaluate) for the alarms that one event raised, what was answered and what was decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadAlarmGroup {
    /// The group's id.
    pub group_id: AlarmGroupId,
    /// How many alarms to answer, 1 to 100; 50 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<PageSize>,
    /// The `next` of the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Cursor>,
}

/// Asks `item:ReadPartyAlarms` (evaluate) for the groups of alarms that concern a member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadPartyAlarms {
    /// The member.
    pub party: MspId,
    /// In which way they concern it.
    pub concern: Concern,
    /// How many to answer, 1 to 100; 50 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<PageSize>,
    /// The `next` of the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Cursor>,
}

/// Asks `item:ReadSightings` (evaluate) for events that changed nothing, because their recorder has no standing: those
/// that name a thing, or those of a recorder; and for what a recorder said about a thing that was a sighting of it or
/// raised alarms about it. Newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadSightings {
    /// Digital Link or EPC URN of the thing; one of `item` and `recorder` must be given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<ItemId>,
    /// The member that recorded them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recorder: Option<MspId>,
    /// How many events to answer, 1 to 100; 50 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<PageSize>,
    /// The `next` of the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Cursor>,
}

/// `item:AnswerAlarm` (submit): a member that alarms are about, or to which they are addressed, says what it knows.
/// Once for each group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswerAlarm {
    /// The group of alarms.
    pub group_id: AlarmGroupId,
    /// What the member says, 1 to 500 characters; public, so no personal data. What supports it is deposited as
    /// evidence about the event.
    pub text: Remark,
}

/// `item:DecideAlarm` (submit): a customs authority that is no party decides about all alarms that one event raised.
/// What it found is its reason; the alarms, the answers and the evidence stay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DecideAlarm {
    /// The group of alarms.
    pub group_id: AlarmGroupId,
    /// What was found.
    pub finding: AlarmFinding,
    /// Why, 1 to 500 characters; public, so no personal data.
    pub reason: Remark,
}

/// `item:ConsentToCorrection` (submit): a member whose accepted facts rest on a record agrees that it is taken back, or
/// the authority of a thing decides so: a clerk of the member; two officers of the authority, one after the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConsentToCorrection {
    /// The record that was declared erroneous.
    pub record_id: EventRecordId,
}

/// `item:IssueSerials` (submit): a company says which serial numbers of one of its trade items it has issued. A thing
/// of that trade item with another serial number raises an alarm from then on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IssueSerials {
    /// The trade item number; it begins with a company prefix of the caller.
    pub gtin: Gtin,
    /// Which serial numbers.
    pub range: SerialRange,
}

/// Asks `item:ReadSerials` (evaluate) for the ranges that the company of a trade item has issued.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadSerials {
    /// The trade item number.
    pub gtin: Gtin,
}

/// Asks `item:ReadCorrection` (evaluate): who has to agree to a correction, and who has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadCorrection {
    /// The record that was declared erroneous.
    pub record_id: EventRecordId,
}

transactions! {
    submit(Clerk, Officer) "item:Capture" by Role::HANDLERS, Capture => CaptureReceipt;
    submit(Clerk) "item:AnswerAlarm", AnswerAlarm => AlarmAnswer;
    submit(Officer) "item:DecideAlarm" by &[Role::Customs], DecideAlarm => AlarmDecision;
    submit(Clerk, Officer) "item:ConsentToCorrection", ConsentToCorrection => CorrectionReport;
    submit(Registrar) "item:IssueSerials", IssueSerials => IssuedSerials;
    evaluate "item:ReadSerials", ReadSerials => SerialPage;
    evaluate "item:ReadItem", ReadItem => ItemReport;
    evaluate "item:ReadCorrection", ReadCorrection => CorrectionReport;
    evaluate "item:ReadEvents", ReadEvents => EventPage;
    evaluate "item:ReadSightings", ReadSightings => SightingPage;
    evaluate "item:Trace", TraceItem => Trace;
    evaluate "item:Scan", ScanItem => ScanAnswer;
    evaluate "item:ReadAlarms", ReadAlarms => AlarmPage;
    evaluate "item:ReadAlarm", ReadAlarm => AlarmReport;
    evaluate "item:ReadAlarmGroup", ReadAlarmGroup => AlarmGroupReport;
    evaluate "item:ReadPartyAlarms", ReadPartyAlarms => AlarmGroupPage;
}
