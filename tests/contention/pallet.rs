//! The lawful way of a pallet of ten items from its maker to consumers: ten events about each item, and what both sides
//! sign when goods change hands. Each step waits for the one before, as goods do; customs looks at them meanwhile.

use anyhow::Result;
use serde_json::{Value, json};
use trade_model::{
    Transaction as _,
    custody::{Accept, Offer},
    item::Capture,
    title::{AcceptTitle, OfferTitle},
};

use crate::{
    figures::Figures,
    member::{CARRIER, CUSTOMS, IMPORTER, MAKER, Members, RETAILER},
};

/// Items on a pallet.
pub const ITEMS: u32 = 10;
/// Events about each item.
pub const EVENTS_PER_ITEM: u32 = 10;
/// Changes of custody, by offer and acceptance.
pub const HANDOVERS: u32 = 3;

/// One pallet.
pub struct Pallet {
    number: u32,
}

impl Pallet {
    pub fn new(number: u32) -> Self {
        Self { number }
    }

    pub fn unit(&self) -> String {
        format!("urn:epc:id:sscc:9521234.{:010}", self.number)
    }

    fn items(&self) -> Vec<String> {
        let serial = |place: u32| format!("urn:epc:id:sgtin:9521234.011111.{}", self.number * ITEMS + place);
        (0..ITEMS).map(serial).collect()
    }

    /// A document with an event about each item.
    pub fn each(&self, action: &str, step: &str) -> Value {
        document(self.items().iter().map(|item| event(action, step, std::slice::from_ref(item), self.number)).collect())
    }

    /// A document about the pallet, with an event for each item.
    fn packed(&self, action: &str, step: &str) -> Value {
        let event = |(place, item): (usize, &String)| {
            json!({
                "type": "AggregationEvent", "eventTime": time(self.number, place), "eventTimeZoneOffset": "+00:00",
                "action": action, "bizStep": step, "parentID": self.unit(), "childEPCs": [item],
            })
        };
        document(self.items().iter().enumerate().map(event).collect())
    }

    async fn hand_over(
        &self,
        members: &Members,
        from: &'static str,
        to: &'static str,
        figures: &mut Figures,
    ) -> Result<()> {
        let transfer_id = format!("{}-{to}", self.number);
        let offer = json!({ "transfer_id": transfer_id, "items": [self.unit()], "to": to, "condition": "good" });
        members.submit(from, Offer::NAME, &offer, figures).await?;
        let accept = json!({ "transfer_id": format!("{from}/{transfer_id}") });
        members.submit(to, Accept::NAME, &accept, figures).await
    }

    async fn sell(&self, members: &Members, from: &'static str, to: &'static str, figures: &mut Figures) -> Result<()> {
        let title_id = format!("{}-{to}", self.number);
        let offer = json!({ "title_id": title_id, "items": [self.unit()], "buyer": to });
        members.submit(from, OfferTitle::NAME, &offer, figures).await?;
        let accept = json!({ "title_id": format!("{from}/{title_id}") });
        members.submit(to, AcceptTitle::NAME, &accept, figures).await
    }
}

/// One pallet's way.
pub async fn story(members: &Members, number: u32) -> Result<Figures> {
    let (pallet, mut figures, mut of_customs) = (Pallet::new(number), Figures::default(), Figures::default());
    let capture = Capture::NAME;
    members.submit(MAKER, capture, &pallet.each("ADD", "commissioning"), &mut figures).await?;
    members.submit(MAKER, capture, &pallet.each("OBSERVE", "inspecting"), &mut figures).await?;
    members.submit(MAKER, capture, &pallet.packed("ADD", "packing"), &mut figures).await?;
    members.submit(MAKER, capture, &pallet.each("OBSERVE", "shipping"), &mut figures).await?;
    pallet.hand_over(members, MAKER, CARRIER, &mut figures).await?;
    pallet.sell(members, MAKER, IMPORTER, &mut figures).await?;
    let (departing, looked) = (pallet.each("OBSERVE", "departing"), pallet.each("OBSERVE", "inspecting"));
    let (moved, seen) = tokio::join!(
        members.submit(CARRIER, capture, &departing, &mut figures),
        members.submit(CUSTOMS, capture, &looked, &mut of_customs),
    );
    moved.and(seen)?;
    members.submit(CARRIER, capture, &pallet.each("OBSERVE", "arriving"), &mut figures).await?;
    pallet.hand_over(members, CARRIER, IMPORTER, &mut figures).await?;
    pallet.sell(members, IMPORTER, RETAILER, &mut figures).await?;
    members.submit(IMPORTER, capture, &pallet.each("OBSERVE", "storing"), &mut figures).await?;
    pallet.hand_over(members, IMPORTER, RETAILER, &mut figures).await?;
    members.submit(RETAILER, capture, &pallet.packed("DELETE", "unpacking"), &mut figures).await?;
    members.submit(RETAILER, capture, &pallet.each("OBSERVE", "retail_selling"), &mut figures).await?;
    figures.add(of_customs);
    Ok(figures)
}

pub fn event(action: &str, step: &str, things: &[String], place: u32) -> Value {
    json!({
        "type": "ObjectEvent", "eventTime": time(place, 0), "eventTimeZoneOffset": "+00:00",
        "action": action, "bizStep": step, "epcList": things,
    })
}

pub fn document(events: Vec<Value>) -> Value {
    json!({ "document": {
        "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
        "type": "EPCISDocument", "schemaVersion": "2.0", "creationDate": "2026-01-01T00:00:00Z",
        "epcisBody": { "eventList": events },
    } })
}

/// A claimed time of its own for each document and event.
fn time(number: u32, place: usize) -> String {
    format!("2025-12-{:02}T{:02}:{:02}:{place:02}Z", 1 + number / 1_440 % 28, number / 60 % 24, number % 60)
}
