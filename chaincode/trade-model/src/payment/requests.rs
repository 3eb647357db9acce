//! What can be asked of the contract `payment`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trade_standards::identifier::MspId;
use trade_standards::money::CurrencyCode;
use trade_standards::time::Date;

use super::{BankEntry, EntryDirection, Invoice, Settlement, ToleranceReason};
use crate::common::{
    Commitment, Committed, DocumentedOpening, Duty, EntryId, InvoiceId, MinorUnits, Proof, Role, SaltedDigest, Shared,
    Text,
};
use crate::transaction::{Kind, Lookup, Required, Transaction, transactions};

/// `payment:IssueInvoice` (submit): the caller is the seller.
///
/// Everything in it is public. The opening of the total is shared with the buyer by [`ShareInvoiceOpening`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IssueInvoice {
    /// A new id chosen by the caller: 1 to 64 letters, digits, dots, dashes, underscores.
    pub invoice_id: InvoiceId,
    /// Who is to pay.
    pub buyer: MspId,
    /// ISO 4217 code of the total.
    pub currency: CurrencyCode,
    /// The day on the invoice.
    pub issued_on: Date,
    /// The day it is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_on: Option<Date>,
    /// Creditor reference the payer is asked to quote (ISO 11649 `RF…` or another text of at most 35 characters).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub creditor_reference: Option<Text<35>>,
    /// Salted digest of the invoice document. A plain digest would let everybody guess the total.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document_digest: Option<SaltedDigest>,
    /// How far a payment may differ, at most, in minor units, decimal string.
    pub tolerance_minor: MinorUnits,
    /// Pedersen commitment to the total in minor units: text form of `trade-proofs`.
    pub total_commitment: Commitment,
}

/// `payment:RecordEntry` (submit): a bank reports an entry of a customer's account, as its camt message has it.
///
/// Everything in it is public. The opening of the amount is shared with the account holder by [`ShareEntryOpening`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordEntry {
    /// A new id chosen by the caller: 1 to 64 letters, digits, dots, dashes, underscores.
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
}

/// `payment:ShareInvoiceOpening` (submit): the seller gives the buyer what opens the total.
///
/// The transient field `private` holds a [`DocumentedOpening`]; it goes to the seller's and the buyer's own
/// collections, and their peers alone see it. It must open what the invoice says, so sharing again changes nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShareInvoiceOpening {
    /// The invoice.
    pub invoice_id: InvoiceId,
}

/// `payment:ShareEntryOpening` (submit): the bank gives the account holder what opens the amount.
///
/// The transient field `private` holds a [`DocumentedOpening`]; it goes to the bank's and the account holder's own
/// collections, as with [`ShareInvoiceOpening`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShareEntryOpening {
    /// The entry.
    pub entry_id: EntryId,
}

/// `payment:Settle` (submit): the seller shows that an entry pays an invoice within tolerance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settle {
    /// The invoice.
    pub invoice_id: InvoiceId,
    /// The entry that pays it.
    pub entry_id: EntryId,
    /// The difference the proof allows, in minor units, decimal string; at most the invoice's tolerance.
    pub tolerance_minor: MinorUnits,
    /// Why a difference is allowed.
    pub tolerance_reason: ToleranceReason,
    /// Proof that the two committed amounts differ by at most the tolerance: text form of `trade-proofs`.
    pub proof: Proof,
}

/// Asks `payment:ReadInvoiceOpening` (evaluate): seller and buyer read what opens the total, each at its own peer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadInvoiceOpening {
    /// The invoice.
    pub invoice_id: InvoiceId,
}

/// Asks `payment:ReadEntryOpening` (evaluate): bank and account holder read what opens the amount, each at its own
/// peer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadEntryOpening {
    /// The entry.
    pub entry_id: EntryId,
}

/// Asks `payment:ReadInvoice` (evaluate).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadInvoice {
    /// The invoice.
    pub invoice_id: InvoiceId,
}

/// Asks `payment:ReadEntry` (evaluate).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadEntry {
    /// The entry.
    pub entry_id: EntryId,
}

/// Asks `payment:ReadSettlement` (evaluate).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadSettlement {
    /// The invoice that is settled.
    pub invoice_id: InvoiceId,
}

transactions! {
    submit(Clerk) "payment:IssueInvoice" by Role::TRADERS, IssueInvoice => Invoice;
    submit(Treasurer) "payment:RecordEntry" by &[Role::Bank], RecordEntry => BankEntry;
    submit(Treasurer) "payment:Settle" by Role::TRADERS, Settle => Settlement;
    evaluate "payment:ReadInvoice", ReadInvoice => Committed<Invoice>;
    evaluate "payment:ReadInvoiceOpening", ReadInvoiceOpening => DocumentedOpening;
    evaluate "payment:ReadEntryOpening", ReadEntryOpening => DocumentedOpening;
    evaluate "payment:ReadEntry", ReadEntry => Committed<BankEntry>;
    evaluate "payment:ReadSettlement", ReadSettlement => Settlement;
}

impl Transaction for ShareInvoiceOpening {
    const NAME: &'static str = "payment:ShareInvoiceOpening";
    const KIND: Kind = Kind::Submit;
    const DUTY: Option<Duty> = Some(Duty::Clerk);
    const ROLES: &'static [Role] = Role::TRADERS;
    type Answer = Shared;
    type Private = Required<DocumentedOpening>;

    /// The buyer.
    fn receiver(&self) -> Option<Lookup> {
        let invoice = ReadInvoice { invoice_id: self.invoice_id.clone() };
        Some(Lookup::new(&invoice, "/buyer"))
    }
}

impl Transaction for ShareEntryOpening {
    const NAME: &'static str = "payment:ShareEntryOpening";
    const KIND: Kind = Kind::Submit;
    const DUTY: Option<Duty> = Some(Duty::Treasurer);
    const ROLES: &'static [Role] = &[Role::Bank];
    type Answer = Shared;
    type Private = Required<DocumentedOpening>;

    /// The account holder.
    fn receiver(&self) -> Option<Lookup> {
        let entry = ReadEntry { entry_id: self.entry_id.clone() };
        Some(Lookup::new(&entry, "/account_holder"))
    }
}
