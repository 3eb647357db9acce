//! What a proposal must fulfil before anything is simulated, in Fabric's order and with its texts.

use fabric_config::transaction::transaction_id;
use fabric_msp::{
    identity::Identity,
    msp::{IdentityError, Role},
};
use fabric_protos::{
    common::{ChannelHeader, Header, HeaderType, SignatureHeader},
    protos::{Proposal as ProposalMessage, SignedProposal},
};
use prost::Message;

use crate::{
    acl,
    channel::Channel,
    clock::{has_expired, unix_seconds},
    ledger::LedgerError,
    metrics::ProposalMetrics,
    peer::Peer,
    proposal::Proposal,
    system,
};

/// How far the clock of a client may differ, in seconds.
const TIME_WINDOW_SECONDS: i64 = 15 * 60;

/// Why a proposal is turned away before it is looked at.
#[derive(Debug, thiserror::Error)]
pub(super) enum FilterError {
    #[error("failed parsing {what}: {cause}")]
    Malformed { what: &'static str, cause: prost::DecodeError },
    #[error("proposal client identity expired")]
    Expired,
    #[error(
        "request unauthorized due to incorrect timestamp {given}, peer time {now}, peer.authentication.timewindow 15m0s"
    )]
    Time { given: String, now: String },
}

/// Why a proposal is refused.
#[derive(Debug, thiserror::Error)]
pub(super) enum CheckError {
    #[error("error validating proposal: {0}")]
    Invalid(InvalidProposal),
    #[error("duplicate transaction found [{tx_id}]. Creator [{creator}]")]
    Duplicate { tx_id: String, creator: String },
    #[error(transparent)]
    Acl(#[from] acl::AclError),
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl CheckError {
    /// Counts the refusal of a proposal.
    pub(super) fn count(&self, metrics: &ProposalMetrics, proposal: &Proposal) {
        let of = [proposal.channel_id(), proposal.chaincode()];
        match self {
            Self::Invalid(_) => metrics.invalid.add(&[]),
            Self::Duplicate { .. } => metrics.duplicate.add(&of),
            Self::Acl(_) => metrics.forbidden.add(&of),
            Self::Ledger(_) => {}
        }
    }
}

impl From<InvalidProposal> for CheckError {
    fn from(error: InvalidProposal) -> Self {
        Self::Invalid(error)
    }
}

/// What is wrong with a proposal.
#[derive(Debug, thiserror::Error)]
pub(super) enum InvalidProposal {
    #[error("invalid header type {0}")]
    HeaderType(String),
    #[error("epoch is non-zero")]
    Epoch,
    #[error("nonce is empty")]
    NoNonce,
    #[error("creator is empty")]
    NoCreator,
    #[error("incorrectly computed txid '{given}' -- expected '{expected}'")]
    TransactionId { given: String, expected: String },
    #[error("empty signature bytes")]
    NoSignature,
    #[error("access denied: channel [{0}] creator org unknown, creator is malformed")]
    UnknownCreator(String),
    #[error("access denied: channel [{channel}] creator org [{msp_id}]")]
    Denied { channel: String, msp_id: String },
}

/// The two filters in front of every endorser: the creator's certificate has not expired, and the proposal is of now.
pub(super) fn filter(signed: &SignedProposal) -> Result<(), FilterError> {
    let proposal: ProposalMessage = parse("proposal", &signed.proposal_bytes)?;
    let header: Header = parse("header", &proposal.header)?;
    let signature_header: SignatureHeader = parse("signature header", &header.signature_header)?;
    let now = unix_seconds();
    if has_expired(&signature_header.creator, now) {
        return Err(FilterError::Expired);
    }
    let channel_header: ChannelHeader = parse("channel header", &header.channel_header)?;
    let given = channel_header.timestamp.unwrap_or_default().seconds;
    if given.abs_diff(now) > TIME_WINDOW_SECONDS.unsigned_abs() {
        return Err(FilterError::Time { given: rfc3339(given), now: rfc3339(now) });
    }
    Ok(())
}

/// Everything else. Returns who made the proposal.
pub(super) fn check(peer: &Peer, channel: Option<&Channel>, proposal: &Proposal) -> Result<Identity, CheckError> {
    check_form(proposal)?;
    let identity = check_creator(peer, channel, proposal)?;
    let Some(channel) = channel else { return Ok(identity) };
    if channel.ledger().contains_transaction(proposal.tx_id())? {
        let (tx_id, creator) = (proposal.tx_id().to_owned(), hex::encode(proposal.creator()));
        return Err(CheckError::Duplicate { tx_id, creator });
    }
    if !system::is_system(proposal.chaincode()) {
        acl::check_identity(channel, acl::PROPOSE, &identity)?;
    }
    Ok(identity)
}

pub(super) fn check_form(proposal: &Proposal) -> Result<(), InvalidProposal> {
    let header = proposal.channel_header();
    let kind = HeaderType::try_from(header.r#type);
    if !matches!(kind, Ok(HeaderType::EndorserTransaction | HeaderType::Config)) {
        let name = kind.map_or_else(|_| header.r#type.to_string(), |kind| kind.as_str_name().to_owned());
        return Err(InvalidProposal::HeaderType(name));
    }
    if header.epoch != 0 {
        return Err(InvalidProposal::Epoch);
    }
    let SignatureHeader { nonce, creator } = proposal.signature_header();
    if nonce.is_empty() {
        return Err(InvalidProposal::NoNonce);
    }
    if creator.is_empty() {
        return Err(InvalidProposal::NoCreator);
    }
    let expected = transaction_id(nonce, creator);
    if header.tx_id != expected {
        let given = header.tx_id.chars().take(200).collect();
        return Err(InvalidProposal::TransactionId { given, expected });
    }
    if proposal.signed().signature.is_empty() {
        return Err(InvalidProposal::NoSignature);
    }
    Ok(())
}

fn check_creator(peer: &Peer, channel: Option<&Channel>, proposal: &Proposal) -> Result<Identity, InvalidProposal> {
    let config = channel.map(Channel::config);
    let recognise = |creator: &[u8]| -> Result<(Identity, Result<Role, IdentityError>), IdentityError> {
        match &config {
            Some(config) => {
                let identity = config.msps().deserialize(creator)?;
                let validity = config.msps().validate(&identity);
                Ok((identity, validity))
            }
            None => {
                let identity = peer.local_msp().deserialize(creator)?;
                let validity = peer.local_msp().validate(&identity);
                Ok((identity, validity))
            }
        }
    };
    let channel_id = proposal.channel_id();
    let (identity, validity) = recognise(proposal.creator()).map_err(|cause| {
        tracing::debug!(%cause, "a proposal's creator is unknown");
        InvalidProposal::UnknownCreator(channel_id.to_owned())
    })?;
    let denied = || InvalidProposal::Denied { channel: channel_id.to_owned(), msp_id: identity.msp_id().to_owned() };
    if let Err(cause) = validity {
        tracing::debug!(%cause, "a proposal's creator is not valid");
        return Err(denied());
    }
    let signed = proposal.signed();
    let verified = match channel {
        // Several peers of this process look at one proposal; its signature need be checked only once.
        Some(channel) => channel.ledger().signatures().verify(&identity, &signed.proposal_bytes, &signed.signature),
        None => identity.verify(&signed.proposal_bytes, &signed.signature),
    };
    verified.map_err(|_| denied())?;
    Ok(identity)
}

/// A time in seconds since 1970 as a text, without fractions.
fn rfc3339(seconds: i64) -> String {
    prost_types::Timestamp { seconds, nanos: 0 }.to_string()
}

fn parse<M: Message + Default>(what: &'static str, bytes: &[u8]) -> Result<M, FilterError> {
    M::decode(bytes).map_err(|cause| FilterError::Malformed { what, cause })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed(channel_header: &ChannelHeader) -> SignedProposal {
        let header = Header { channel_header: channel_header.encode_to_vec(), ..Default::default() };
        let proposal = ProposalMessage { header: header.encode_to_vec(), ..Default::default() };
        SignedProposal { proposal_bytes: proposal.encode_to_vec(), ..Default::default() }
    }

    fn at(seconds: i64) -> ChannelHeader {
        ChannelHeader { timestamp: Some(prost_types::Timestamp { seconds, nanos: 0 }), ..Default::default() }
    }

    #[test]
    fn a_proposal_of_another_time_is_turned_away() {
        assert!(filter(&signed(&at(unix_seconds()))).is_ok());
        assert!(filter(&signed(&at(unix_seconds() - 14 * 60))).is_ok());
        assert_eq!(rfc3339(1_795_257_933), "2026-11-21T10:45:33Z");
        for header in [
            at(unix_seconds() - 20 * 60),
            at(unix_seconds() + 20 * 60),
            at(i64::MIN),
            at(i64::MAX),
            ChannelHeader::default(),
        ] {
            let refused = filter(&signed(&header)).expect_err("too far away").to_string();
            assert!(refused.starts_with("request unauthorized due to incorrect timestamp"), "{refused}");
            assert!(refused.ends_with("Z, peer.authentication.timewindow 15m0s"), "{refused}");
        }
    }

    #[test]
    fn bytes_that_are_no_proposal_are_turned_away() {
        let nonsense = SignedProposal { proposal_bytes: vec![0xff], ..Default::default() };
        assert!(filter(&nonsense).expect_err("nonsense").to_string().starts_with("failed parsing proposal"));
    }
}
