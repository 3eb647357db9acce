//! Messages between the shim and the peer: how they are built and what they are called.

use fabric_contract::{Failure, Outcome};
use fabric_protos::{
    MAX_MESSAGE_BYTES,
    protos::{ChaincodeEvent, ChaincodeId, ChaincodeMessage, Response, chaincode_message::Type},
};
use prost::Message;

/// The name under which Fabric keeps a key's endorsement policy.
pub(crate) const VALIDATION_PARAMETER: &str = "VALIDATION_PARAMETER";

/// What tells the transactions of a stream apart. The identifier alone would not do: a chaincode that is called from
/// another channel runs under the same one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TransactionKey {
    pub(crate) channel_id: String,
    pub(crate) tx_id: String,
}

impl TransactionKey {
    pub(crate) fn of(message: &ChaincodeMessage) -> Self {
        Self { channel_id: message.channel_id.clone(), tx_id: message.txid.clone() }
    }

    /// As [`TransactionKey::of`], for a message of which only the rest is wanted.
    pub(crate) fn taken_from(message: &mut ChaincodeMessage) -> Self {
        Self { channel_id: std::mem::take(&mut message.channel_id), tx_id: std::mem::take(&mut message.txid) }
    }

    pub(crate) fn message(&self, kind: Type, payload: Vec<u8>) -> ChaincodeMessage {
        ChaincodeMessage {
            r#type: kind.into(),
            payload,
            txid: self.tx_id.clone(),
            channel_id: self.channel_id.clone(),
            ..Default::default()
        }
    }

    /// The end of a transaction. Failures of every kind travel in it: Fabric's gateway takes an ERROR message for a
    /// fault of the peer and tries the next one.
    pub(crate) fn completed(&self, outcome: Outcome) -> ChaincodeMessage {
        let Outcome { status, message, payload, event } = outcome;
        let response = Response { status: i32::from(status), message, payload };
        let mut message = self.message(Type::Completed, response.encode_to_vec());
        message.chaincode_event = event.map(|event| ChaincodeEvent {
            event_name: event.name,
            payload: event.payload,
            tx_id: self.tx_id.clone(),
            ..Default::default()
        });
        if fits(&message) { message } else { self.completed(response_too_large().into()) }
    }
}

/// The first message on a stream.
pub(crate) fn register(package_id: &str) -> ChaincodeMessage {
    let name = ChaincodeId { name: package_id.to_owned(), ..Default::default() };
    ChaincodeMessage { r#type: Type::Register.into(), payload: name.encode_to_vec(), ..Default::default() }
}

/// The answer to a peer's keepalive.
pub(crate) fn keepalive() -> ChaincodeMessage {
    ChaincodeMessage { r#type: Type::Keepalive.into(), ..Default::default() }
}

/// Whether the peer will take a message of this size.
pub(crate) fn fits(message: &ChaincodeMessage) -> bool {
    message.encoded_len() <= MAX_MESSAGE_BYTES
}

/// The type of a message as Fabric spells it.
pub(crate) fn name_of(message: &ChaincodeMessage) -> String {
    let known = Type::try_from(message.r#type).map(|kind| kind.as_str_name().to_owned());
    known.unwrap_or_else(|_| format!("type {}", message.r#type))
}

/// The transaction identifier in the short form of Fabric's logs.
pub(crate) fn short(tx_id: &str) -> &str {
    tx_id.get(..8).unwrap_or(tx_id)
}

fn response_too_large() -> Failure {
    Failure::new(500, "response_too_large", "The response is larger than a message may be")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_that_no_peer_would_take_becomes_a_failure() -> Result<(), prost::DecodeError> {
        let key = TransactionKey { channel_id: "c".to_owned(), tx_id: "t".to_owned() };
        let payload = vec![0; MAX_MESSAGE_BYTES + 1];
        let completed = key.completed(Outcome { status: 200, message: String::new(), payload, event: None });
        let response = Response::decode(completed.payload.as_slice())?;
        assert_eq!(response.status, 500);
        assert!(response.message.contains("response_too_large"), "{}", response.message);
        Ok(())
    }

    #[test]
    fn short_identifiers_never_cut_a_character() {
        assert_eq!(short("0123456789"), "01234567");
        assert_eq!(short("0123"), "0123");
        assert_eq!(short("0123456é9"), "0123456é9");
    }
}
