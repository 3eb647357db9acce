//! The rules of the contract `item`.

use trade_standards::epcis::EventHash;

use crate::common::{AlarmId, ItemId, LicenceId};
use crate::rejection::rejections;

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
    /// A unit would hold too many items.
    TooManyChildren { unit: ItemId, max: usize } = 422, "item.too_many_children", "The unit would hold too many items",
        "{unit} can hold at most {max} items directly";
    /// A unit would hold itself or be nested too deeply.
    NestingTooDeep { unit: ItemId, max: usize } = 422, "item.nesting_too_deep", "The unit would be nested too deeply",
        "{unit} would lie inside itself or more than {max} levels deep";
    /// The licence named for making the items does not permit it.
    LicenceDoesNotCoverMaking { licence_id: LicenceId, item_id: ItemId } = 422, "item.licence_does_not_cover", "The licence does not cover the item",
        "{licence_id} does not permit the caller to make {item_id} now";
    /// There is no such alarm.
    AlarmUnknown { alarm_id: AlarmId } = 404, "item.alarm_unknown", "The alarm is not known",
        "there is no alarm {alarm_id}";
    /// The alarm was withdrawn or closed before.
    AlarmNotStanding { alarm_id: AlarmId } = 409, "item.alarm_not_standing", "The alarm stands no longer",
        "{alarm_id} was withdrawn or closed before";
    /// Nobody closes an alarm about its own conduct.
    AlarmAboutCaller { alarm_id: AlarmId } = 403, "item.alarm_about_caller", "The alarm is about the caller",
        "{alarm_id} can be closed only by an authority that it is not about";
}
