//! What is kept of a `camt` message of ISO 20022: statements, entries, transactions and their references.

use serde::{Deserialize, Serialize};

use crate::identifier::{CreditorReference, Iban, Uetr};
use crate::money::Amount;

/// Which message it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CamtKind {
    /// `camt.053`, bank to customer statement.
    Statement,
    /// `camt.054`, bank to customer debit or credit notification.
    Notification,
}

/// A whole message: one or several accounts' statements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CamtMessage {
    /// Statement or notification.
    pub kind: CamtKind,
    /// The namespace's last part, such as `camt.054.001.04`; empty when the message has no namespace.
    pub version: String,
    /// The bank's id of the message.
    pub message_id: Option<String>,
    /// The statements or notifications in it.
    pub statements: Vec<CamtStatement>,
}

/// One account's statement or notification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CamtStatement {
    /// The bank's id of the statement.
    pub id: Option<String>,
    /// The account.
    pub account: Option<CamtAccount>,
    /// Its entries in their order.
    pub entries: Vec<CamtEntry>,
}

/// An account: a valid IBAN, or whatever the bank calls it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CamtAccount {
    /// An IBAN whose check digits hold.
    Iban(Iban),
    /// Any other number, as text; also an IBAN element whose content is none.
    Other(String),
}

/// Direction of a booking, seen from the account's owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CreditDebit {
    /// Money came in (`CRDT`).
    Credit,
    /// Money went out (`DBIT`).
    Debit,
}

/// Whether an entry is final.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EntryStatus {
    /// `BOOK`: booked.
    Booked,
    /// `PDNG`: expected.
    Pending,
    /// `INFO`: for information only.
    Information,
    /// `FUTR` or a bank's own word.
    Other(String),
}

/// One line of the account: an amount, its direction, and the transactions it is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CamtEntry {
    /// The bank's number of the entry inside the statement.
    pub entry_reference: Option<String>,
    /// The booked amount.
    pub amount: Amount,
    /// Direction as booked. A reversal of a credit is booked as a debit.
    pub direction: CreditDebit,
    /// `RvslInd`: the entry takes back an earlier one.
    pub reversal: bool,
    /// Whether it is final.
    pub status: EntryStatus,
    /// Booking date, `YYYY-MM-DD`.
    pub booking_date: Option<String>,
    /// Value date, `YYYY-MM-DD`.
    pub value_date: Option<String>,
    /// The bank's reference of the entry (`AcctSvcrRef`).
    pub servicer_reference: Option<String>,
    /// The number of transactions the bank announces for its batches, when it does (`NbOfTxs`).
    pub announced_transactions: Option<u64>,
    /// The transactions behind the entry, if the bank lists them.
    pub transactions: Vec<CamtTransaction>,
    /// How the entry's amount relates to its transactions.
    pub batch_check: BatchCheck,
}

/// One payment inside an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CamtTransaction {
    /// The amount in the account's currency, when the bank states it.
    pub amount: Option<Amount>,
    /// The amount the payer instructed, before conversion and charges, when stated.
    pub instructed_amount: Option<Amount>,
    /// Direction, when stated for the transaction itself.
    pub direction: Option<CreditDebit>,
    /// The references that may tie it to an invoice.
    pub references: CamtReferences,
    /// The payer's name, in either schema shape.
    pub debtor_name: Option<String>,
    /// The payee's name, in either schema shape.
    pub creditor_name: Option<String>,
    /// Free remittance text, line by line.
    pub remittance_text: Vec<String>,
}

/// The references of one payment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CamtReferences {
    /// The payer's message id.
    pub message_id: Option<String>,
    /// The payer's batch id.
    pub payment_information_id: Option<String>,
    /// The payer's id towards its bank.
    pub instruction_id: Option<String>,
    /// The payer's id towards the payee. `NOTPROVIDED` is no reference and reads as `None`.
    pub end_to_end_id: Option<String>,
    /// The interbank transaction id.
    pub transaction_id: Option<String>,
    /// The unique end-to-end reference, when it is a valid one; otherwise it stays in [`Self::uetr_text`].
    pub uetr: Option<Uetr>,
    /// What stood in the UETR element when it is no valid UETR.
    pub uetr_text: Option<String>,
    /// The bank's reference of the transaction.
    pub servicer_reference: Option<String>,
    /// Structured creditor references as text, each with the answer to "is it a valid ISO 11649 reference?".
    pub creditor_references: Vec<CreditorReferenceText>,
    /// Numbers of the documents paid (`RfrdDocInf/Nb`).
    pub document_numbers: Vec<String>,
}

/// A creditor reference as the bank passed it on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreditorReferenceText {
    /// The text of the element.
    pub text: String,
    /// Whether it is a valid RF reference. Other national schemes are common and legitimate.
    pub is_rf: bool,
}

impl CreditorReferenceText {
    pub(crate) fn new(text: String) -> Self {
        let is_rf = CreditorReference::parse(&text).is_ok();
        Self { text, is_rf }
    }

    /// The reference as a checked type, when it is one.
    pub fn as_rf(&self) -> Option<CreditorReference> {
        CreditorReference::parse(&self.text).ok()
    }
}

/// How an entry's amount relates to the sum of its transactions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BatchCheck {
    /// No transaction states an amount; nothing to compare.
    NotStated,
    /// The transactions add up to the entry.
    Agrees,
    /// Some amount is missing or in another currency, so that no sum exists.
    NotComparable,
    /// All amounts are there and their sum is another one (charges, a cut list, or an error).
    Differs,
}

impl CamtEntry {
    /// For a reversal, the direction of the earlier entry that it takes back.
    pub fn reverses(&self) -> Option<CreditDebit> {
        self.reversal.then_some(match self.direction {
            CreditDebit::Credit => CreditDebit::Debit,
            CreditDebit::Debit => CreditDebit::Credit,
        })
    }

    /// Whether the entry lists more than one transaction, or announces more than one.
    pub fn is_batch(&self) -> bool {
        self.transactions.len() > 1 || self.announced_transactions.is_some_and(|count| count > 1)
    }
}

impl CamtMessage {
    /// All entries of all statements, in order.
    pub fn entries(&self) -> impl Iterator<Item = &CamtEntry> {
        self.statements.iter().flat_map(|statement| &statement.entries)
    }
}
