//! Blocks without their contents: ids, validation codes, and events without payload.

use fabric_protos::{
    common::{Block, HeaderType},
    protos::{
        ChaincodeEvent, FilteredBlock, FilteredChaincodeAction, FilteredTransaction, FilteredTransactionActions,
        Transaction, filtered_transaction::Data,
    },
};
use prost::Message;

use crate::{ledger::validation_codes, state::transaction};

/// The filtered form of a committed block. Envelopes that cannot be read are left out.
pub(crate) fn filtered_block(block: &Block) -> FilteredBlock {
    let mut filtered =
        FilteredBlock { number: block.header.as_ref().map_or(0, |header| header.number), ..Default::default() };
    let codes = validation_codes(block);
    for (index, envelope) in block.data.iter().flat_map(|data| &data.data).enumerate() {
        let Some((header, payload)) = transaction::open(envelope) else { continue };
        let data = (header.r#type == HeaderType::EndorserTransaction as i32).then(|| {
            let transaction = Transaction::decode(&*payload.data).unwrap_or_default();
            Data::TransactionActions(FilteredTransactionActions { chaincode_actions: events(&transaction) })
        });
        filtered.channel_id = header.channel_id;
        filtered.filtered_transactions.push(FilteredTransaction {
            txid: header.tx_id,
            r#type: header.r#type,
            tx_validation_code: codes.get(index).map_or(0, |code| *code as i32),
            data,
        });
    }
    filtered
}

fn events(transaction: &Transaction) -> Vec<FilteredChaincodeAction> {
    let events = transaction::actions(transaction).filter_map(|action| ChaincodeEvent::decode(&*action.events).ok());
    let named = events.filter(|event| !event.chaincode_id.is_empty());
    let stripped = named.map(|event| ChaincodeEvent { payload: Vec::new(), ..event });
    stripped.map(|event| FilteredChaincodeAction { chaincode_event: Some(event) }).collect()
}
