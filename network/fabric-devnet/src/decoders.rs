//! Everything here that reads bytes of others, each as a function of those bytes alone, for fuzz targets and for tests
//! that replay what they found. No part of the interface: nothing here serves a network, and it changes with the crate.

use std::{
    path::Path,
    sync::{Arc, Mutex},
};

use fabric_config::ChannelConfig;
use fabric_msp::{
    msp::Msp,
    signer::{Signer, SigningIdentity},
};
use fabric_protos::{
    common::{Block, Envelope},
    discovery::{Response as Answers, SignedRequest, discovery_server::Discovery},
    msp::FabricMspConfig,
    protos::{ChaincodeMessage, SignedProposal},
};
use prost::Message;
use tokio::runtime::Runtime;
use tonic::{Request, Response};

use crate::{
    call::Call,
    chaincode::{self, ChaincodeOptions, ChaincodePackage, ChaincodeRuntime, ConnectionInfo, PackageStore},
    channel::Channel,
    discovery::DiscoveryService,
    endorser, gateway,
    ledger::{CallerInfo, Simulator},
    ledgers::{GenesisBlock, Ledgers},
    orderer::{self, OrderingNode},
    peer::Peer,
    proposal::Proposal,
    system::{self, SystemCall},
    validation::{self, ValidationContext},
};

/// Looks at a signed proposal as endorser and gateway do before they ask who made it. True when both take it.
pub fn proposal(bytes: &[u8]) -> bool {
    let Ok(signed) = SignedProposal::decode(bytes) else { return false };
    let passed_on = gateway::can_pass_on(signed.clone());
    endorser::look(signed).is_ok() && passed_on
}

/// Looks through a chaincode package. True when it could be installed.
pub fn package(bytes: &[u8]) -> bool {
    ChaincodePackage::parse(bytes).is_ok()
}

/// Reads a `connection.json`. True when a chaincode could be dialled with it.
pub fn connection(bytes: &[u8]) -> bool {
    ConnectionInfo::parse(bytes, "peer0.example.com").is_ok()
}

/// Reads what the orderer's participation API gets to join a channel. True when it could be joined.
pub fn join_form(content_type: &str, body: &[u8]) -> bool {
    orderer::join_form(content_type, body)
}

/// A peer and an orderer of one channel without listeners.
pub struct Sandbox {
    runtime: Runtime,
    peer: Arc<Peer>,
    channel: Arc<Channel>,
    proposal: Arc<Proposal>,
}

impl Sandbox {
    /// Opens a channel in `folder` with one peer, and takes `proposal` for what its chaincodes work on.
    ///
    /// # Errors
    /// The text of whatever does not fit together.
    pub fn open(
        folder: &Path,
        genesis: &Block,
        identity: SigningIdentity,
        msp: &FabricMspConfig,
        proposal: SignedProposal,
    ) -> Result<Self, String> {
        let text = |cause: &dyn std::fmt::Display| cause.to_string();
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|cause| text(&cause))?;
        let first = GenesisBlock::new(genesis.clone()).map_err(|cause| text(&cause))?;
        let ledgers = Arc::new(Ledgers::new(&folder.join("channels"), vec![identity.msp_id().to_owned()]));
        let signer: Arc<dyn Signer> = Arc::new(identity.clone());
        let orderer = Arc::new(OrderingNode::new(Arc::clone(&ledgers), signer));
        let local = Msp::from_config(msp).map_err(|cause| text(&cause))?;
        let packages = PackageStore::open(&folder.join("packages")).map_err(|cause| text(&cause))?;
        let chaincodes = ChaincodeRuntime::new("peer0", ChaincodeOptions::default());
        let peer = Peer::new(identity, local, "localhost:7051", ledgers, orderer, packages, chaincodes);
        peer.join(&first).map_err(|cause| text(&cause))?;
        let channel = peer.channel(first.channel_id()).ok_or("the peer has not joined")?;
        let proposal = Arc::new(Proposal::unpack(proposal).map_err(|cause| text(&cause))?);
        Ok(Self { runtime, peer: Arc::new(peer), channel, proposal })
    }

    /// Validates the transactions of a block as if it were the next. One code per transaction.
    ///
    /// # Errors
    /// The ledger cannot be read. No transaction is a reason.
    pub fn validate(&self, envelopes: &[Vec<u8>]) -> Result<Vec<i32>, String> {
        let ledger = self.channel.ledger();
        let config: Arc<ChannelConfig> = self.channel.config();
        let context = ValidationContext { channel: &config, signatures: Some(ledger.signatures()) };
        let prepared = validation::prepare(envelopes, &context);
        let snapshot = ledger.snapshot().map_err(|cause| cause.to_string())?;
        let validated =
            validation::validate(ledger.height(), &prepared, &context, &snapshot).map_err(|cause| cause.to_string())?;
        Ok(validated.codes.into_iter().map(i32::from).collect())
    }

    /// Whether the orderer would take a message.
    pub fn admits(&self, envelope: &Envelope) -> bool {
        orderer::admit(envelope, self.channel.ledger()).is_ok()
    }

    /// Answers questions of a chaincode, all in one simulation that is then thrown away. One answer per question.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub fn answers(&self, messages: &[ChaincodeMessage]) -> Result<Vec<Result<Vec<u8>, String>>, String> {
        let call = Arc::new(self.call()?);
        let answer = async {
            let mut answers = Vec::with_capacity(messages.len());
            for message in messages {
                answers.push(chaincode::answer_alone(call.clone(), "cc", message).await);
            }
            answers
        };
        Ok(self.runtime.block_on(answer))
    }

    /// What a function of `_lifecycle` makes of its argument, and the public writes of its simulation.
    ///
    /// # Errors
    /// The text of the refusal.
    pub fn lifecycle(&self, function: &str, argument: &[u8]) -> Result<Vec<u8>, String> {
        let call = self.call()?;
        system::lifecycle_alone(&SystemCall::of(&call), function, argument)?;
        let results = call.simulator().finish().map_err(|cause| cause.to_string())?;
        Ok(results.public)
    }

    /// What discovery answers to a signed request.
    ///
    /// # Errors
    /// The text of the refusal of all of it.
    pub fn discovers(&self, request: SignedRequest) -> Result<Answers, String> {
        let service = DiscoveryService::new(Arc::clone(&self.peer), Arc::from([Arc::clone(&self.peer)]));
        let answered = self.runtime.block_on(service.discover(Request::new(request)));
        answered.map(Response::into_inner).map_err(|status| status.message().to_owned())
    }

    fn call(&self) -> Result<Call, String> {
        Ok(Call {
            simulator: Arc::new(Mutex::new(self.simulator()?)),
            peer: Arc::clone(&self.peer),
            channel: Arc::clone(&self.channel),
            proposal: Arc::clone(&self.proposal),
            identity: self.creator()?,
        })
    }

    fn simulator(&self) -> Result<Simulator, String> {
        let caller = CallerInfo { identity: Some(self.creator()?) };
        let ledger = self.channel.ledger();
        ledger.simulator(self.peer.msp_id(), self.proposal.tx_id(), caller).map_err(|cause| cause.to_string())
    }

    fn creator(&self) -> Result<fabric_msp::identity::Identity, String> {
        let config = self.channel.config();
        config.msps().deserialize(self.proposal.creator()).map_err(|cause| cause.to_string())
    }
}
