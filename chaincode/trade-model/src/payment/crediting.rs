//! What can be asked of the contract `payment` about credit notes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trade_standards::identifier::MspId;

use super::{CreditAcceptance, CreditNote, CreditStanding, InvoiceRef};
use crate::common::{Commitment, DocumentedOpening, Proof, Remark, Role, SaltedDigest, Shared};
use crate::transaction::{Lookup, transactions};

/// `payment:IssueCredit` (submit): the seller lowers what is open of its invoice, when the buyer accepts that.
///
/// Something remains open: a whole invoice is withdrawn. The amount is committed; its opening is shared with the buyer
/// by [`ShareCreditOpening`]. A later credit note takes the place of one that is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IssueCredit {
    /// The invoice.
    pub invoice_id: InvoiceRef,
    /// Why.
    pub reason: Remark,
    /// Pedersen commitment to the amount in minor units: text form of `trade-proofs`.
    pub amount_commitment: Commitment,
    /// Salted digest of the document. A plain digest would let everybody guess the amount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document_digest: Option<SaltedDigest>,
    /// Proof that what is open, less the amount, is at least one minor unit: text form of `trade-proofs`.
    pub proof: Proof,
}

/// `payment:ShareCreditOpening` (submit): the seller gives the buyer what opens the amount of a credit note.
///
/// The transient field `private` holds a [`DocumentedOpening`]; it goes to the seller's and the buyer's own
/// collections, as with [`ShareInvoiceOpening`](super::ShareInvoiceOpening).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShareCreditOpening {
    /// The invoice.
    pub invoice_id: InvoiceRef,
    /// Which of its credit notes, from 1.
    pub number: u32,
}

impl ShareCreditOpening {
    fn buyer(&self, caller: &MspId) -> Lookup {
        super::sharing::buyer(&self.invoice_id, caller)
    }
}

/// `payment:AcceptCredit` (submit): the buyer accepts the last credit note. It must hold the opening of the amount.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AcceptCredit {
    /// The invoice.
    pub invoice_id: InvoiceRef,
    /// Which of its credit notes, from 1.
    pub number: u32,
}

/// Asks `payment:ReadCredit` (evaluate).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadCredit {
    /// The invoice.
    pub invoice_id: InvoiceRef,
    /// Which of its credit notes, from 1.
    pub number: u32,
}

/// Asks `payment:ReadCreditOpening` (evaluate): seller and buyer read what opens the amount, each at its own peer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadCreditOpening {
    /// The invoice.
    pub invoice_id: InvoiceRef,
    /// Which of its credit notes, from 1.
    pub number: u32,
}

transactions! {
    submit(Clerk) "payment:IssueCredit" by Role::TRADERS, IssueCredit => CreditNote;
    submit(Clerk) "payment:ShareCreditOpening" by Role::TRADERS,
        ShareCreditOpening, private DocumentedOpening, to ShareCreditOpening::buyer => Shared;
    submit(Treasurer) "payment:AcceptCredit" by Role::TRADERS,
        AcceptCredit, seen by ReadCredit { invoice_id, number } => CreditAcceptance;
    evaluate "payment:ReadCredit", ReadCredit => CreditStanding;
    evaluate "payment:ReadCreditOpening", ReadCreditOpening => DocumentedOpening;
}
