//! Agreements as the ledger holds them: the offer, the answer to it and its end, each by the member that signs it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trade_standards::identifier::MspId;
use trade_standards::money::CurrencyCode;
use trade_standards::time::{Period, UtcTime};

use super::AgreementName;
use crate::common::{Bounded, Digest256, MinorUnits, Remark, Stamp};

/// Greatest tolerance that can be agreed, in hundredths of a percent; the rules can set a lower bound. A tolerance is
/// for charges and rounding: with a greater one, a payment of a part would settle the whole.
pub const TOLERANCE_BASIS_POINTS_MAX: u32 = 2_000;

/// What two members agree on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    /// ISO 4217 code of the invoices that are meant.
    pub currency: CurrencyCode,
    /// How far a payment may differ from an invoice, at most, in minor units, decimal string from 0 to 2^48 - 1.
    pub tolerance_minor: MinorUnits,
    /// How far it may fall short at most, in hundredths of a percent of the invoice. Both tolerances hold; where one is
    /// 0, so must the other be.
    pub tolerance_basis_points: Bounded<0, TOLERANCE_BASIS_POINTS_MAX>,
    /// How many days the buyer has to pay, at least.
    pub payment_days: Bounded<0, 365>,
    /// How many days after its notice an agreement ends that one side ends.
    pub notice_days: Bounded<0, 365>,
    /// The days on which an invoice can be issued under it.
    pub valid: Period,
}

/// An agreement as it was offered: the answer of `agreement:Offer`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Agreement {
    /// Its name: who offered it, and its id.
    pub agreement_id: AgreementName,
    /// To whom it was offered.
    pub with: MspId,
    /// What is agreed.
    pub terms: Terms,
    /// Until when it can be accepted.
    pub answer_by: UtcTime,
    /// Who offered it when.
    pub offered: Stamp,
}

impl Agreement {
    /// Who offered it.
    pub fn offerer(&self) -> &MspId {
        &self.agreement_id.owner
    }

    /// Whether the member is one of the two.
    pub fn is_party(&self, member: &MspId) -> bool {
        self.with == *member || *self.offerer() == *member
    }
}

/// What the other member says to an offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// It agrees.
    Accepted,
    /// It does not.
    Refused,
}

/// The answer to an offer: what `agreement:Accept` and `agreement:Refuse` record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AgreementAnswer {
    /// The agreement.
    pub agreement_id: AgreementName,
    /// SHA-256 of the offer that is answered.
    pub offer_sha256: Digest256,
    /// What is said.
    pub answer: Answer,
    /// Why it is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Remark>,
    /// Who answered when.
    pub answered: Stamp,
}

/// The end of an agreement by one of the two: what `agreement:End` records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AgreementEnd {
    /// The agreement.
    pub agreement_id: AgreementName,
    /// From when on no invoice can be issued under it: the notice later.
    pub ends_at: UtcTime,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Remark>,
    /// Who gave notice when.
    pub noticed: Stamp,
}

/// Where an agreement stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AgreementState {
    /// It waits for an answer.
    Offered,
    /// Nobody answered in time, and it can no longer be accepted.
    Unanswered,
    /// The other member does not agree.
    Refused,
    /// Both have signed, and its days are not over. They may not have begun.
    Accepted,
    /// Its days are over, or one side has ended it.
    Ended,
}

/// An agreement and what became of it: the answer of `agreement:Read`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AgreementStanding {
    /// The offer.
    #[serde(flatten)]
    pub offer: Agreement,
    /// Whether all that is shown was endorsed by the peers of the members that it speaks for. What was not may have
    /// been made by others in their name; nothing can be based on it.
    pub authenticated: bool,
    /// Where it stands now.
    pub state: AgreementState,
    /// The answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<AgreementAnswer>,
    /// Its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<AgreementEnd>,
}
