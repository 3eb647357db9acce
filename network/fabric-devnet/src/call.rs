//! A proposal while it is simulated on one peer: shared by chaincode that runs outside and by system chaincode.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fabric_msp::identity::Identity;

use crate::{
    chaincode::ChaincodePackage,
    channel::Channel,
    ledger::{SimulationError, Simulator},
    peer::{Peer, Readiness},
    proposal::Proposal,
    state::definition,
};

/// A proposal on its way through a simulation.
#[derive(Clone)]
pub(crate) struct Call {
    /// Reads the ledger's files, so it stands before those who keep the ledger open and is dropped before them.
    pub(crate) simulator: Arc<Mutex<Simulator>>,
    pub(crate) peer: Arc<Peer>,
    pub(crate) channel: Arc<Channel>,
    pub(crate) proposal: Arc<Proposal>,
    /// Who made the proposal, recognised by the channel.
    pub(crate) identity: Identity,
}

/// Why this peer cannot run a chaincode.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotReady {
    #[error("chaincode {0} not found")]
    Undefined(String),
    #[error(
        "chaincode definition for '{chaincode}' at sequence {sequence} on channel '{channel}' has not yet been approved by this org"
    )]
    NotApproved { chaincode: String, sequence: i64, channel: String },
    #[error("chaincode definition for '{0}' exists, but chaincode is not installed")]
    NotInstalled(String),
    #[error(
        "chaincode cache at sequence {cached} but current sequence is {current}, chaincode definition for '{chaincode}' changed during invoke"
    )]
    Changed { chaincode: String, cached: i64, current: i64 },
    #[error(transparent)]
    Simulation(#[from] SimulationError),
}

/// A chaincode that this peer can run.
pub(crate) struct Runnable {
    pub(crate) version: String,
    pub(crate) endorsement_plugin: String,
    pub(crate) init_required: bool,
    pub(crate) package: ChaincodePackage,
}

impl Call {
    /// The simulation; held only while one question is answered.
    pub(crate) fn simulator(&self) -> MutexGuard<'_, Simulator> {
        // A simulator that a panic left half done ends with its transaction; its results are never used then.
        self.simulator.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is needed to run a chaincode. The current sequence of its definition becomes part of the read set.
    pub(crate) fn runnable(&self, chaincode: &str) -> Result<Runnable, NotReady> {
        let current = definition::sequence(chaincode, &mut self.simulator().fields(definition::LIFECYCLE))?;
        let chaincode = chaincode.to_owned();
        if current == 0 {
            return Err(NotReady::Undefined(chaincode));
        }
        match self.peer.readiness(&self.channel, &chaincode)? {
            Readiness::Undefined => Err(NotReady::Undefined(chaincode)),
            Readiness::NotApproved { sequence } => {
                Err(NotReady::NotApproved { chaincode, sequence, channel: self.channel.id().to_owned() })
            }
            Readiness::NotInstalled => Err(NotReady::NotInstalled(chaincode)),
            Readiness::Ready { definition, .. } if definition.sequence != current => {
                Err(NotReady::Changed { chaincode, cached: definition.sequence, current })
            }
            Readiness::Ready { definition, package } => Ok(Runnable {
                version: definition.parameters.version.clone(),
                init_required: definition.parameters.init_required,
                endorsement_plugin: definition.parameters.endorsement_plugin.clone(),
                package,
            }),
        }
    }
}
