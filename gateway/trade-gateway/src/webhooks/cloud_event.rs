//! An event of the ledger as a CloudEvent 1.0, in its structured JSON form.

use serde_json::{Value, json};
use trade_index::IndexedEvent;

/// The media type.
pub(super) const MEDIA_TYPE: &str = "application/cloudevents+json; charset=utf-8";

/// Stands before the event's name in `type`.
const TYPE_PREFIX: &str = "entrepot.";

/// The event; `source` is where ids are unique: the chaincode of the channel.
pub(super) fn cloud_event(event: &IndexedEvent, channel: &str, chaincode: &str) -> Value {
    json!({
        "specversion": "1.0",
        "id": event.id.to_string(),
        "source": format!("/channels/{channel}/chaincodes/{chaincode}"),
        "type": format!("{TYPE_PREFIX}{}", event.name),
        "time": event.claimed_at,
        "datacontenttype": "application/json",
        "data": {"transaction_id": event.transaction_id, "creator": event.creator, "ids": event.payload},
    })
}

#[cfg(test)]
mod tests {
    use trade_index::EventId;

    use super::*;

    #[test]
    fn an_event_has_the_attributes_that_cloudevents_requires() {
        let event = IndexedEvent {
            id: EventId { block: 12, place: 3 },
            name: "item.captured".to_owned(),
            transaction_id: "5f0c".to_owned(),
            creator: "ExporterMSP".to_owned(),
            claimed_at: "2026-11-02T10:00:00Z".to_owned(),
            payload: json!({"item_id": "x"}),
        };
        let told = cloud_event(&event, "trade", "entrepot");
        let required = ["specversion", "id", "source", "type"].map(|name| told[name].as_str().unwrap_or_default());
        assert_eq!(required, ["1.0", "12-3", "/channels/trade/chaincodes/entrepot", "entrepot.item.captured"]);
        assert_eq!(told["data"]["ids"]["item_id"], "x");
    }
}
