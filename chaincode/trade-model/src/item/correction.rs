//! Corrections that others have to agree to.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trade_standards::identifier::MspId;

use super::{DeclaredError, Item};
use crate::common::{EventRecordId, ItemId, Person, Stamp};

/// An error declaration of an event on which accepted facts of others rest. Until they consent, the state stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Correction {
    /// The record that is declared erroneous.
    pub record_id: EventRecordId,
    /// What its recorder declared.
    pub declared: DeclaredError,
    /// The things that it changed.
    pub items: Vec<ItemId>,
}

/// That a member agrees to a correction, or that an authority decides so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CorrectionConsent {
    /// The record that is declared erroneous.
    pub record_id: EventRecordId,
    /// The things about which the member decides as their authority; none where it agrees for itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub decides: Vec<ItemId>,
    /// Who agreed when.
    pub consented: Stamp,
    /// The officer, where an authority decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<Person>,
    /// When a second officer of the authority approved; a decision counts from then on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved: Option<Stamp>,
}

impl CorrectionConsent {
    /// What the member said last.
    pub fn last_said(&self) -> &Stamp {
        self.approved.as_ref().unwrap_or(&self.consented)
    }
}

/// The answer of `item:ReadCorrection` and `item:ConsentToCorrection`: where a correction stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CorrectionReport {
    /// What was proposed.
    #[serde(flatten)]
    pub correction: Correction,
    /// The members whose accepted facts rest on the record, sorted.
    pub parties: Vec<MspId>,
    /// The things about which their authority has to decide, sorted: a sale to a consumer or a customs decision rests
    /// on the record, or a hold binds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs_authority: Vec<ItemId>,
    /// Who agreed, by their MSP ids.
    pub consents: Vec<CorrectionConsent>,
    /// Whether it is carried out.
    pub applied: bool,
}

/// The answer of `item:ReadItem`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ItemReport {
    /// The item as the ledger knows it now.
    #[serde(flatten)]
    pub item: Item,
    /// Corrections of records about it that wait for the consent of others, at most 50.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub corrections_proposed: Vec<EventRecordId>,
}
