//! What can be asked of the contract `payment`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trade_standards::identifier::MspId;
use trade_standards::money::CurrencyCode;
use trade_standards::time::Date;

use super::{
    Account, AccountAcceptance, AccountEnd, AccountStanding, BankEntry, EntryDirection, EntryRef, EntryReversal,
    EntryStanding, Invoice, InvoiceAnswer, InvoiceRef, InvoiceStanding, InvoiceWithdrawal, ReversalGround, Settlement,
    SettlementDispute, SettlementLimit, SettlementStanding, ToleranceReason, WithdrawalConsent,
};
use crate::common::{Commitment, EntryId, InvoiceId, MinorUnits, Proof, Remark, Role, SaltedDigest, Text};
use crate::transaction::transactions;

/// `payment:IssueInvoice` (submit): the caller is the seller.
///
/// Seller and buyer must have an agreement in this currency that is in force now: nobody invoices a stranger. Its terms
/// become the invoice's. Everything in the request is public. The opening of the total is shared with the buyer by
/// [`ShareInvoiceOpening`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IssueInvoice {
    /// The caller's own number of it, new among its invoices: 1 to 70 characters, no control characters.
    pub invoice_id: InvoiceId,
    /// Who is to pay.
    pub buyer: MspId,
    /// ISO 4217 code of the total.
    pub currency: CurrencyCode,
    /// The day on the invoice.
    pub issued_on: Date,
    /// The day it is due: not before the agreement's payment days are over. Default: the day on which they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_on: Option<Date>,
    /// Creditor reference the payer is asked to quote (ISO 11649 `RF…` or another text of at most 35 characters).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub creditor_reference: Option<Text<35>>,
    /// Salted digest of the invoice document. A plain digest would let everybody guess the total.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document_digest: Option<SaltedDigest>,
    /// Pedersen commitment to the total in minor units: text form of `trade-proofs`.
    pub total_commitment: Commitment,
}

/// `payment:AcceptInvoice` (submit): the buyer owes it. It must hold the opening of the total, so that it knows what it
/// accepts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AcceptInvoice {
    /// The invoice.
    pub invoice_id: InvoiceRef,
}

/// `payment:DisputeInvoice` (submit): the buyer does not owe it. It can still accept later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DisputeInvoice {
    /// The invoice.
    pub invoice_id: InvoiceRef,
    /// Why.
    pub reason: Remark,
}

/// `payment:WithdrawInvoice` (submit): the seller makes its invoice void. Where the buyer has accepted it, that takes
/// the buyer's consent, too ([`AcceptWithdrawal`]); so an invoice is corrected by two signatures and a new invoice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WithdrawInvoice {
    /// The invoice.
    pub invoice_id: InvoiceRef,
    /// Why.
    pub reason: Remark,
}

/// `payment:AcceptWithdrawal` (submit): the buyer consents to the withdrawal of an invoice that it has accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AcceptWithdrawal {
    /// The invoice.
    pub invoice_id: InvoiceRef,
}

/// `payment:NameBank` (submit): the caller says which bank may report entries of its account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NameBank {
    /// The bank.
    pub bank: MspId,
}

/// `payment:AcceptAccount` (submit): the bank says that it keeps the account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AcceptAccount {
    /// Whose account it is.
    pub holder: MspId,
}

/// `payment:EndAccount` (submit): holder or bank says that the bank reports no longer. What it has reported stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EndAccount {
    /// Whose account it is.
    pub holder: MspId,
    /// Which bank keeps it.
    pub bank: MspId,
}

/// `payment:RecordEntry` (submit): a bank reports an entry of a customer's account, as its camt message has it.
///
/// The holder must have named the bank, and the bank accepted, unless the account is its own. Everything in the request
/// is public. The opening of the amount is shared with the account holder by [`ShareEntryOpening`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordEntry {
    /// The caller's own id of it, new among its entries: 1 to 64 letters, digits, dots, dashes, underscores.
    pub entry_id: EntryId,
    /// Whose account it is.
    pub account_holder: MspId,
    /// The bank's own reference (`AcctSvcrRef`), 1 to 35 characters; with `detail_number` it can be recorded once.
    pub account_servicer_reference: Text<35>,
    /// Which of the transactions in a batch entry, from 0.
    #[serde(default)]
    pub detail_number: u32,
    /// `EndToEndId`, at most 35 characters; leave it out when the payer gave none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_to_end_id: Option<Text<35>>,
    /// Creditor reference the payer quoted, at most 35 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub creditor_reference: Option<Text<35>>,
    /// Whether the account received or paid.
    pub direction: EntryDirection,
    /// The member on the other side of the payment, as the bank knows it. A payer settles by a debit only where it is
    /// named; everybody reads it, so leave it out where that is not wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counterparty: Option<MspId>,
    /// Whether it reverses an earlier entry (`RvslInd`).
    #[serde(default)]
    pub reversal: bool,
    /// The day it was booked.
    pub booked_on: Date,
    /// ISO 4217 code of the amount.
    pub currency: CurrencyCode,
    /// Salted digest of the bank's message. A plain digest would let everybody guess the amount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statement_digest: Option<SaltedDigest>,
    /// Pedersen commitment to the amount in minor units: text form of `trade-proofs`.
    pub amount_commitment: Commitment,
    /// On the bank's own account, and on no other: proof that the commitment is to an amount. Nobody else is to hold
    /// the opening there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount_proof: Option<Proof>,
}

/// `payment:ReverseEntry` (submit): the bank takes back an entry, and what it settled is open again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReverseEntry {
    /// The entry, one of the caller's.
    pub entry_id: EntryRef,
    /// Why.
    pub ground: ReversalGround,
    /// The entry of the same account by which it was reversed, when that was recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reversed_by: Option<EntryRef>,
    /// What the bank says to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remark: Option<Remark>,
}

