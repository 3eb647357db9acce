//! Takes a transaction with its signatures out of a block.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use fabric_config::block::header_bytes;
use fabric_protos::{
    common::{Block, BlockHeader, Envelope, IdentifierHeader, Metadata, MetadataSignature, Payload, SignatureHeader},
    msp::SerializedIdentity,
    protos::{self, ChaincodeActionPayload, TxValidationCode},
};
use prost::Message;
use trade_index::{BlockError, TransactionFacts, Write, read_block};

use super::view::{BlockView, Endorsement, OrdererSignature, TransactionView, WrittenKey};

/// Where the orderers' signatures stand in a block's metadata.
const SIGNATURES: usize = 0;

/// Why a block does not show the transaction that it should.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unproven {
    /// The block cannot be read.
    #[error(transparent)]
    Block(#[from] BlockError),
    /// The transaction's bytes cannot be read.
    #[error(transparent)]
    Decode(#[from] prost::DecodeError),
    /// Something is missing in it.
    #[error("the block has no {0}")]
    Missing(&'static str),
    /// Another transaction stands there.
    #[error("block {block} of the peer has another transaction at place {place} than was read there")]
    Another {
        /// The block.
        block: u64,
        /// The place.
        place: u32,
    },
}

/// The transaction at this place of a block that `told_by`'s peer gave, with this id if one is known.
///
/// # Errors
/// [`Unproven`]: the block does not hold it, or cannot be read.
pub(crate) fn read(
    block: &Block,
    place: u32,
    transaction_id: Option<&str>,
    (channel, chaincode, told_by): (&str, &str, &str),
) -> Result<TransactionView, Unproven> {
    let facts = read_block(block, chaincode)?;
    let header = block.header.as_ref().ok_or(Unproven::Missing("header"))?;
    let is_wanted = |found: &&TransactionFacts| {
        found.place == place && transaction_id.is_none_or(|wanted| found.transaction_id == wanted)
    };
    let found = facts.transactions.iter().find(is_wanted);
    let found = found.ok_or(Unproven::Another { block: header.number, place })?;
    let envelopes = block.data.as_ref().map(|data| data.data.as_slice()).unwrap_or_default();
    let envelope = usize::try_from(place).ok().and_then(|place| envelopes.get(place));
    let envelope = envelope.ok_or(Unproven::Missing("transaction"))?;
    let (endorsed, endorsements) = endorsements(envelope)?;
    Ok(TransactionView {
        transaction_id: found.transaction_id.clone(),
        channel: channel.to_owned(),
        chaincode: chaincode.to_owned(),
        told_by: told_by.to_owned(),
        validation: verdict(found),
        block: BlockView {
            number: header.number,
            transactions: u32::try_from(envelopes.len()).unwrap_or(u32::MAX),
            header_sha256: hex::encode(facts.header_sha256),
            previous_sha256: hex::encode(facts.previous_sha256),
            data_sha256: hex::encode(&header.data_hash),
            signatures: signatures(block, header)?,
        },
        place,
        claimed_at: found.claimed_at.to_string(),
        creator: found.creator.clone(),
        creator_certificate_sha256: hex::encode(found.certificate_sha256),
        function: found.function.clone(),
        writes: found.writes.iter().map(written).collect(),
        endorsed: STANDARD.encode(endorsed),
        endorsements,
        envelope: STANDARD.encode(envelope),
    })
}

fn verdict(found: &TransactionFacts) -> String {
    TxValidationCode::try_from(found.code).map_or_else(|_| found.code.to_string(), |code| code.as_str_name().to_owned())
}

fn written(write: &Write) -> WrittenKey {
    WrittenKey { key: write.key.clone(), value: write.value.clone() }
}

/// What was endorsed, and by whom.
fn endorsements(envelope: &[u8]) -> Result<(Vec<u8>, Vec<Endorsement>), Unproven> {
    let payload = Payload::decode(Envelope::decode(envelope)?.payload.as_slice())?;
    let transaction = protos::Transaction::decode(payload.data.as_slice())?;
    let action = transaction.actions.first().ok_or(Unproven::Missing("action"))?;
    let action = ChaincodeActionPayload::decode(action.payload.as_slice())?.action;
    let action = action.ok_or(Unproven::Missing("endorsement"))?;
    let endorsement = |one: protos::Endorsement| {
        let identity = SerializedIdentity::decode(one.endorser.as_slice())?;
        Ok(Endorsement {
            msp_id: identity.mspid,
            certificate: String::from_utf8_lossy(&identity.id_bytes).into_owned(),
            endorser: STANDARD.encode(&one.endorser),
            signature: STANDARD.encode(&one.signature),
        })
    };
    let endorsements = action.endorsements.into_iter().map(endorsement).collect::<Result<_, Unproven>>()?;
    Ok((action.proposal_response_payload, endorsements))
}

fn signatures(block: &Block, header: &BlockHeader) -> Result<Vec<OrdererSignature>, Unproven> {
    let metadata = block.metadata.as_ref().and_then(|metadata| metadata.metadata.get(SIGNATURES));
    let metadata = Metadata::decode(metadata.ok_or(Unproven::Missing("signatures"))?.as_slice())?;
    let head = header_bytes(header);
    metadata.signatures.iter().map(|one| signature(one, &metadata.value, &head)).collect()
}

/// Crash-tolerant orderers sign under their certificate, byzantine ones under their number.
fn signature(one: &MetadataSignature, value: &[u8], head: &[u8]) -> Result<OrdererSignature, Unproven> {
    let by_number = one.signature_header.is_empty();
    let by = if by_number { &one.identifier_header } else { &one.signature_header };
    let (mut msp_id, mut certificate, mut consenter) = (None, None, None);
    if by_number {
        consenter = Some(IdentifierHeader::decode(by.as_slice())?.identifier);
    } else {
        let header = SignatureHeader::decode(by.as_slice())?;
        let identity = SerializedIdentity::decode(header.creator.as_slice())?;
        msp_id = Some(identity.mspid);
        certificate = Some(String::from_utf8_lossy(&identity.id_bytes).into_owned());
    }
    let signed = STANDARD.encode([value, by, head].concat());
    Ok(OrdererSignature { msp_id, certificate, consenter, signed, signature: STANDARD.encode(&one.signature) })
}
