//! Proposals: checked, simulated, signed.
//!
//! A proposal that must not be made is refused with an error; one whose chaincode fails gets a response that says so.
//! Other peers and clients can tell the two apart, so the difference is kept exactly.

mod checks;
mod private_data;
mod service;
mod simulate;

use std::{sync::Arc, time::Instant};

use fabric_protos::protos::{ProposalResponse, Response, SignedProposal};

pub(crate) use self::service::EndorserService;
use crate::{peer::Peer, proposal::Proposal};

/// Why a proposal was refused before anything was simulated. The texts are Fabric's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Turned away at the door: expired, or at the wrong time.
    Filtered(String),
    /// Looked at and refused. On the peer itself this comes with a response, which never travels.
    Checked(String),
}

impl Refusal {
    /// What a client is told.
    pub(crate) fn message(&self) -> &str {
        match self {
            Self::Filtered(text) | Self::Checked(text) => text,
        }
    }
}

/// Processes a proposal on one peer.
pub(crate) async fn process(peer: &Arc<Peer>, signed: SignedProposal) -> Result<ProposalResponse, Refusal> {
    checks::filter(&signed).map_err(|cause| Refusal::Filtered(cause.to_string()))?;
    let (metrics, begun) = (peer.proposals(), Instant::now());
    metrics.received.add(&[]);
    let proposal = Proposal::unpack(signed).map_err(|cause| {
        metrics.invalid.add(&[]);
        Refusal::Checked(cause.to_string())
    })?;
    let channel = match proposal.channel_id() {
        "" => None,
        id => match peer.channel(id) {
            Some(channel) => Some(channel),
            None => return Ok(failure(format!("channel '{id}' not found"))),
        },
    };
    let identity = checks::check(peer, channel.as_deref(), &proposal).map_err(|cause| {
        cause.count(metrics, &proposal);
        Refusal::Checked(cause.to_string())
    })?;
    if let Some(text) = peer.switches().refusal() {
        return Ok(failure(text));
    }
    let proposal = Arc::new(proposal);
    let answer = simulate::run(peer, channel, Arc::clone(&proposal), identity).await;
    let channel_id = proposal.channel_id();
    // Without a channel nothing is endorsed.
    let success = answer.as_ref().is_ok_and(|answer| answer.endorsement.is_some() || channel_id.is_empty());
    if success {
        metrics.successful.add(&[]);
    }
    metrics.duration.observe(&[channel_id, proposal.chaincode(), &success.to_string()], begun.elapsed());
    Ok(answer.unwrap_or_else(failure))
}

/// The first two looks at a proposal, for which neither peer nor channel is needed.
pub(crate) fn look(signed: SignedProposal) -> Result<Proposal, String> {
    let filtered = checks::filter(&signed).map_err(|cause| cause.to_string());
    let proposal = Proposal::unpack(signed).map_err(|cause| cause.to_string())?;
    checks::check_form(&proposal).map_err(|cause| cause.to_string())?;
    filtered.map(|()| proposal)
}

/// A failure of the peer and not of the chaincode: status 500 and no payload.
fn failure(message: String) -> ProposalResponse {
    let response = Response { status: 500, message, payload: Vec::new() };
    ProposalResponse { response: Some(response), ..ProposalResponse::default() }
}
