//! What a committed transaction announces: one event, whose name says what happened and whose payload holds ids only.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    agreement::AgreementEvent, custody::CustodyEvent, customs::CustomsEvent, disclosure::DisclosureEvent,
    evidence::EvidenceEvent, governance::GovernanceEvent, item::ItemEvent, mandate::MandateEvent,
    payment::PaymentEvent, rights::RightsEvent, title::TitleEvent,
};

macro_rules! of_every_domain {
    ($($(#[$doc:meta])* $domain:ident($events:ty);)+) => {
        /// An event of any domain.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(untagged)]
        pub enum LedgerEvent {
            $($(#[$doc])* $domain($events),)+
        }

        $(impl From<$events> for LedgerEvent {
            fn from(event: $events) -> Self {
                Self::$domain(event)
            }
        })+
    };
}

of_every_domain! {
    /// Of `governance`.
    Governance(GovernanceEvent);
    /// Of `item`.
    Item(ItemEvent);
    /// Of `custody`.
    Custody(CustodyEvent);
    /// Of `title`.
    Title(TitleEvent);
    /// Of `mandate`.
    Mandate(MandateEvent);
    /// Of `rights`.
    Rights(RightsEvent);
    /// Of `evidence`.
    Evidence(EvidenceEvent);
    /// Of `customs`.
    Customs(CustomsEvent);
    /// Of `agreement`.
    Agreement(AgreementEvent);
    /// Of `payment`.
    Payment(PaymentEvent);
    /// Of `disclosure`.
    Disclosure(DisclosureEvent);
}

impl LedgerEvent {
    /// The name and the payload as they stand in the transaction.
    pub fn to_wire(&self) -> (String, Vec<u8>) {
        // Every domain's enum is tagged with `name` and holds its ids under `ids`.
        let value = serde_json::to_value(self).expect("an event holds texts and numbers, which JSON takes");
        let name = value.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
        (name, value.get("ids").cloned().unwrap_or(Value::Null).to_string().into_bytes())
    }

    /// The event back from its name and payload; none when this chaincode does not write such an event.
    pub fn from_wire(name: &str, payload: &[u8]) -> Option<Self> {
        let ids: Value = serde_json::from_slice(payload).ok()?;
        serde_json::from_value(json!({ "name": name, "ids": ids })).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_comes_back_from_the_wire() {
        let tariff_id = "CustomsMSP/T-1".parse().expect("a name");
        let event = LedgerEvent::from(CustomsEvent::TariffPublished { tariff_id, version: 2 });
        let (name, payload) = event.to_wire();
        assert_eq!(name, "customs.tariff_published");
        assert_eq!(String::from_utf8_lossy(&payload), r#"{"tariff_id":"CustomsMSP/T-1","version":2}"#);
        assert_eq!(LedgerEvent::from_wire(&name, &payload), Some(event));
        assert_eq!(LedgerEvent::from_wire("customs.unheard_of", &payload), None);
        assert_eq!(LedgerEvent::from_wire(&name, b"{}"), None);
    }
}