/// `payment:Settle` (submit): seller or buyer shows that an entry pays an invoice.
///
/// The tolerance is the invoice's, which its agreement made; no request says one.
///
/// The entry is a credit on the seller's account. Where the seller stays silent about it for the days that the rules
/// give, the buyer settles by the debit on its own account, which names the seller and quotes the invoice; that the
/// seller can dispute ([`DisputeSettlement`]).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settle {
    /// The invoice.
    pub invoice_id: InvoiceRef,
    /// The entry that pays it.
    pub entry_id: EntryRef,
    /// Why the two may differ. `none`: they do not, and the proof is for a tolerance of 0.
    pub tolerance_reason: ToleranceReason,
    /// Proof that what is open of the invoice and the entry's amount differ by at most the tolerance: text form of
    /// `trade-proofs`.
    pub proof: Proof,
    /// Where the two may differ: proof that the payment falls short of what is open by at most the agreed percentage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share_proof: Option<Proof>,
    /// Where the caller's organization has a limit for settling alone: proof that the total is not above it. Without
    /// it, the settlement is a proposal, which a second person approves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit_proof: Option<Proof>,
}

/// `payment:DisputeSettlement` (submit): the seller was not paid by what the buyer settled with by itself. The invoice
/// is open again by that; the debit stays used, and the buyer's way on is a credit on the seller's account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DisputeSettlement {
    /// The invoice.
    pub invoice_id: InvoiceRef,
    /// Why.
    pub reason: Remark,
}

/// `payment:ApproveSettlement` (submit): a second person of the organization that proposed a settlement approves it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApproveSettlement {
    /// The invoice.
    pub invoice_id: InvoiceRef,
    /// The entry: the one in the proposal that the person has looked at.
    pub entry_id: EntryRef,
}

/// `payment:SetSettlementLimit` (submit): up to which total one person of the caller's organization settles
/// alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetSettlementLimit {
    /// ISO 4217 code.
    pub currency: CurrencyCode,
    /// The greatest total of an invoice, whatever was credited of it, in minor units, decimal string from 0 to 2^48 -
    /// 1.
    pub alone_most_minor: MinorUnits,
}

/// Asks `payment:ReadInvoice` (evaluate).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadInvoice {
    /// The invoice.
    pub invoice_id: InvoiceRef,
}

/// Asks `payment:ReadAccount` (evaluate).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadAccount {
    /// Whose account it is.
    pub holder: MspId,
    /// Which bank keeps it.
    pub bank: MspId,
}

/// Asks `payment:ReadEntry` (evaluate).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadEntry {
    /// The entry.
    pub entry_id: EntryRef,
}

/// Asks `payment:ReadSettlement` (evaluate).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadSettlement {
    /// The invoice.
    pub invoice_id: InvoiceRef,
    /// Which of its settlements. Default: the one that counts; else the one that the reader's organization has
    /// proposed; else the other one's; else the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<u32>,
}

/// Asks `payment:ReadSettlementLimit` (evaluate).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadSettlementLimit {
    /// The organization.
    pub organization: MspId,
    /// ISO 4217 code.
    pub currency: CurrencyCode,
}

transactions! {
    submit(Clerk) "payment:IssueInvoice" by Role::TRADERS, IssueInvoice => Invoice;
    submit(Treasurer) "payment:AcceptInvoice" by Role::TRADERS,
        AcceptInvoice, seen by ReadInvoice { invoice_id } => InvoiceAnswer;
    submit(Clerk) "payment:DisputeInvoice" by Role::TRADERS,
        DisputeInvoice, seen by ReadInvoice { invoice_id } => InvoiceAnswer;
    submit(Clerk) "payment:WithdrawInvoice" by Role::TRADERS,
        WithdrawInvoice, seen by ReadInvoice { invoice_id } => InvoiceWithdrawal;
    submit(Treasurer) "payment:AcceptWithdrawal" by Role::TRADERS,
        AcceptWithdrawal, seen by ReadInvoice { invoice_id } => WithdrawalConsent;
    submit(Registrar) "payment:NameBank" by Role::TRADERS, NameBank => Account;
    submit(Registrar) "payment:AcceptAccount" by &[Role::Bank], AcceptAccount => AccountAcceptance;
    submit(Registrar) "payment:EndAccount", EndAccount, seen by ReadAccount { holder, bank } => AccountEnd;
    submit(Treasurer) "payment:RecordEntry" by &[Role::Bank], RecordEntry => BankEntry;
    submit(Treasurer) "payment:ReverseEntry" by &[Role::Bank],
        ReverseEntry, seen by ReadEntry { entry_id } => EntryReversal;
    submit(Treasurer) "payment:Settle" by Role::TRADERS, Settle => Settlement;
    submit(Treasurer) "payment:ApproveSettlement" by Role::TRADERS,
        ApproveSettlement, seen by ReadSettlement { invoice_id; number } => Settlement;
    submit(Treasurer) "payment:DisputeSettlement" by Role::TRADERS,
        DisputeSettlement, seen by ReadSettlement { invoice_id; number } => SettlementDispute;
    submit(Registrar) "payment:SetSettlementLimit" by Role::TRADERS, SetSettlementLimit => SettlementLimit;
    evaluate "payment:ReadInvoice", ReadInvoice => InvoiceStanding;
    evaluate "payment:ReadAccount", ReadAccount => AccountStanding;
    evaluate "payment:ReadEntry", ReadEntry => EntryStanding;
    evaluate "payment:ReadSettlement", ReadSettlement => SettlementStanding;
    evaluate "payment:ReadSettlementLimit", ReadSettlementLimit => SettlementLimit;
}
