//! Entries of accounts (ISO 20022 camt) as their banks report them, and what banks take back.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trade_standards::identifier::MspId;
use trade_standards::money::CurrencyCode;
use trade_standards::time::Date;

use super::{EntryName, InvoiceName};
use crate::common::{Commitment, Proof, Remark, SaltedDigest, Stamp, Text};

/// Whether an account received or paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EntryDirection {
    /// Received (`CRDT`).
    Credit,
    /// Paid (`DBIT`).
    Debit,
}

/// A booked entry: the answer of `payment:RecordEntry`. It never changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BankEntry {
    /// Its name: the bank and its id.
    pub entry_id: EntryName,
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
    /// The member on the other side, where the bank says who that is: of a debit, who was paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counterparty: Option<MspId>,
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
    /// On the bank's own account: the proof that the commitment is to an amount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount_proof: Option<Proof>,
    /// Who recorded it when.
    pub recorded: Stamp,
}

/// Why a bank takes back what it has reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReversalGround {
    /// The booking was reversed (`RvslInd`): the money is gone again.
    Reversed,
    /// The booking was right and the report of it was not; the right one may follow with the same bank reference.
    ReportedInError,
}

/// A bank's word that an entry counts no more: the answer of `payment:ReverseEntry`. What the entry settled is open
/// again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EntryReversal {
    /// The entry.
    pub entry_id: EntryName,
    /// Why.
    pub ground: ReversalGround,
    /// The entry by which it was reversed, when that is reported, too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reversed_by: Option<EntryName>,
    /// What the bank says to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remark: Option<Remark>,
    /// Who took it back when.
    pub reversed: Stamp,
}

/// An entry and what became of it: the answer of `payment:ReadEntry`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EntryStanding {
    /// The entry.
    #[serde(flatten)]
    pub record: BankEntry,
    /// Whether the peer of the bank endorsed it. Without that, others may have made it in the bank's name.
    pub authenticated: bool,
    /// Whether bank and account holder hold the same opening of the amount. On a bank's own account there is nobody to
    /// share it with, and this is so from the beginning.
    pub opening_shared: bool,
    /// The invoice that it settles.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settles: Option<InvoiceName>,
    /// The bank's word that it counts no more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken_back: Option<EntryReversal>,
}
