//! Where a proof belongs: without this binding, a member could copy another's commitment and proof into its
//! own record.

use crate::error::ContextError;
use merlin::Transcript;
use sha2::{Digest, Sha256};

/// Most bytes of one field.
const FIELD_BYTES_MAX: usize = 256;

/// The place a proof is bound to. Prover and verifier must build equal contexts.
///
/// The Fabric transaction id is deliberately absent: a retry after a conflict would need a new proof. Replay
/// is stopped by the record's version, which is used once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProofContext {
    fields: [(&'static str, Vec<u8>); 13],
}

impl ProofContext {
    /// Starts a context; [`build`](ProofContextBuilder::build) says which field is missing.
    pub fn builder() -> ProofContextBuilder {
        ProofContextBuilder::default()
    }

    /// SHA-256 over all fields, length-prefixed, in their fixed order.
    pub fn digest(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(b"tradezk/1 context");
        for (name, value) in &self.fields {
            for part in [name.as_bytes(), value] {
                hash.update((part.len() as u32).to_le_bytes());
                hash.update(part);
            }
        }
        hash.finalize().into()
    }

    /// Absorbs every field; Merlin itself prefixes labels and lengths.
    pub(crate) fn absorb(&self, transcript: &mut Transcript) {
        for (name, value) in &self.fields {
            transcript.append_message(name.as_bytes(), value);
        }
    }
}

/// Collects the fields of a [`ProofContext`].
#[derive(Debug, Clone, Default)]
pub struct ProofContextBuilder {
    network: Option<String>,
    channel: Option<String>,
    chaincode: Option<String>,
    collection: Option<String>,
    record_type: Option<String>,
    record_id: Option<String>,
    record_version: Option<u64>,
    msp_id: Option<String>,
    public_key_sha256: Option<[u8; 32]>,
    purpose: Option<String>,
    currency: Option<String>,
    public_inputs_digest: Option<[u8; 32]>,
    nonce: Option<Vec<u8>>,
}

impl ProofContextBuilder {
    /// The network's name. Optional: a channel's name is enough where networks do not share keys.
    pub fn network(mut self, network: impl Into<String>) -> Self {
        self.network = Some(network.into());
        self
    }

    /// The channel.
    pub fn channel(mut self, channel: impl Into<String>) -> Self {
        self.channel = Some(channel.into());
        self
    }

    /// The chaincode's name on the channel.
    pub fn chaincode(mut self, chaincode: impl Into<String>) -> Self {
        self.chaincode = Some(chaincode.into());
        self
    }

    /// The private collection that holds the opening; several are joined by the caller in a fixed order.
    pub fn collection(mut self, collection: impl Into<String>) -> Self {
        self.collection = Some(collection.into());
        self
    }

    /// No collection: the opening is on no ledger. Written as `-`.
    pub fn without_collection(self) -> Self {
        self.collection("-")
    }

    /// The record the statement is about: its type (`declaration`), id, and version (used once).
    pub fn record(mut self, record_type: impl Into<String>, id: impl Into<String>, version: u64) -> Self {
        self.record_type = Some(record_type.into());
        self.record_id = Some(id.into());
        self.record_version = Some(version);
        self
    }

    /// The organization the claim is about.
    pub fn msp_id(mut self, msp_id: impl Into<String>) -> Self {
        self.msp_id = Some(msp_id.into());
        self
    }

    /// SHA-256 of the claimant's enrolment public key. Optional: leave it out when any key of the organization
    /// may submit the proof.
    pub fn public_key_sha256(mut self, digest: [u8; 32]) -> Self {
        self.public_key_sha256 = Some(digest);
        self
    }

    /// What the statement is made for, such as `declared-value`.
    pub fn purpose(mut self, purpose: impl Into<String>) -> Self {
        self.purpose = Some(purpose.into());
        self
    }

    /// The currency or unit of the committed numbers.
    pub fn currency(mut self, currency: impl Into<String>) -> Self {
        self.currency = Some(currency.into());
        self
    }

    /// The committed numbers have no unit. Written as `-`.
    pub fn without_currency(self) -> Self {
        self.currency("-")
    }

    /// A digest of further public facts the claim depends on, such as the tariff line's id. Optional; bounds
    /// and commitments are absorbed with the statement anyway.
    pub fn public_inputs_digest(mut self, digest: [u8; 32]) -> Self {
        self.public_inputs_digest = Some(digest);
        self
    }

    /// A challenge chosen by the verifier. Optional.
    pub fn nonce(mut self, nonce: impl Into<Vec<u8>>) -> Self {
        self.nonce = Some(nonce.into());
        self
    }

    /// The context.
    ///
    /// # Errors
    /// [`ContextError`] naming the first field that is missing, empty or too long. Optional fields left out
    /// are absorbed as empty, which no present field can be.
    pub fn build(self) -> Result<ProofContext, ContextError> {
        let version = self.record_version.map(|version| version.to_le_bytes().to_vec());
        let fields = [
            ("network", optional("network", self.network.map(String::into_bytes))?),
            ("channel", required("channel", self.channel.map(String::into_bytes))?),
            ("chaincode", required("chaincode", self.chaincode.map(String::into_bytes))?),
            ("collection", required("collection", self.collection.map(String::into_bytes))?),
            ("record type", required("record type", self.record_type.map(String::into_bytes))?),
            ("record id", required("record id", self.record_id.map(String::into_bytes))?),
            ("record version", required("record version", version)?),
            ("msp id", required("msp id", self.msp_id.map(String::into_bytes))?),
            ("public key", optional("public key", self.public_key_sha256.map(Vec::from))?),
            ("purpose", required("purpose", self.purpose.map(String::into_bytes))?),
            ("currency", required("currency", self.currency.map(String::into_bytes))?),
            ("public inputs", optional("public inputs", self.public_inputs_digest.map(Vec::from))?),
            ("nonce", optional("nonce", self.nonce)?),
        ];
        Ok(ProofContext { fields })
    }
}

fn required(field: &'static str, value: Option<Vec<u8>>) -> Result<Vec<u8>, ContextError> {
    let value = value.unwrap_or_default();
    if value.is_empty() {
        return Err(ContextError::Missing { field });
    }
    bounded(field, value)
}

fn optional(field: &'static str, value: Option<Vec<u8>>) -> Result<Vec<u8>, ContextError> {
    match value {
        None => Ok(Vec::new()),
        Some(value) => required(field, Some(value)),
    }
}

fn bounded(field: &'static str, value: Vec<u8>) -> Result<Vec<u8>, ContextError> {
    if value.len() > FIELD_BYTES_MAX { Err(ContextError::TooLong { field }) } else { Ok(value) }
}
