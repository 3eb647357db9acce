//! Bank messages of ISO 20022, read for reconciliation: account statements (`camt.053`) and debit or credit
//! notifications (`camt.054`).
//!
//! [`parse_camt`] takes what decides whether a payment settles an invoice — amounts, direction, dates,
//! references — and leaves balances, charges and addresses alone. Element shapes of versions 02 to 14 are
//! read alike. Payment initiation and interbank messages are recognised and refused by name. [`read_elements`] reads
//! any message element by element, under the same bounds, for those who look for something else in it.

mod camt;
mod error;
mod limits;
mod message;
mod xml;

pub use camt::{parse_camt, parse_camt_with};
pub use error::CamtError;
pub use limits::CamtLimits;
pub use message::{
    BatchCheck, CamtAccount, CamtEntry, CamtKind, CamtMessage, CamtReferences, CamtStatement, CamtTransaction,
    CreditDebit, CreditorReferenceText, EntryStatus,
};
pub use xml::{Element, read_elements};

#[cfg(test)]
mod tests;
