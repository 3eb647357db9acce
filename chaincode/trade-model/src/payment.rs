//! Invoices, booked payments and their settlement.
//!
//! No amount is here: invoice and payment are commitments, and a proof shows that they agree within a tolerance.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use trade_standards::identifier::MspId;
use trade_standards::time::{Date, UtcTime};

/// `payment:IssueInvoice` (submit): the caller's enterprise is the seller.
///
/// The transient field `private` holds an [`AmountOpening`]; it goes to the seller's and the buyer's implicit collections.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IssueInvoice {
    /// A new id chosen by the caller: 1 to 64 letters, digits, dots, dashes, underscores.
    pub invoice_id: String,
    /// Who is to pay.
    pub buyer: MspId,
    /// ISO 4217 code of the total.
    pub currency: String,
    /// The day on the invoice.
    pub issued_on: Date,
    /// The day it is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_on: Option<Date>,
    /// Creditor reference the payer is asked to quote (ISO 11649 `RF…` or another text of at most 35 characters).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub creditor_reference: Option<String>,
    /// SHA-256 of the invoice document: 64 hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document_sha256: Option<String>,
    /// How far a payment may differ, at most, in minor units, decimal string.
    pub tolerance_minor: String,
    /// Pedersen commitment to the total in minor units: text form of `trade-proofs`.
    pub total_commitment: String,
}

/// The transient `private` of `payment:IssueInvoice` and `payment:RecordEntry`: the opening of the committed amount.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AmountOpening {
    /// The amount in minor units of the currency, decimal string, at most 2^48 − 1.
    pub amount_minor: String,
    /// The blinding factor: 32 little-endian bytes as 64 lower-case hexadecimal digits.
    pub blinding: String,
}

/// An invoice: the answer of `payment:IssueInvoice` and `payment:ReadInvoice`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Invoice {
    /// Its id.
    pub invoice_id: String,
    /// Who is to be paid.
    pub seller: MspId,
    /// Who is to pay.
    pub buyer: MspId,
    /// Currency.
    pub currency: String,
    /// The day on the invoice.
    pub issued_on: Date,
    /// The day it is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_on: Option<Date>,
    /// Creditor reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub creditor_reference: Option<String>,
    /// SHA-256 of the document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document_sha256: Option<String>,
    /// Greatest difference a settlement may show, in minor units.
    pub tolerance_minor: String,
    /// Commitment to the total.
    pub total_commitment: String,
    /// Where it stands.
    pub state: InvoiceState,
    /// When it was issued here.
    pub recorded_at: UtcTime,
    /// In which transaction.
    pub transaction_id: String,
    /// The entry that settled it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled_by: Option<String>,
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

/// `payment:RecordEntry` (submit): a bank reports an entry of a customer's account, as its camt message has it.
///
/// The transient field `private` holds an [`AmountOpening`]; it goes to the bank's and the account holder's implicit collections.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordEntry {
    /// A new id chosen by the caller: 1 to 64 letters, digits, dots, dashes, underscores.
    pub entry_id: String,
    /// Whose account it is.
    pub account_holder: MspId,
    /// The bank's own reference (`AcctSvcrRef`), 1 to 35 characters; with `detail_number` it can be recorded once.
    pub account_servicer_reference: String,
    /// Which of the transactions in a batch entry, from 0.
    #[serde(default)]
    pub detail_number: u32,
    /// `EndToEndId`, at most 35 characters; leave it out when the payer gave none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_to_end_id: Option<String>,
    /// Creditor reference the payer quoted, at most 35 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub creditor_reference: Option<String>,
    /// Whether the account received or paid.
    pub direction: EntryDirection,
    /// Whether it reverses an earlier entry (`RvslInd`).
    #[serde(default)]
    pub reversal: bool,
    /// The day it was booked.
    pub booked_on: Date,
    /// ISO 4217 code of the amount.
    pub currency: String,
    /// SHA-256 of the bank's message: 64 hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statement_sha256: Option<String>,
    /// Pedersen commitment to the amount in minor units: text form of `trade-proofs`.
    pub amount_commitment: String,
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
pub struct Entry {
    /// Its id.
    pub entry_id: String,
    /// The bank that reported it.
    pub bank: MspId,
    /// Whose account it is.
    pub account_holder: MspId,
    /// The bank's reference.
    pub account_servicer_reference: String,
    /// Which transaction of a batch entry.
    pub detail_number: u32,
    /// `EndToEndId`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_to_end_id: Option<String>,
    /// Creditor reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub creditor_reference: Option<String>,
    /// Received or paid.
    pub direction: EntryDirection,
    /// Whether it reverses an earlier entry.
    pub reversal: bool,
    /// The day it was booked.
    pub booked_on: Date,
    /// Currency.
    pub currency: String,
    /// SHA-256 of the bank's message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statement_sha256: Option<String>,
    /// Commitment to the amount.
    pub amount_commitment: String,
    /// When it was recorded.
    pub recorded_at: UtcTime,
    /// In which transaction.
    pub transaction_id: String,
    /// The invoice it settled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settles: Option<String>,
}

/// `payment:Settle` (submit): the seller shows that an entry pays an invoice within tolerance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settle {
    /// The invoice.
    pub invoice_id: String,
    /// The entry that pays it.
    pub entry_id: String,
    /// The difference the proof allows, in minor units, decimal string; at most the invoice's tolerance.
    pub tolerance_minor: String,
    /// Why a difference is allowed.
    pub tolerance_reason: ToleranceReason,
    /// Proof that the two committed amounts differ by at most the tolerance: text form of `trade-proofs`.
    pub proof: String,
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
    pub invoice_id: String,
    /// The entry.
    pub entry_id: String,
    /// Currency of both.
    pub currency: String,
    /// What connects the two.
    pub matched_by: MatchBasis,
    /// The difference the proof allows, in minor units.
    pub tolerance_minor: String,
    /// Why.
    pub tolerance_reason: ToleranceReason,
    /// Commitment to the invoice's total.
    pub total_commitment: String,
    /// Commitment to the payment's amount.
    pub amount_commitment: String,
    /// The proof, so that anybody can check it again.
    pub proof: String,
    /// Who settled.
    pub settled_by: MspId,
    /// When.
    pub settled_at: UtcTime,
    /// In which transaction.
    pub transaction_id: String,
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

/// Asks `payment:ReadInvoice` or `payment:ReadSettlement` (evaluate).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadInvoice {
    /// The invoice.
    pub invoice_id: String,
}

/// Asks `payment:ReadEntry` (evaluate).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadEntry {
    /// The entry.
    pub entry_id: String,
}
