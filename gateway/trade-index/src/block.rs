//! What a block says about one chaincode: its transactions with their verdicts, what they wrote, and their events.
//!
//! Of private writes a block holds hashes, and the index takes no more of them: what opens an amount stands in the
//! collections of its two parties and nowhere else.

use std::collections::{HashMap, HashSet};

use fabric_config::{ChannelConfig, ConfigError, block};
use fabric_msp::{certificate::Certificate, hash::sha256};
use fabric_protos::{
    common::{Block, ChannelHeader, Envelope, HeaderType, Payload, SignatureHeader},
    kvrwset::{HashedRwSet, KvWrite, KvrwSet},
    msp::SerializedIdentity,
    protos::{
        self, ChaincodeAction, ChaincodeActionPayload, ChaincodeEvent, ChaincodeInvocationSpec,
        ChaincodeProposalPayload, ProposalResponsePayload, TxValidationCode,
    },
    rwset::{NsReadWriteSet, TxReadWriteSet},
};
use prost::Message;
use serde_json::Value;
use trade_standards::time::UtcTime;

/// Where the verdicts stand in a block's metadata.
const VERDICTS: usize = 2;

/// The first character of a composite key, and what ends each of its parts.
const MARK: char = '\u{0}';

/// A block as the index keeps it.
#[derive(Debug, Clone, PartialEq)]
pub struct BlockFacts {
    /// Its number, from 0.
    pub number: u64,
    /// The digest of the header before, as this block names it.
    pub previous_sha256: [u8; 32],
    /// SHA-256 of its header in Fabric's form, as the next block names it.
    pub header_sha256: [u8; 32],
    /// The MSP ids of the channel's organizations since this block; none when it leaves them as they were.
    pub organizations: Option<Vec<String>>,
    /// The transactions of the chaincode, in their order.
    pub transactions: Vec<TransactionFacts>,
}

/// One transaction of the chaincode.
#[derive(Debug, Clone, PartialEq)]
pub struct TransactionFacts {
    /// Its place in the block, from 0.
    pub place: u32,
    /// Its id.
    pub transaction_id: String,
    /// The MSP id of the identity that signed it.
    pub creator: String,
    /// SHA-256 of that identity's certificate in DER.
    pub certificate_sha256: [u8; 32],
    /// The function that was called, `contract:Function`.
    pub function: String,
    /// The peer's verdict; 0 is valid.
    pub code: i32,
    /// When, by the client's clock.
    pub claimed_at: UtcTime,
    /// What it wrote; nothing when it is not valid.
    pub writes: Vec<Write>,
    /// What is public of its private writes; nothing when it is not valid.
    pub hashes: Vec<HashedWrite>,
    /// Its event; none when it is not valid.
    pub event: Option<Event>,
}

impl TransactionFacts {
    /// Whether it counts.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        self.code == VALID
    }
}

/// A value that a key of public state got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// The table and the parts of the key.
    pub key: Vec<String>,
    /// The value, JSON; none when the key was deleted.
    pub value: Option<String>,
}

/// What is public of a write to a private collection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HashedWrite {
    /// The collection.
    pub collection: String,
    /// SHA-256 of the key.
    pub key_sha256: [u8; 32],
    /// SHA-256 of the value; none when the key was deleted.
    pub value_sha256: Option<[u8; 32]>,
}

/// An event of the chaincode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its name.
    pub name: String,
    /// Its payload, JSON.
    pub payload: String,
}

/// Why a block cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum BlockError {
    /// The block, its header, its transactions or its verdicts are missing.
    #[error("a block came without its {0}")]
    Incomplete(&'static str),
    /// A transaction cannot be read.
    #[error("transaction {place} of block {block} cannot be read: {cause}")]
    Malformed {
        /// The block.
        block: u64,
        /// The transaction's place in it.
        place: usize,
        /// Why.
        cause: String,
    },
}

const VALID: i32 = TxValidationCode::Valid as i32;

/// Reads a block as a peer gives it, with the verdicts of that peer.
///
/// # Errors
/// [`BlockError`]; nothing of such a block is used.
pub fn read_block(block: &Block, chaincode: &str) -> Result<BlockFacts, BlockError> {
    let header = block.header.as_ref().ok_or(BlockError::Incomplete("header"))?;
    let data = block.data.as_ref().ok_or(BlockError::Incomplete("transactions"))?;
    let metadata = block.metadata.as_ref().and_then(|metadata| metadata.metadata.get(VERDICTS));
    let verdicts = metadata.ok_or(BlockError::Incomplete("verdicts"))?;
    if verdicts.len() != data.data.len() {
        return Err(BlockError::Incomplete("verdicts"));
    }
    let (mut transactions, mut organizations, mut digests) = (Vec::new(), None, Digests::default());
    for (place, (envelope, verdict)) in data.data.iter().zip(verdicts).enumerate() {
        let code = i32::from(*verdict);
        match read_envelope(envelope, (place, code), chaincode, &mut digests) {
            Ok(Read::Transaction(transaction)) => transactions.push(*transaction),
            Ok(Read::Organizations(now)) => organizations = Some(now),
            Ok(Read::Nothing) => {}
            // Anybody may order bytes that are no transaction; peers mark them invalid and so they say nothing.
            Err(_) if code != VALID => {}
            Err(cause) => {
                return Err(BlockError::Malformed { block: header.number, place, cause: cause.to_string() });
            }
        }
    }
    let header_sha256 = block::header_hash(header);
    // Block 0 names nothing before it.
    let previous_sha256 = header.previous_hash.as_slice().try_into().unwrap_or_default();
    Ok(BlockFacts { number: header.number, previous_sha256, header_sha256, organizations, transactions })
}

