//! Running a checked proposal and signing what came of it.

use std::sync::{Arc, Mutex};

use fabric_msp::identity::Identity;
use fabric_protos::protos::{
    ChaincodeAction, ChaincodeEvent, ChaincodeId, ChaincodeInterest, Endorsement, ProposalResponse,
    ProposalResponsePayload, Response,
};
use prost::Message;

use super::private_data;
use crate::{
    call::Call,
    channel::Channel,
    invocation::{self, Outcome},
    ledger::CallerInfo,
    peer::Peer,
    proposal::Proposal,
    system::{self, SystemCall},
};

/// A response from this status on is not endorsed.
const ERROR_THRESHOLD: i32 = 400;
/// A response from this status on carries its payload, so that a gateway can tell it from a failure of the peer.
const ERROR: i32 = 500;
/// The only plugin that signs.
const ENDORSEMENT_PLUGIN: &str = "escc";
/// The version that system chaincodes show.
const SYSTEM_VERSION: &str = "syscc";

/// What a simulation has come to.
struct Simulated {
    response: Response,
    event: Option<ChaincodeEvent>,
    results: Vec<u8>,
    interest: Option<ChaincodeInterest>,
    version: String,
    endorsement_plugin: String,
}

/// Runs a proposal. The error is the text that a client gets with status 500.
pub(super) async fn run(
    peer: &Arc<Peer>,
    channel: Option<Arc<Channel>>,
    proposal: Arc<Proposal>,
    identity: Identity,
) -> Result<ProposalResponse, String> {
    let simulated = match &channel {
        Some(channel) if !system::is_without_simulation(proposal.chaincode()) => {
            on_ledger(peer, Arc::clone(channel), &proposal, identity).await?
        }
        _ => beside_ledger(peer, channel.clone(), &proposal).await?,
    };
    respond(peer, channel.as_deref(), &proposal, simulated)
}

async fn on_ledger(
    peer: &Arc<Peer>,
    channel: Arc<Channel>,
    proposal: &Arc<Proposal>,
    identity: Identity,
) -> Result<Simulated, String> {
    let who = CallerInfo { identity: Some(identity.clone()) };
    let simulator = channel.ledger().simulator(peer.msp_id(), proposal.tx_id(), who);
    let simulator = Arc::new(Mutex::new(simulator.map_err(|cause| cause.to_string())?));
    let call = Call { peer: Arc::clone(peer), channel, proposal: Arc::clone(proposal), identity, simulator };
    let name = proposal.chaincode();
    let (version, endorsement_plugin, outcome) = if system::is_system(name) {
        let response = system::invoke(SystemCall::of(&call), name, proposal.input().clone()).await?;
        (SYSTEM_VERSION.to_owned(), ENDORSEMENT_PLUGIN.to_owned(), Ok(Outcome { response, event: None }))
    } else {
        let runnable = call.runnable(name).map_err(|cause| {
            let channel = call.channel.id();
            format!("make sure the chaincode {name} has been successfully defined on channel {channel} and try again: {cause}")
        })?;
        let outcome = invocation::invoke(&call, name, proposal.input().clone()).await;
        (runnable.version, runnable.endorsement_plugin, outcome)
    };
    let in_simulation = |cause: String| format!("error in simulation: {cause}");
    let outcome = outcome.map_err(in_simulation)?;
    let results = call.simulator().finish().map_err(|cause| in_simulation(cause.to_string()))?;
    if let Some(private) = &results.private {
        private_data::distribute(&call, private).map_err(|cause| in_simulation(cause.to_string()))?;
    }
    let event = outcome.event.filter(|_| outcome.response.status < ERROR_THRESHOLD);
    Ok(Simulated {
        response: outcome.response,
        event,
        results: results.public,
        interest: Some(results.interest),
        version,
        endorsement_plugin,
    })
}

async fn beside_ledger(
    peer: &Arc<Peer>,
    channel: Option<Arc<Channel>>,
    proposal: &Arc<Proposal>,
) -> Result<Simulated, String> {
    let name = proposal.chaincode();
    if !system::is_system(name) {
        let channel = proposal.channel_id();
        return Err(format!(
            "make sure the chaincode {name} has been successfully defined on channel {channel} and try again: chaincode {name} not found"
        ));
    }
    let call = SystemCall { peer: Arc::clone(peer), channel, proposal: Arc::clone(proposal), simulator: None };
    let response = system::invoke(call, name, proposal.input().clone()).await?;
    Ok(Simulated {
        response,
        event: None,
        results: Vec::new(),
        interest: None,
        version: SYSTEM_VERSION.to_owned(),
        endorsement_plugin: ENDORSEMENT_PLUGIN.to_owned(),
    })
}

fn respond(
    peer: &Peer,
    channel: Option<&Channel>,
    proposal: &Proposal,
    simulated: Simulated,
) -> Result<ProposalResponse, String> {
    let Simulated { response, event, results, interest, version, endorsement_plugin: plugin } = simulated;
    let status = response.status;
    let chaincode_id = ChaincodeId { name: proposal.chaincode().to_owned(), version, ..ChaincodeId::default() };
    let action = ChaincodeAction {
        results,
        events: event.map(|event| event.encode_to_vec()).unwrap_or_default(),
        response: Some(response.clone()),
        chaincode_id: Some(chaincode_id),
    };
    let payload =
        ProposalResponsePayload { proposal_hash: proposal.hash().to_vec(), extension: action.encode_to_vec() };
    let payload = payload.encode_to_vec();
    let answer = ProposalResponse { response: Some(response), ..ProposalResponse::default() };
    if status >= ERROR {
        return Ok(ProposalResponse { payload, interest, ..answer });
    }
    if proposal.channel_id().is_empty() || status >= ERROR_THRESHOLD {
        return Ok(answer);
    }
    if plugin != ENDORSEMENT_PLUGIN {
        return Err(format!(
            "endorsing with plugin failed: plugin with name {plugin} could not be used: plugin with name {plugin} wasn't found"
        ));
    }
    let endorser = peer.creator().to_vec();
    let message = [payload.as_slice(), &endorser].concat();
    let signature = match channel {
        Some(channel) => channel.ledger().signatures().sign(peer.signer(), &message),
        None => peer.sign(&message),
    };
    let signature = signature.map_err(|cause| format!("endorsing with plugin failed: {cause}"))?;
    let endorsement = Some(Endorsement { endorser, signature });
    Ok(ProposalResponse { version: 1, endorsement, payload, interest, ..answer })
}
