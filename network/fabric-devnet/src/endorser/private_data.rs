//! Handing the plaintext of private writes to the organizations that keep it, before the transaction is ordered.
//!
//! On Fabric this is gossip between peers. Here all peers are in one process, so each member's transient store simply
//! gets its part.

use fabric_protos::rwset::TxPvtReadWriteSet;

use crate::{call::Call, ledger::LedgerError, state::collection::is_sent_to};

/// Why private data did not reach those who must have it.
#[derive(Debug, thiserror::Error)]
pub(super) enum DistributeError {
    #[error(
        "failed to obtain collections config: no collection config for chaincode [{chaincode}] and collection [{collection}]"
    )]
    NoCollection { chaincode: String, collection: String },
    #[error(
        "failed to distribute private collection, txID {tx_id}, channel {channel}: could not build private data dissemination plan for chaincode {chaincode} and collection {collection}: required to disseminate to at least {needed} peers, but know of only {eligible} eligible peers"
    )]
    TooFew { tx_id: String, channel: String, chaincode: String, collection: String, needed: i32, eligible: usize },
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// Gives each member organization its part of the private writes. The endorser keeps its own.
pub(super) fn distribute(call: &Call, private: &TxPvtReadWriteSet) -> Result<(), DistributeError> {
    for part in &private.ns_pvt_rwset {
        for collection in &part.collection_pvt_rwset {
            check_reach(call, &part.namespace, &collection.collection_name)?;
        }
    }
    Ok(call.channel.ledger().distribute_private(call.peer.msp_id(), call.proposal.tx_id(), private)?)
}

/// Whether the collection goes to enough other peers; the one that endorses does not count.
fn check_reach(call: &Call, chaincode: &str, collection: &str) -> Result<(), DistributeError> {
    let ledger = call.channel.ledger();
    let Some(config) = ledger.collection(chaincode, collection)? else {
        let (chaincode, collection) = (chaincode.to_owned(), collection.to_owned());
        return Err(DistributeError::NoCollection { chaincode, collection });
    };
    let others = ledger.msp_ids().filter(|msp_id| *msp_id != call.peer.msp_id() && ledger.is_reachable(msp_id));
    let eligible = others.filter(|msp_id| is_sent_to(&config, msp_id)).count();
    let needed = config.required_peer_count;
    if usize::try_from(needed).is_ok_and(|needed| eligible < needed) {
        let (tx_id, channel) = (call.proposal.tx_id().to_owned(), call.channel.id().to_owned());
        let (chaincode, collection) = (chaincode.to_owned(), collection.to_owned());
        return Err(DistributeError::TooFew { tx_id, channel, chaincode, collection, needed, eligible });
    }
    Ok(())
}
