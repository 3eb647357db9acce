//! Taking committed transactions apart. Whether they are valid has been decided before.

use fabric_protos::{
    common::{ChannelHeader, Envelope, HeaderType, Payload},
    protos::{ChaincodeAction, ChaincodeActionPayload, ProposalResponsePayload, Transaction},
};
use prost::Message;

/// The channel header and the rest of an envelope; `None` when it cannot be read.
pub(crate) fn open(envelope: &[u8]) -> Option<(ChannelHeader, Payload)> {
    let envelope = Envelope::decode(envelope).ok()?;
    let payload = Payload::decode(&*envelope.payload).ok()?;
    let header = ChannelHeader::decode(&*payload.header.as_ref()?.channel_header).ok()?;
    Some((header, payload))
}

/// The channel header and the one action of an endorser transaction.
pub(crate) fn endorsed_action(envelope: &[u8]) -> Option<(ChannelHeader, ChaincodeAction)> {
    let (header, payload) = open(envelope)?;
    if header.r#type != HeaderType::EndorserTransaction as i32 {
        return None;
    }
    let transaction = Transaction::decode(&*payload.data).ok()?;
    let action = actions(&transaction).next()?;
    Some((header, action))
}

/// The readable actions of a transaction.
pub(crate) fn actions(transaction: &Transaction) -> impl Iterator<Item = ChaincodeAction> + '_ {
    transaction.actions.iter().filter_map(|action| {
        let payload = ChaincodeActionPayload::decode(&*action.payload).ok()?;
        let response = ProposalResponsePayload::decode(&*payload.action?.proposal_response_payload).ok()?;
        ChaincodeAction::decode(&*response.extension).ok()
    })
}
