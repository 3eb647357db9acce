//! Transaction ids, proposal hashes and nonces: the parts that clients, peers and orderers must compute alike.

use fabric_msp::hash;
use fabric_protos::{
    common::{ChannelHeader, SignatureHeader},
    protos::{ChaincodeHeaderExtension, ChaincodeId, ChaincodeProposalPayload},
};
use prost::Message;

/// The number of random bytes in a nonce.
pub const NONCE_BYTES: usize = 24;

/// A fresh nonce.
///
/// # Errors
/// When the system has no randomness to give.
pub fn nonce() -> Result<[u8; NONCE_BYTES], openssl::error::ErrorStack> {
    let mut bytes = [0; NONCE_BYTES];
    openssl::rand::rand_bytes(&mut bytes)?;
    Ok(bytes)
}

/// The id of a transaction: SHA-256 of nonce and creator, in lower-case hexadecimal.
pub fn transaction_id(nonce: &[u8], creator: &[u8]) -> String {
    hex::encode(hash::sha256_parts(&[nonce, creator]))
}

/// The hash that binds a response to its proposal: SHA-256 of the two encoded headers and the encoded
/// `ChaincodeProposalPayload` without its transient map. Pass the bytes as they were received.
pub fn proposal_hash(channel_header: &[u8], signature_header: &[u8], payload_without_transient: &[u8]) -> [u8; 32] {
    hash::sha256_parts(&[channel_header, signature_header, payload_without_transient])
}

/// The encoded proposal payload with only its input, as it stands in a transaction and in the proposal hash.
///
/// # Errors
/// When `payload` is not a `ChaincodeProposalPayload`.
pub fn without_transient(payload: &[u8]) -> Result<Vec<u8>, prost::DecodeError> {
    let decoded = ChaincodeProposalPayload::decode(payload)?;
    Ok(ChaincodeProposalPayload { input: decoded.input, ..ChaincodeProposalPayload::default() }.encode_to_vec())
}

/// The extension of a channel header that names the chaincode of a proposal.
pub fn chaincode_extension(chaincode: &str) -> Vec<u8> {
    let chaincode_id = ChaincodeId { name: chaincode.to_owned(), ..ChaincodeId::default() };
    ChaincodeHeaderExtension { chaincode_id: Some(chaincode_id) }.encode_to_vec()
}

/// The two headers of a message: its type, channel, id and time, and who made it with which nonce.
pub fn headers(
    header_type: fabric_protos::common::HeaderType,
    channel_id: &str,
    timestamp: prost_types::Timestamp,
    nonce: &[u8],
    creator: &[u8],
    extension: Vec<u8>,
) -> (ChannelHeader, SignatureHeader) {
    let channel_header = ChannelHeader {
        r#type: header_type as i32,
        channel_id: channel_id.to_owned(),
        tx_id: transaction_id(nonce, creator),
        timestamp: Some(timestamp),
        extension,
        ..ChannelHeader::default()
    };
    (channel_header, SignatureHeader { creator: creator.to_vec(), nonce: nonce.to_vec() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_is_the_digest_of_nonce_and_creator() {
        // echo -n "noncecreator" | sha256sum
        assert_eq!(transaction_id(b"nonce", b"creator"), hex::encode(hash::sha256(b"noncecreator")),);
    }

    #[test]
    fn the_transient_map_leaves_no_trace_in_the_hashed_payload() -> Result<(), prost::DecodeError> {
        let public = ChaincodeProposalPayload { input: vec![1, 2, 3], ..Default::default() };
        let mut secret = public.clone();
        secret.transient_map.insert("private".to_owned(), b"secret".to_vec());
        assert_eq!(without_transient(&secret.encode_to_vec())?, public.encode_to_vec());
        Ok(())
    }

    #[test]
    fn nonces_differ() -> Result<(), openssl::error::ErrorStack> {
        assert_ne!(nonce()?, nonce()?);
        Ok(())
    }
}
