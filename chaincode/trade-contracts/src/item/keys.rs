//! Keys of the item contract.

use fabric_contract::{CompositeKey, KeyError};
use trade_model::item::Alarm;
use trade_standards::identifier::MspId;
use trade_standards::time::UtcTime;

/// One of an item's five timelines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Timeline {
    /// Who holds it.
    Custody,
    /// Who owns it.
    Title,
    /// Where it is.
    Location,
    /// Under which licence it was made or imported.
    Licence,
    /// In which unit it lies.
    Packing,
}

impl Timeline {
    fn as_str(self) -> &'static str {
        match self {
            Self::Custody => "custody",
            Self::Title => "title",
            Self::Location => "location",
            Self::Licence => "licence",
            Self::Packing => "packing",
        }
    }
}

/// An item, by its canonical id.
pub(crate) fn item(item_id: &str) -> Result<CompositeKey, KeyError> {
    CompositeKey::new("item", &[item_id])
}

/// An entry of a timeline, by its number from 0.
pub(crate) fn entry(item_id: &str, timeline: Timeline, number: u32) -> Result<CompositeKey, KeyError> {
    CompositeKey::new("timeline", &[item_id, timeline.as_str(), &format!("{number:08}")])
}

/// The prefix of a timeline.
pub(crate) fn entries(item_id: &str, timeline: Timeline) -> Result<CompositeKey, KeyError> {
    CompositeKey::new("timeline", &[item_id, timeline.as_str()])
}

/// A record of an event, by its id.
pub(crate) fn event(record_id: &str) -> Result<CompositeKey, KeyError> {
    CompositeKey::new("event", &[record_id])
}

/// The id of an enterprise's record of an event that somebody else recorded first. Whoever is first has the hash itself.
pub(crate) fn record_of_another(event_hash: &str, recorder: &MspId) -> String {
    format!("{event_hash}&recorder={recorder}")
}

/// Which record of an enterprise first carried an event id.
pub(crate) fn event_by_id(recorder: &MspId, event_id: &str) -> Result<CompositeKey, KeyError> {
    CompositeKey::new("event-id", &[recorder.as_str(), event_id])
}

/// Index entry: an event that names an item or a class. Sorts by ledger time and place in the document.
pub(crate) fn item_event(
    object_id: &str,
    recorded_at: UtcTime,
    place: usize,
    record_id: &str,
) -> Result<CompositeKey, KeyError> {
    let moment = format!("{:012}.{:09}", recorded_at.unix_seconds().max(0), recorded_at.nanosecond());
    CompositeKey::new("item-event", &[object_id, &moment, &format!("{place:06}"), record_id])
}

/// The prefix of the events that name an item or a class.
pub(crate) fn item_events(object_id: &str) -> Result<CompositeKey, KeyError> {
    CompositeKey::new("item-event", &[object_id])
}

/// An alarm.
pub(crate) fn alarm(alarm_id: &str) -> Result<CompositeKey, KeyError> {
    CompositeKey::new("alarm", &[alarm_id])
}

/// The prefix of all alarms.
pub(crate) fn alarms() -> Result<CompositeKey, KeyError> {
    CompositeKey::new("alarm", &[])
}

/// Index entry: an alarm of an item. Sorts by the alarm's number.
pub(crate) fn item_alarm(item_id: &str, number: u32, alarm_id: &str) -> Result<CompositeKey, KeyError> {
    CompositeKey::new("item-alarm", &[item_id, &format!("{number:08}"), alarm_id])
}

/// The prefix of the alarms of an item.
pub(crate) fn item_alarms(item_id: &str) -> Result<CompositeKey, KeyError> {
    CompositeKey::new("item-alarm", &[item_id])
}

/// Index entry, as long as the alarm stands: an alarm of an item. Sorts by the alarm's number.
pub(crate) fn standing_alarm(item_id: &str, number: u32, alarm_id: &str) -> Result<CompositeKey, KeyError> {
    CompositeKey::new("item-alarm-standing", &[item_id, &format!("{number:08}"), alarm_id])
}

/// The prefix of the alarms that stand against an item.
pub(crate) fn standing_alarms(item_id: &str) -> Result<CompositeKey, KeyError> {
    CompositeKey::new("item-alarm-standing", &[item_id])
}

/// Index entry, as long as the alarm stands: an alarm that rests on the record of an event. Sorts by item and number.
pub(crate) fn alarm_on(alarm: &Alarm) -> Result<CompositeKey, KeyError> {
    let Alarm { conflicts_with, item_id, number, alarm_id, .. } = alarm;
    CompositeKey::new("event-alarm", &[conflicts_with, item_id, &format!("{number:08}"), alarm_id])
}

/// The prefix of the alarms that rest on the record of an event.
pub(crate) fn alarms_on(record_id: &str) -> Result<CompositeKey, KeyError> {
    CompositeKey::new("event-alarm", &[record_id])
}