/// What keeps an envelope from being read.
#[derive(Debug, thiserror::Error)]
enum Unreadable {
    #[error(transparent)]
    Decode(#[from] prost::DecodeError),
    #[error(transparent)]
    Configuration(#[from] ConfigError),
    #[error("it has no {0}")]
    Missing(&'static str),
    #[error("its time is outside the years that are known")]
    Time,
    #[error("the hash of a private write has not 32 bytes")]
    Hash,
}

/// What an envelope holds.
enum Read {
    Transaction(Box<TransactionFacts>),
    Organizations(Vec<String>),
    Nothing,
}

fn read_envelope(
    envelope: &[u8],
    (place, code): (usize, i32),
    chaincode: &str,
    digests: &mut Digests,
) -> Result<Read, Unreadable> {
    let envelope = Envelope::decode(envelope)?;
    let payload = Payload::decode(envelope.payload.as_slice())?;
    let header = payload.header.ok_or(Unreadable::Missing("header"))?;
    let channel_header = ChannelHeader::decode(header.channel_header.as_slice())?;
    if channel_header.r#type == HeaderType::Config as i32 && code == VALID {
        let config = ChannelConfig::from_envelope(&envelope)?;
        let organizations = config.application_orgs().map(|organization| organization.msp_id.clone());
        return Ok(Read::Organizations(organizations.collect()));
    }
    if channel_header.r#type != HeaderType::EndorserTransaction as i32 {
        return Ok(Read::Nothing);
    }
    let signature_header = SignatureHeader::decode(header.signature_header.as_slice())?;
    let creator = SerializedIdentity::decode(signature_header.creator.as_slice())?;
    let facts = read_transaction(creator, channel_header, &payload.data, (place, code), chaincode, digests)?;
    Ok(facts.map_or(Read::Nothing, |facts| Read::Transaction(Box::new(facts))))
}

fn read_transaction(
    creator: SerializedIdentity,
    channel_header: ChannelHeader,
    data: &[u8],
    (place, code): (usize, i32),
    chaincode: &str,
    digests: &mut Digests,
) -> Result<Option<TransactionFacts>, Unreadable> {
    let transaction = protos::Transaction::decode(data)?;
    let action = transaction.actions.first().ok_or(Unreadable::Missing("action"))?;
    let action = ChaincodeActionPayload::decode(action.payload.as_slice())?;
    let (called, function) = call(&action.chaincode_proposal_payload)?;
    let is_called = called == chaincode;
    if !is_called && code != VALID {
        return Ok(None);
    }
    let mut facts = TransactionFacts {
        place: u32::try_from(place).map_err(|_| Unreadable::Missing("place"))?,
        transaction_id: shown(&channel_header.tx_id, 64),
        certificate_sha256: digests.of(creator.id_bytes),
        creator: shown(&creator.mspid, 255),
        function: shown(&function, 255),
        code,
        claimed_at: claimed_at(channel_header.timestamp)?,
        writes: Vec::new(),
        hashes: Vec::new(),
        event: None,
    };
    if code == VALID {
        let endorsed = action.action.ok_or(Unreadable::Missing("endorsement"))?;
        let response = ProposalResponsePayload::decode(endorsed.proposal_response_payload.as_slice())?;
        let action = ChaincodeAction::decode(response.extension.as_slice())?;
        facts.event = event(&action.events, chaincode)?;
        for namespace in TxReadWriteSet::decode(action.results.as_slice())?.ns_rwset {
            if namespace.namespace == chaincode {
                facts.writes.extend(writes(&KvrwSet::decode(namespace.rwset.as_slice())?.writes));
                facts.hashes.extend(hashes(&namespace)?);
            }
        }
    }
    keep_last_of_each_key(&mut facts.writes);
    // Another chaincode may have called this one: what that wrote belongs to the state like anything else.
    let has_written = !facts.writes.is_empty() || !facts.hashes.is_empty();
    Ok((is_called || has_written).then_some(facts))
}

/// A text that the maker of an envelope or of its event chose freely, as a column of SQL takes it: an invalid
/// transaction can name anything as its function, a changed chaincode as its event, and neither may stop who reads.
fn shown(text: &str, characters_max: usize) -> String {
    let text = text.chars().take(characters_max);
    text.map(|character| if character.is_control() { '\u{fffd}' } else { character }).collect()
}

/// The chaincode that was called, and the function.
fn call(payload: &[u8]) -> Result<(String, String), Unreadable> {
    let proposed = ChaincodeProposalPayload::decode(payload)?;
    let invocation = ChaincodeInvocationSpec::decode(proposed.input.as_slice())?;
    let spec = invocation.chaincode_spec.ok_or(Unreadable::Missing("call"))?;
    let name = spec.chaincode_id.ok_or(Unreadable::Missing("chaincode"))?.name;
    let function = spec.input.and_then(|input| input.args.into_iter().next()).unwrap_or_default();
    Ok((name, String::from_utf8_lossy(&function).into_owned()))
}

fn claimed_at(timestamp: Option<prost_types::Timestamp>) -> Result<UtcTime, Unreadable> {
    let timestamp = timestamp.ok_or(Unreadable::Missing("time"))?;
    let nanoseconds = u32::try_from(timestamp.nanos).map_err(|_| Unreadable::Time)?;
    UtcTime::from_unix(timestamp.seconds, nanoseconds).map_err(|_| Unreadable::Time)
}

fn event(bytes: &[u8], chaincode: &str) -> Result<Option<Event>, Unreadable> {
    if bytes.is_empty() {
        return Ok(None);
    }
    let event = ChaincodeEvent::decode(bytes)?;
    let is_ours = event.chaincode_id == chaincode;
    Ok(is_ours.then(|| Event { name: shown(&event.event_name, 255), payload: json(&event.payload) }))
}

/// SHA-256 of the certificates of a block. Few clients make many transactions, and a certificate takes longer to read
/// than the rest of its transaction.
#[derive(Default)]
struct Digests(HashMap<Vec<u8>, [u8; 32]>);

impl Digests {
    /// That of a certificate in DER; of the bytes themselves when they are none, which is the digest of no certificate.
    fn of(&mut self, pem: Vec<u8>) -> [u8; 32] {
        *self.0.entry(pem).or_insert_with_key(|pem| {
            Certificate::from_pem(pem).map_or_else(|_| sha256(pem), |certificate| certificate.sha256())
        })
    }
}

/// The writes under composite keys; the chaincode makes no others.
fn writes(writes: &[KvWrite]) -> Vec<Write> {
    let write = |write: &KvWrite| {
        let deleted = write.is_delete || write.value.is_empty();
        Some(Write { key: key_parts(&write.key)?, value: (!deleted).then(|| json(&write.value)) })
    };
    writes.iter().filter_map(write).collect()
}

/// Leaves out the writes that a later one to the same key undoes. Fabric's own shim makes none, but an endorser's
/// changed chaincode may, and a key has one version for each transaction.
fn keep_last_of_each_key(writes: &mut Vec<Write>) {
    let last: HashMap<&[String], usize> = writes.iter().map(|write| write.key.as_slice()).zip(0..).collect();
    let kept: HashSet<usize> = last.into_values().collect();
    let mut numbers = 0..;
    writes.retain(|_| numbers.next().is_some_and(|number| kept.contains(&number)));
}

fn hashes(namespace: &NsReadWriteSet) -> Result<Vec<HashedWrite>, Unreadable> {
    let mut found = Vec::new();
    for collection in &namespace.collection_hashed_rwset {
        for write in HashedRwSet::decode(collection.hashed_rwset.as_slice())?.hashed_writes {
            let deleted = write.is_delete || write.value_hash.is_empty() || write.value_hash == sha256(&[]);
            let digest = |bytes: Vec<u8>| <[u8; 32]>::try_from(bytes).map_err(|_| Unreadable::Hash);
            found.push(HashedWrite {
                collection: collection.collection_name.clone(),
                key_sha256: digest(write.key_hash)?,
                value_sha256: if deleted { None } else { Some(digest(write.value_hash)?) },
            });
        }
    }
    Ok(found)
}

/// The table and the parts of a composite key, or of the beginning of one; none of any other key.
#[must_use]
pub fn key_parts(key: &str) -> Option<Vec<String>> {
    let inner = key.strip_prefix(MARK)?.strip_suffix(MARK)?;
    Some(inner.split(MARK).map(str::to_owned).collect())
}

/// The value as JSON. One that is none was not made by our contracts; it is kept as a text of its bytes in hexadecimal,
/// which no record can be read from.
fn json(value: &[u8]) -> String {
    // Read as it is read later: what is only skipped over may have numbers, texts and depths that no value has.
    let readable = std::str::from_utf8(value).ok().filter(|text| serde_json::from_str::<Value>(text).is_ok());
    match readable {
        Some(text) => text.to_owned(),
        None => {
            let digits: String = value.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("\"{digits}\"")
        }
    }
}
