//! Invoices, bank entries and settlements as the ledger holds them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trade_standards::identifier::MspId;
use trade_standards::money::CurrencyCode;
use trade_standards::time::Date;

use crate::common::{Commitment, EntryId, InvoiceId, MinorUnits, Proof, SaltedDigest, Stamp, Text};

/// An invoice: the answer of `payment:IssueInvoice` and `payment:ReadInvoice`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Invoice {
    /// Its id.
    pub invoice_id: InvoiceId,
    /// Who is to be paid.
    pub seller: MspId,
    /// Who is to pay.
    pub buyer: MspId,
    /// Currency.
    pub currency: CurrencyCode,
    /// The day on the invoice.
    pub issued_on: Date,
    /// The day it is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_on: Option<Date>,
    /// Creditor reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub creditor_reference: Option<Text<35>>,
    /// Salted digest of the document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document_digest: Option<SaltedDigest>,
    /// Greatest difference a settlement may show, in minor units.
    pub tolerance_minor: MinorUnits,
    /// Commitment to the total.
    pub total_commitment: Commitment,
    /// Where it stands.
    pub state: InvoiceState,
    /// Who issued it here when.
    pub issued: Stamp,
    /// The entry that settled it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled_by_entry: Option<EntryId>,
}

impl Invoice {
    /// The invoice as the seller issued it, before anything settled it.
    #[must_use]
    pub fn as_issued(&self) -> Self {
        Self { state: InvoiceState::Open, settled_by_entry: None, ..self.clone() }
    }
}

/// Where an invoice stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum InvoiceState {
    /// Not settled.
    Open,
    /// Settled by a payment that agrees within tolerance.
    Settled,
}

/// Whether an account received or paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EntryDirection {
    /// Received (`CRDT`).
    Credit,
    /// Paid (`DBIT`).
    Debit,
}

/// A booked entry: the answer of `payment:RecordEntry` and `payment:ReadEntry`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BankEntry {
    /// Its id.
    pub entry_id: EntryId,
    /// The bank that reported it.
    pub bank: MspId,
    /// Whose account it is.
    pub account_holder: MspId,
    /// The bank's reference.
    pub account_servicer_reference: Text<35>,
    /// Which transaction of a batch entry.
    pub detail_number: u32,
    /// `EndToEndId`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_to_end_id: Option<Text<35>>,
    /// Creditor reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub creditor_reference: Option<Text<35>>,
    /// Received or paid.
    pub direction: EntryDirection,
    /// Whether it reverses an earlier entry.
    pub reversal: bool,
    /// The day it was booked.
    pub booked_on: Date,
    /// Currency.
    pub currency: CurrencyCode,
    /// Salted digest of the bank's message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statement_digest: Option<SaltedDigest>,
    /// Commitment to the amount.
    pub amount_commitment: Commitment,
    /// Who recorded it when.
    pub recorded: Stamp,
    /// The invoice it settled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settles: Option<InvoiceId>,
}

impl BankEntry {
    /// The entry as the bank recorded it, before it settled anything.
    #[must_use]
    pub fn as_recorded(&self) -> Self {
        Self { settles: None, ..self.clone() }
    }
}

/// Why payment and invoice may differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ToleranceReason {
    /// They may not: the tolerance is 0.
    None,
    /// Rounding.
    Rounding,
    /// Charges of a bank on the way.
    BankCharge,
    /// Exchange rates.
    ExchangeRate,
    /// Agreed discount.
    Discount,
    /// Fee of a payment service.
    PaymentServiceFee,
    /// Withheld tax.
    Withholding,
    /// Fewer goods arrived.
    ShortDelivery,
}

/// A settlement: the answer of `payment:Settle` and `payment:ReadSettlement`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Settlement {
    /// The invoice.
    pub invoice_id: InvoiceId,
    /// The entry.
    pub entry_id: EntryId,
    /// Currency of both.
    pub currency: CurrencyCode,
    /// What connects the two.
    pub matched_by: MatchBasis,
    /// The difference the proof allows, in minor units.
    pub tolerance_minor: MinorUnits,
    /// Why.
    pub tolerance_reason: ToleranceReason,
    /// Commitment to the invoice's total.
    pub total_commitment: Commitment,
    /// Commitment to the payment's amount.
    pub amount_commitment: Commitment,
    /// The proof, so that anybody can check it again.
    pub proof: Proof,
    /// Who settled when.
    pub settled: Stamp,
}

/// What connects an entry with an invoice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MatchBasis {
    /// The creditor reference of the invoice.
    CreditorReference,
    /// The payer's end-to-end id is the invoice's id.
    EndToEndId,
    /// The seller says so; no reference connects them.
    Manual,
}
