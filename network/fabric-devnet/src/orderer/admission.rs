//! Whether the orderer takes a message. It looks at form, size, expiry and the channel's writers; ids, endorsements and
//! content are none of its business.

use fabric_config::{ChannelConfig, MaintenanceError, UpdateError};
use fabric_msp::policy::SignedData;
use fabric_protos::{
    common::{ChannelHeader, Envelope, Header, HeaderType, Payload, SignatureHeader, Status},
    orderer::BroadcastResponse,
};
use prost::Message;

use super::message::message_bytes;
use crate::{clock::is_expired, ledger::Ledger};

/// Why a message was not taken. The texts are Fabric's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("could not determine channel ID: {0}")]
    NoChannel(&'static str),
    #[error("channel does not exist")]
    UnknownChannel,
    #[error("message is of type that cannot be processed directly")]
    Configuration,
    #[error("message is of type that is no longer supported")]
    OrdererTransaction,
    #[error("config update for existing channel did not pass initial checks: {0}")]
    UpdateCheck(Box<Refusal>),
    #[error("error applying config update to existing channel '{channel}': {}{cause}", authorising(.cause))]
    Update { channel: String, cause: Box<UpdateError> },
    #[error("config update for existing channel did not pass final checks: {0}")]
    Outcome(Box<Refusal>),
    #[error(
        "config update for existing channel did not pass maintenance checks: config transaction inspection failed: {0}"
    )]
    Maintenance(Box<MaintenanceError>),
    #[error("normal transactions are rejected: maintenance mode")]
    InMaintenance,
    #[error("message payload is {bytes} bytes and exceeds maximum allowed {max} bytes")]
    TooLarge { bytes: usize, max: usize },
    #[error("broadcast client identity expired")]
    Expired,
    #[error("{0}: permission denied")]
    Forbidden(String),
    #[error("the orderer is stopping")]
    Stopping,
    #[error("channel {channel} cannot be written: {cause}")]
    Unwritable { channel: String, cause: String },
}

impl Refusal {
    /// What the client is told.
    pub(super) fn into_answer(self) -> BroadcastResponse {
        tracing::debug!(refusal = %self, "a message is not ordered");
        BroadcastResponse { status: self.status() as i32, info: self.to_string() }
    }

    /// Whether the same message may be taken later.
    pub(super) fn is_unavailable(&self) -> bool {
        self.status() == Status::ServiceUnavailable
    }

    fn status(&self) -> Status {
        match self {
            Self::Forbidden(_) => Status::Forbidden,
            Self::UpdateCheck(cause) => cause.status(),
            Self::Stopping | Self::Unwritable { .. } | Self::InMaintenance => Status::ServiceUnavailable,
            _ => Status::BadRequest,
        }
    }
}

/// What Fabric says before it says why an update does not hold.
fn authorising(cause: &UpdateError) -> &'static str {
    if cause.is_about_update() { "error authorizing update: " } else { "" }
}

/// What a message is, and for which channel.
pub(super) fn channel_header(envelope: &Envelope) -> Result<ChannelHeader, Refusal> {
    headers(envelope).map(|(_, channel_header)| channel_header)
}

/// Checks a message in Fabric's order.
pub(crate) fn admit(envelope: &Envelope, ledger: &Ledger) -> Result<(), Refusal> {
    let (header, channel_header) = headers(envelope)?;
    if channel_header.channel_id != ledger.channel_id() {
        return Err(Refusal::UnknownChannel);
    }
    match HeaderType::try_from(channel_header.r#type) {
        Ok(HeaderType::Config) => return Err(Refusal::Configuration),
        Ok(HeaderType::OrdererTransaction) => return Err(Refusal::OrdererTransaction),
        Ok(HeaderType::ConfigUpdate) => {}
        _ if ledger.channel().is_in_maintenance() => return Err(Refusal::InMaintenance),
        _ => return filter(envelope, &header, ledger),
    }
    check_update(envelope, &header, ledger)
}

/// Checks an update of the configuration in Fabric's order, whatever channel its envelope names.
pub(super) fn admit_update(envelope: &Envelope, ledger: &Ledger) -> Result<(), Refusal> {
    let (header, _) = headers(envelope)?;
    check_update(envelope, &header, ledger)
}

fn check_update(envelope: &Envelope, header: &Header, ledger: &Ledger) -> Result<(), Refusal> {
    filter(envelope, header, ledger).map_err(|cause| Refusal::UpdateCheck(Box::new(cause)))?;
    let refused = |cause| Refusal::Update { channel: ledger.channel_id().to_owned(), cause: Box::new(cause) };
    let channel = ledger.channel();
    let next = channel.propose_update(envelope).map_err(refused)?;
    channel.check_maintenance(&next).map_err(|cause| Refusal::Maintenance(Box::new(cause)))
}

/// Refuses a message that is too large.
pub(super) fn check_size(envelope: &Envelope, channel: &ChannelConfig) -> Result<(), Refusal> {
    let (bytes, max) = (message_bytes(envelope), channel.batch().absolute_max_bytes as usize);
    if bytes > max { Err(Refusal::TooLarge { bytes, max }) } else { Ok(()) }
}

fn headers(envelope: &Envelope) -> Result<(Header, ChannelHeader), Refusal> {
    let payload = Payload::decode(&*envelope.payload).map_err(|_| Refusal::NoChannel("error unmarshalling Payload"))?;
    let header = payload.header.ok_or(Refusal::NoChannel("header not set"))?;
    if header.channel_header.is_empty() {
        return Err(Refusal::NoChannel("channel header not set"));
    }
    let channel_header = ChannelHeader::decode(&*header.channel_header)
        .map_err(|_| Refusal::NoChannel("error unmarshalling channel header"))?;
    Ok((header, channel_header))
}

/// What every message must fulfil, whatever it is for.
fn filter(envelope: &Envelope, header: &Header, ledger: &Ledger) -> Result<(), Refusal> {
    let channel = ledger.channel();
    check_size(envelope, &channel)?;
    let creator = SignatureHeader::decode(&*header.signature_header).unwrap_or_default().creator;
    if is_expired(&creator) {
        return Err(Refusal::Expired);
    }
    let signed =
        SignedData { data: envelope.payload.clone(), identity: creator, signature: envelope.signature.clone() };
    let signers = ledger.signatures().valid_identities(&[signed], channel.msps());
    let policy = if channel.is_in_maintenance() { "/Channel/Orderer/Writers" } else { "/Channel/Writers" };
    let policy = channel.policy(policy);
    policy.evaluate_identities(&signers).map_err(|cause| Refusal::Forbidden(cause.to_string()))
}
