//! The record for which a statement of one's own is made.

use serde::Deserialize;
use trade_proofs::ProofContext;

use super::error::DeskError;
use crate::claim::Deployment;

/// The record and the purpose that a proof is for; it is worth nothing anywhere else.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordContext {
    /// The kind of record.
    pub record_type: String,
    /// The record's id.
    pub record_id: String,
    /// The record's version. Default: 1.
    #[serde(default = "first")]
    pub record_version: u64,
    /// What the proof is for.
    pub purpose: String,
    /// The currency of the amounts.
    pub currency: String,
    /// The private data collection of the opening. Default: none.
    #[serde(default)]
    pub collection: Option<String>,
    /// SHA-256 of the public key that files the record, 64 hexadecimal digits. Default: none.
    #[serde(default)]
    pub public_key_sha256: Option<String>,
    /// SHA-256 of further public inputs of the record, 64 hexadecimal digits. Default: none.
    #[serde(default)]
    pub public_inputs_sha256: Option<String>,
}

fn first() -> u64 {
    1
}

impl RecordContext {
    /// The context of a proof that this organization shows.
    ///
    /// # Errors
    /// [`DeskError::Digest`], [`DeskError::Context`].
    pub fn of(&self, msp_id: &str, deployment: Deployment<'_>) -> Result<ProofContext, DeskError> {
        let mut builder = ProofContext::builder()
            .channel(deployment.channel)
            .chaincode(deployment.chaincode)
            .record(&self.record_type, &self.record_id, self.record_version)
            .msp_id(msp_id)
            .purpose(&self.purpose)
            .currency(&self.currency);
        builder = match &self.collection {
            Some(collection) => builder.collection(collection),
            None => builder.without_collection(),
        };
        if let Some(text) = &self.public_key_sha256 {
            builder = builder.public_key_sha256(digest("public_key_sha256", text)?);
        }
        if let Some(text) = &self.public_inputs_sha256 {
            builder = builder.public_inputs_digest(digest("public_inputs_sha256", text)?);
        }
        Ok(builder.build()?)
    }
}

fn digest(field: &'static str, text: &str) -> Result<[u8; 32], DeskError> {
    let mut digest = [0; 32];
    hex::decode_to_slice(text, &mut digest).map_err(|_| DeskError::Digest { field })?;
    Ok(digest)
}
