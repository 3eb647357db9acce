//! Settlements: that an entry pays an invoice, proved and approved.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trade_standards::identifier::MspId;
use trade_standards::money::CurrencyCode;
use trade_standards::time::UtcTime;

use super::{EntryName, EntryReversal, InvoiceName};
use crate::common::{Commitment, Digest256, MinorUnits, Person, Proof, Remark, Stamp};

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

/// A settlement: the answer of `payment:Settle` and `payment:ApproveSettlement`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Settlement {
    /// The invoice.
    pub invoice_id: InvoiceName,
    /// Which settlement of the invoice it is, from 1; later ones follow a bank's reversal or the seller's dispute.
    pub number: u32,
    /// SHA-256 of the invoice that was settled. A settlement counts for that one and for none that has its name.
    pub invoice_sha256: Digest256,
    /// The entry.
    pub entry_id: EntryName,
    /// SHA-256 of the entry that settles it.
    pub entry_sha256: Digest256,
    /// Currency of both.
    pub currency: CurrencyCode,
    /// What connects the two.
    pub matched_by: MatchBasis,
    /// On whose account the entry is.
    pub basis: SettlementBasis,
    /// Until when the seller can dispute it, where the buyer settled by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disputable_until: Option<UtcTime>,
    /// The difference that the proof allows, in minor units: what the invoice's agreement says, or 0.
    pub tolerance_minor: MinorUnits,
    /// How far the payment may fall short by the other proof, in hundredths of a percent; absent when nothing may
    /// differ.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tolerance_basis_points: Option<u32>,
    /// Why the two may differ.
    pub tolerance_reason: ToleranceReason,
    /// Commitment to what was open of the invoice: its total, less the credit notes that the buyer had accepted.
    pub total_commitment: Commitment,
    /// Commitment to the payment's amount.
    pub amount_commitment: Commitment,
    /// The proof that the two differ by at most the tolerance, so that anybody can check it again.
    pub proof: Proof,
    /// The proof that the payment falls short by at most the percentage, when they may differ.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share_proof: Option<Proof>,
    /// Up to which total one person of the organization settles alone, in minor units, when that was proved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within_limit_minor: Option<MinorUnits>,
    /// The proof that the invoice's total is not above it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit_proof: Option<Proof>,
    /// Where it stands.
    pub state: SettlementState,
    /// Who settled when, or would settle.
    pub settled: Stamp,
    /// The person that settled, as it is told from the one that approves.
    pub person: Person,
    /// Who approved when, where it took a second person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved: Option<Stamp>,
}

/// Whose bank says that was paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SettlementBasis {
    /// The seller's: the entry is a credit on its account.
    Credit,
    /// The buyer's: the entry is a debit on its account, about which the seller said nothing in time.
    Debit,
}

/// The seller's word that it was not paid by what the buyer settled with by itself: the answer of
/// `payment:DisputeSettlement`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SettlementDispute {
    /// The invoice.
    pub invoice_id: InvoiceName,
    /// Which of its settlements.
    pub number: u32,
    /// SHA-256 of the settlement that is disputed.
    pub settlement_sha256: Digest256,
    /// Why.
    pub reason: Remark,
    /// Who disputed it when.
    pub disputed: Stamp,
}

/// Where a settlement stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SettlementState {
    /// A second person of the organization has to approve; the invoice is open.
    Proposed,
    /// The invoice is settled.
    Settled,
}

/// A settlement and what became of it: the answer of `payment:ReadSettlement`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SettlementStanding {
    /// The settlement, or the proposal when there is none that counts.
    #[serde(flatten)]
    pub record: Settlement,
    /// Whether the peer of the organization that settled endorsed it.
    pub authenticated: bool,
    /// The bank's word that the entry counts no more, so that the invoice is open again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reopened: Option<EntryReversal>,
    /// The seller's word that it was not paid, which opens the invoice again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disputed: Option<SettlementDispute>,
}

/// Up to which total one person of an organization settles alone: the answer of `payment:SetSettlementLimit` and
/// `payment:ReadSettlementLimit`. Above it, a second one approves. Without a limit, one settles any amount.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SettlementLimit {
    /// The organization.
    pub organization: MspId,
    /// ISO 4217 code.
    pub currency: CurrencyCode,
    /// The greatest total of an invoice, in minor units, 0 to 2^48 - 1. 0: everything takes two.
    pub alone_most_minor: MinorUnits,
    /// Who set it when.
    pub set: Stamp,
    /// The person that set it. It never settles alone under its own limit.
    pub person: Person,
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
