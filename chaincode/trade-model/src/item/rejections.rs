//! The rules of the contract `item`.

use trade_standards::epcis::EventHash;
use trade_standards::identifier::Gtin;
use trade_standards::identifier::MspId;
use trade_standards::time::UtcTime;

use super::SerialNumber;
use crate::common::{AlarmGroupId, AlarmId, EventRecordId, ItemId};
use crate::rejection::rejections;
use crate::rights::LicenceName;

rejections! {
    /// The rules of the contract `item`.
    ItemRejection;

    /// The document is no EPCIS 2.0 document.
    DocumentMalformed { rule: String } = 400, "item.document_malformed", "The EPCIS document cannot be read",
        "{rule}";
    /// The document holds an event type that is not captured.
    EventTypeNotSupported { event_type: &'static str } = 422, "item.event_type_not_supported", "This event type is not captured yet",
        "{event_type} is not captured; ObjectEvent and AggregationEvent are";
    /// The document holds no event.
    NoEvents = 400, "item.no_events", "The document holds no event",
        "the document holds no event";
    /// The document holds too many events.
    TooManyEvents { max: usize } = 413, "item.too_many_events", "The document holds too many events",
        "a document can hold at most {max} events";
    /// The document names too many items.
    TooManyItems { max: usize } = 413, "item.too_many_items", "The document names too many items",
        "a document can name items at most {max} times";
    /// The event says it happens later than now.
    EventInFuture { event_hash: EventHash } = 422, "item.event_in_future", "The event lies in the future",
        "{event_hash} has an event time after the transaction";
    /// The item is not known here.
    ItemUnknown { item_id: ItemId } = 404, "item.unknown", "The item is not known",
        "{item_id} is not recorded here";
    /// Only the recorder of an event can declare it erroneous.
    EventOfAnother { event_hash: EventHash } = 403, "item.event_of_another", "The event was recorded by another member",
        "{event_hash} can be declared erroneous only by the member that recorded it";
    /// Only the company of a trade item issues its serial numbers.
    NotTheCompany { gtin: Gtin } = 403, "item.not_the_company", "The trade item is another company's",
        "{gtin} does not begin with a company prefix of the caller";
    /// The range begins like one that was issued.
    SerialsIssued { from: SerialNumber } = 409, "item.serials_issued", "The range was issued before",
        "a range that begins with {from} was issued before";
    /// The trade item has too many ranges.
    TooManySerialRanges { max: usize } = 413, "item.too_many_serial_ranges", "The trade item has too many ranges",
        "a trade item can have at most {max} ranges of serial numbers";
    /// No correction of the record waits for consent.
    CorrectionUnknown { record_id: EventRecordId } = 404, "item.correction_unknown", "No correction is proposed",
        "no correction of {record_id} was proposed";
    /// The correction was carried out before.
    CorrectionApplied { record_id: EventRecordId } = 409, "item.correction_applied", "The correction is carried out",
        "{record_id} counts for nothing already";
    /// No fact of the caller rests on what would be corrected.
    CorrectionNotConcerned { record_id: EventRecordId } = 403, "item.correction_not_concerned", "The correction does not concern the caller",
        "no accepted fact of the caller rests on {record_id}, and it is not the authority of the place";
    /// The caller has agreed before.
    CorrectionConsented { record_id: EventRecordId } = 409, "item.correction_consented", "The caller has agreed before",
        "the caller has agreed to the correction of {record_id} before";
    /// A unit would hold too many items.
    TooManyChildren { unit: ItemId, max: usize } = 422, "item.too_many_children", "The unit would hold too many items",
        "{unit} can hold at most {max} items directly";
    /// A unit would hold itself or be nested too deeply.
    NestingTooDeep { unit: ItemId, max: usize } = 422, "item.nesting_too_deep", "The unit would be nested too deeply",
        "{unit} would lie inside itself or more than {max} levels deep";
    /// The licence named for making the items does not permit it.
    LicenceDoesNotCoverMaking { licence_id: LicenceName, item_id: ItemId } = 422, "item.licence_does_not_cover", "The licence does not cover the item",
        "{licence_id} does not permit the caller to make {item_id} now";
    /// There is no such alarm.
    AlarmUnknown { alarm_id: AlarmId } = 404, "item.alarm_unknown", "The alarm is not known",
        "there is no alarm {alarm_id}";
    /// Until the time to answer has passed, an alarm is told only to those that it concerns.
    AlarmNotPublic { alarm_id: AlarmId, answer_by: UtcTime } = 403, "item.alarm_not_public", "The alarm is not public yet",
        "{alarm_id} is told to those that it concerns only, until {answer_by}";
    /// There is no such group of alarms.
    AlarmGroupUnknown { group_id: AlarmGroupId } = 404, "item.alarm_group_unknown", "The group of alarms is not known",
        "no event has raised the alarms {group_id}";
    /// As for an alarm.
    AlarmGroupNotPublic { group_id: AlarmGroupId, answer_by: UtcTime } = 403, "item.alarm_group_not_public", "The alarms are not public yet",
        "{group_id} is told to those that it concerns only, until {answer_by}";
    /// Only members that alarms concern answer them.
    AlarmNotConcerned { group_id: AlarmGroupId } = 403, "item.alarm_not_concerned", "The alarms do not concern the caller",
        "{group_id} is neither about the caller nor addressed to it";
    /// A member answers alarms once.
    AlarmAnswered { group_id: AlarmGroupId } = 409, "item.alarm_answered", "The caller has answered the alarms",
        "the caller has answered {group_id} before";
    /// Alarms are decided once, and not answered afterwards.
    AlarmDecided { group_id: AlarmGroupId } = 409, "item.alarm_decided", "The alarms are decided",
        "an authority has decided about {group_id} before";
    /// Nobody decides about alarms that it has a part in.
    AlarmDecidedByParty { group_id: AlarmGroupId } = 403, "item.alarm_decided_by_party", "The caller has a part in the alarms",
        "{group_id} can be decided only by an authority that has no part in it";
    /// Where the place of the things has a customs authority, no other one decides.
    AlarmOfAnotherPlace { group_id: AlarmGroupId, authority: MspId } = 403, "item.alarm_of_another_place", "Another authority decides about the alarms",
        "{group_id} concerns things in the jurisdiction of {authority}";
    /// A recorder says too much about one thing that changes nothing.
    TooManySignals { item_id: ItemId, max: u32, hours: u32 } = 429, "item.too_many_signals", "Too many sightings and alarms about one thing",
        "one member records at most {max} events about {item_id} in {hours} hours that are sightings or raise alarms";
    /// The reader names neither a thing nor a recorder.
    SightingsOfNothing = 400, "item.sightings_of_nothing", "Neither a thing nor a recorder is named",
        "one of item and recorder must be given";
}
