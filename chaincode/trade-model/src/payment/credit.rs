//! Credit notes: the seller lowers what is open of an invoice, and the buyer accepts that.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::InvoiceName;
use crate::common::{Commitment, Digest256, Proof, Remark, SaltedDigest, Stamp};

/// Most credit notes that one invoice can have.
pub const CREDITS_MAX: u32 = 20;

/// A credit note: the answer of `payment:IssueCredit`. It lowers what is open when the buyer has accepted it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CreditNote {
    /// The invoice.
    pub invoice_id: InvoiceName,
    /// Which credit note of the invoice it is, from 1.
    pub number: u32,
    /// SHA-256 of the invoice that it lowers.
    pub invoice_sha256: Digest256,
    /// Commitment to what was open when it was issued. It counts only while that is open.
    pub open_commitment: Commitment,
    /// Commitment to the amount by which that is lowered.
    pub amount_commitment: Commitment,
    /// Salted digest of the document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document_digest: Option<SaltedDigest>,
    /// Why.
    pub reason: Remark,
    /// The proof that something remains open, so that anybody can check it again.
    pub proof: Proof,
    /// Who issued it when.
    pub issued: Stamp,
}

/// The buyer's consent to a credit note: the answer of `payment:AcceptCredit`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CreditAcceptance {
    /// The invoice.
    pub invoice_id: InvoiceName,
    /// Which of its credit notes.
    pub number: u32,
    /// SHA-256 of the credit note that is accepted.
    pub credit_sha256: Digest256,
    /// Who accepted when.
    pub accepted: Stamp,
}

/// A credit note and what became of it: the answer of `payment:ReadCredit`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CreditStanding {
    /// The credit note.
    #[serde(flatten)]
    pub record: CreditNote,
    /// Whether the peer of the seller endorsed it. Without that, others may have made it in the seller's name.
    pub authenticated: bool,
    /// Whether seller and buyer hold the same opening of the amount.
    pub opening_shared: bool,
    /// The buyer's consent. What is open is lowered when there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acceptance: Option<CreditAcceptance>,
}
