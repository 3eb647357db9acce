//! What shows that a transaction stands in the ledger: its envelope with the endorsements, and the head of its block
//! with the orderers' signatures. Nothing here is vouched for by the gateway; a reader checks the signatures.

/// The member of a record's answer that holds its proof.
pub(crate) const PROOF: &str = "transaction_proof";

mod read;
mod reads;
mod record;
mod view;

pub use self::view::{BlockView, Endorsement, OrdererSignature, ProvenEntry, RecordProof, TransactionView, WrittenKey};
pub(crate) use self::{read::read, reads::evaluated, record::Record};
