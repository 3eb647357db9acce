//! What can be asked of the contract `item`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trade_standards::json::Json;

use super::{Alarm, AlarmPage, CaptureReceipt, EventPage, Item, ScanAnswer, Trace, TraceDirection};
use crate::common::{AlarmId, Cursor, ItemId, LicenceId, PageSize, Remark, Role};
use crate::transaction::transactions;

/// `item:Capture` (submit): records the events of one EPCIS 2.0 document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Capture {
    /// The EPCIS 2.0 JSON document as it is, numbers to the last digit; at most 200 events and 2 000 item mentions.
    pub document: Json,
    /// The licence under which the items that this document commissions are made, when there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licence_id: Option<LicenceId>,
}

/// Names one item in `item:ReadItem`: a Digital Link, an EPC URN or an SSCC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadItem {
    /// Digital Link or EPC URN, at most 500 characters.
    pub item: ItemId,
}

/// Asks `item:ReadEvents` (evaluate) for the events that name an item, oldest record first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadEvents {
    /// Digital Link or EPC URN of an item, a unit or a product class.
    pub item: ItemId,
    /// How many events to skip.
    #[serde(default)]
    pub skip: u32,
    /// How many events to answer, 1 to 100; 50 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<PageSize>,
}

/// Asks `item:Trace` (evaluate).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TraceItem {
    /// Digital Link or EPC URN.
    pub item: ItemId,
    /// Which way to go.
    pub direction: TraceDirection,
}

/// Asks `item:Scan` (evaluate): what a consumer may know about a code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScanItem {
    /// What the code says: Digital Link or EPC URN.
    pub item: ItemId,
}

/// Asks `item:ReadAlarms` (evaluate).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadAlarms {
    /// Only those of this item; of all items when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<ItemId>,
    /// Leave out the ones that no longer stand: withdrawn by a correction or closed.
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

/// `item:CloseAlarm` (submit): a customs authority closes an alarm that it has looked into. What it found is its
/// reason; the alarm and its evidence stay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CloseAlarm {
    /// The alarm.
    pub alarm_id: AlarmId,
    /// What was found, 1 to 500 characters; public, so no personal data.
    pub reason: Remark,
}

transactions! {
    submit(Clerk) "item:Capture" by Role::HANDLERS, Capture => CaptureReceipt;
    submit(Officer) "item:CloseAlarm" by &[Role::Customs], CloseAlarm => Alarm;
    evaluate "item:ReadItem", ReadItem => Item;
    evaluate "item:ReadEvents", ReadEvents => EventPage;
    evaluate "item:Trace", TraceItem => Trace;
    evaluate "item:Scan", ScanItem => ScanAnswer;
    evaluate "item:ReadAlarms", ReadAlarms => AlarmPage;
    evaluate "item:ReadAlarm", ReadAlarm => Alarm;
}
