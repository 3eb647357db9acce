//! Invoices: what the seller claims, what the buyer says to it, and how both take it back.
//!
//! Each record is by one member and never changes but by that member: the seller's peer is not needed for a dispute,
//! nor the buyer's for a withdrawal. Where an invoice stands follows from all of them together.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trade_standards::identifier::MspId;
use trade_standards::money::CurrencyCode;
use trade_standards::time::{Date, UtcTime};

use super::{CreditNote, EntryName, InvoiceName};
use crate::agreement::AgreementName;
use crate::common::{Commitment, Digest256, MinorUnits, Remark, SaltedDigest, Stamp, Text};

/// An invoice: the answer of `payment:IssueInvoice`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Invoice {
    /// Its name: the seller and its number.
    pub invoice_id: InvoiceName,
    /// Who is to be paid.
    pub seller: MspId,
    /// Who is to pay.
    pub buyer: MspId,
    /// Currency.
    pub currency: CurrencyCode,
    /// The day on the invoice.
    pub issued_on: Date,
    /// The day it is due.
    pub due_on: Date,
    /// Creditor reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub creditor_reference: Option<Text<35>>,
    /// Salted digest of the document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document_digest: Option<SaltedDigest>,
    /// The agreement between seller and buyer that was in force, in ledger time, when it was issued.
    pub agreement_id: AgreementName,
    /// How far a payment may differ at most, by that agreement, in minor units.
    pub tolerance_minor: MinorUnits,
    /// How far it may fall short at most, by that agreement, in hundredths of a percent.
    pub tolerance_basis_points: u32,
    /// Commitment to the total.
    pub total_commitment: Commitment,
    /// Until when the buyer is to accept or dispute it.
    pub answer_by: UtcTime,
    /// Who issued it here when.
    pub issued: Stamp,
}

/// What a buyer says to an invoice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum InvoiceVerdict {
    /// It owes this.
    Accepted,
    /// It does not.
    Disputed,
}

/// The buyer's answer to an invoice: the answer of `payment:AcceptInvoice` and `payment:DisputeInvoice`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct InvoiceAnswer {
    /// The invoice.
    pub invoice_id: InvoiceName,
    /// SHA-256 of the invoice that is answered.
    pub invoice_sha256: Digest256,
    /// What is said.
    pub verdict: InvoiceVerdict,
    /// Why it is disputed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Remark>,
    /// Who answered when.
    pub answered: Stamp,
}

/// The seller's word that an invoice is void: the answer of `payment:WithdrawInvoice`. Of an invoice that the buyer has
/// accepted it is a proposal, until the buyer accepts that, too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct InvoiceWithdrawal {
    /// The invoice.
    pub invoice_id: InvoiceName,
    /// Why.
    pub reason: Remark,
    /// Who withdrew it when.
    pub withdrawn: Stamp,
}

/// The buyer's consent to the withdrawal of an invoice that it had accepted: the answer of `payment:AcceptWithdrawal`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WithdrawalConsent {
    /// The invoice.
    pub invoice_id: InvoiceName,
    /// SHA-256 of the withdrawal to which the buyer consents.
    pub withdrawal_sha256: Digest256,
    /// Who consented when.
    pub consented: Stamp,
}

/// Where an invoice stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum InvoiceState {
    /// The buyer has said nothing yet, and has time.
    Issued,
    /// The buyer was told the total and has said nothing in time. It owes nothing by that; a payment of exactly what is
    /// open that quotes the invoice settles it.
    Unanswered,
    /// The buyer owes it.
    Accepted,
    /// The buyer says that it does not owe it. It can still accept.
    Disputed,
    /// The seller proposes to make void what the buyer has accepted; it is owed until the buyer consents.
    WithdrawalProposed,
    /// It is void.
    Withdrawn,
    /// It was paid within tolerance.
    Settled,
}

/// An invoice and what became of it: the answer of `payment:ReadInvoice`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct InvoiceStanding {
    /// The invoice.
    #[serde(flatten)]
    pub record: Invoice,
    /// Whether the peer of the seller endorsed it. Without that, others may have made it in the seller's name.
    pub authenticated: bool,
    /// Whether seller and buyer hold the same opening of the total.
    pub opening_shared: bool,
    /// Where it stands now.
    pub state: InvoiceState,
    /// What the buyer says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<InvoiceAnswer>,
    /// The seller's word that it is void.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawal: Option<InvoiceWithdrawal>,
    /// The entry that settles it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled_by_entry: Option<EntryName>,
    /// Commitment to what is open: the total, less the credit notes that the buyer has accepted.
    pub open_commitment: Commitment,
    /// Those credit notes, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub credits: Vec<CreditNote>,
    /// How many credit notes the seller has issued, accepted or not: the last one has this number.
    pub credits_issued: u32,
    /// How many settlements it has had, those that a bank's reversal or the seller's dispute undid among them.
    pub settlements: u32,
}
