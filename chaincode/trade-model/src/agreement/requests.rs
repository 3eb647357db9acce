//! What can be asked of the contract `agreement`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trade_standards::identifier::MspId;

use super::{Agreement, AgreementAnswer, AgreementEnd, AgreementRef, AgreementStanding, Terms};
use crate::common::{AgreementId, Remark, Role};
use crate::transaction::transactions;

/// `agreement:Offer` (submit): the caller offers terms to another member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OfferAgreement {
    /// The caller's own id of it, new among its agreements: 1 to 64 letters, digits, dots, dashes, underscores.
    pub agreement_id: AgreementId,
    /// To whom.
    pub with: MspId,
    /// What is to be agreed.
    pub terms: Terms,
}

/// `agreement:Accept` (submit): the other member agrees, and the terms are in force on their days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AcceptAgreement {
    /// The agreement.
    pub agreement_id: AgreementRef,
}

/// `agreement:Refuse` (submit): the other member does not agree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RefuseAgreement {
    /// The agreement.
    pub agreement_id: AgreementRef,
    /// Why.
    pub reason: Remark,
}

/// `agreement:End` (submit): one of the two gives notice. Invoices that were issued before the end keep their terms.
/// The offerer takes back with it what nobody accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EndAgreement {
    /// The agreement.
    pub agreement_id: AgreementRef,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Remark>,
}

/// Asks `agreement:Read` (evaluate).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadAgreement {
    /// The agreement.
    pub agreement_id: AgreementRef,
}

transactions! {
    submit(Registrar) "agreement:Offer" by Role::TRADERS, OfferAgreement => Agreement;
    submit(Registrar) "agreement:Accept" by Role::TRADERS,
        AcceptAgreement, seen by ReadAgreement { agreement_id } => AgreementAnswer;
    submit(Registrar) "agreement:Refuse" by Role::TRADERS,
        RefuseAgreement, seen by ReadAgreement { agreement_id } => AgreementAnswer;
    submit(Registrar) "agreement:End" by Role::TRADERS,
        EndAgreement, seen by ReadAgreement { agreement_id } => AgreementEnd;
    evaluate "agreement:Read", ReadAgreement => AgreementStanding;
}
