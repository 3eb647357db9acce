//! What shows that a transaction stands in the ledger: its envelope with the endorsements, and the head of its block
//! with the orderers' signatures. Nothing here is vouched for by the gateway; a reader checks the signatures.

mod read;
mod view;

pub(crate) use self::read::read;
pub use self::view::{BlockView, Endorsement, OrdererSignature, TransactionView, WrittenKey};
