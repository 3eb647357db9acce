//! The signatures of those who must agree to an update, collected one after another, and the message that is sent.

use fabric_msp::{
    policy::SignedData,
    signer::{SignError, Signer},
};
use fabric_protos::common::{
    ConfigSignature, ConfigUpdate, ConfigUpdateEnvelope, Envelope, HeaderType, SignatureHeader,
};
use prost::Message;

use crate::{
    transaction,
    update::{UpdateError, envelope, open, taken_apart},
};

/// An update with the signatures that have been collected for it. Wrapped in an envelope it is what Fabric's
/// `peer channel signconfigtx` and `peer channel update` take and write.
#[derive(Clone, Debug, PartialEq)]
pub struct CollectedUpdate {
    channel_id: String,
    content: ConfigUpdateEnvelope,
    signed: Vec<SignedData>,
}

impl CollectedUpdate {
    /// An update that nobody has signed.
    pub fn new(update: &ConfigUpdate) -> Self {
        let content = ConfigUpdateEnvelope { config_update: update.encode_to_vec(), signatures: Vec::new() };
        Self { channel_id: update.channel_id.clone(), content, signed: Vec::new() }
    }

    /// What an envelope holds. Whether its signatures are good is for the channel to say.
    ///
    /// # Errors
    /// [`UpdateError`] when it holds no update.
    pub fn open(envelope: &Envelope) -> Result<Self, UpdateError> {
        let content = open(envelope)?;
        let (update, signed) = taken_apart(&content)?;
        Ok(Self { channel_id: update.channel_id, content, signed })
    }

    /// The channel that the update is for.
    pub fn channel_id(&self) -> &str {
        &self.channel_id
    }

    /// The signatures so far.
    pub fn signed(&self) -> &[SignedData] {
        &self.signed
    }

    /// Adds a signature, unless the signer's is there.
    ///
    /// # Errors
    /// [`SignError`] when the signer does not sign.
    pub fn sign(&mut self, signer: &dyn Signer) -> Result<(), SignError> {
        if self.signed.iter().any(|one| one.identity == signer.creator()) {
            return Ok(());
        }
        let header = SignatureHeader { creator: signer.creator().to_vec(), nonce: transaction::nonce()?.to_vec() };
        let signature_header = header.encode_to_vec();
        let data = [signature_header.as_slice(), &self.content.config_update].concat();
        let signature = signer.sign(&data)?;
        self.signed.push(SignedData { data, identity: header.creator, signature: signature.clone() });
        self.content.signatures.push(ConfigSignature { signature_header, signature });
        Ok(())
    }

    /// The message that an orderer takes, sent by one of the channel's writers at a time.
    ///
    /// # Errors
    /// [`SignError`] when the sender does not sign.
    pub fn envelope(&self, sender: &dyn Signer, time: prost_types::Timestamp) -> Result<Envelope, SignError> {
        envelope(HeaderType::ConfigUpdate, &self.channel_id, self.content.encode_to_vec(), sender, time)
    }
}

/// Puts an update into the message that an orderer takes: signed by those whose consent it needs, and sent by one of
/// the channel's writers at a time.
///
/// # Errors
/// [`SignError`] when a signer does not sign.
pub fn update_envelope(
    update: &ConfigUpdate,
    consenting: &[&dyn Signer],
    sender: &dyn Signer,
    time: prost_types::Timestamp,
) -> Result<Envelope, SignError> {
    let mut collected = CollectedUpdate::new(update);
    consenting.iter().try_for_each(|signer| collected.sign(*signer))?;
    collected.envelope(sender, time)
}
