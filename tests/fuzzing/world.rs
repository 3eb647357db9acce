//! What decoders need around them: one organization with its keys, its channel, a peer with a ledger, and a proposal.
//! Made once for a process, new each time; no input that is kept depends on its keys.

use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result, anyhow};
use fabric_client::{Connection, Gateway, Proposal};
use fabric_config::{
    ApplicationOrganization, ChannelConfig, ChannelSpec, ConsenterSpec, OrdererOrganization, genesis_block,
};
use fabric_contract::Router;
use fabric_cryptogen::{Authority, CertificateRequest};
use fabric_devnet::decoders::Sandbox;
use fabric_msp::{
    identity::Identity,
    signer::{Signer, SigningIdentity},
};
use fabric_protos::{
    common::{Block, Envelope, Header, Payload},
    gateway::ProposedTransaction,
    msp::{FabricMspConfig, FabricNodeOUs, FabricOuIdentifier},
    protos::{
        ChaincodeAction, ChaincodeActionPayload, ChaincodeEndorsedAction, ChaincodeId, Endorsement,
        Proposal as ProposalMessage, ProposalResponsePayload, Response, SignedProposal, Transaction, TransactionAction,
    },
};
use prost::Message;
use tokio::runtime::Runtime;
use trade_proofs::{Commitment, Opening, ProofContext};

/// The channel's name.
pub const CHANNEL: &str = "trade";

/// Everything around the decoders.
pub struct World {
    pub msp: FabricMspConfig,
    pub authority: Authority,
    pub client: SigningIdentity,
    pub peer: SigningIdentity,
    pub genesis: Block,
    pub channel: ChannelConfig,
    pub gateway: Gateway,
    /// A proposal to `_lifecycle`, whose endorsement policy is the channel's own.
    pub proposal: Proposal,
    pub signed: SignedProposal,
    pub router: Router,
    pub commitment: Commitment,
    pub opening: Opening,
    pub context: ProofContext,
    sandbox: Mutex<Sandbox>,
    _runtime: Runtime,
}

static WORLD: LazyLock<World> = LazyLock::new(|| World::new().expect("the world of the decoders can be made"));

/// The one world of this process.
pub fn world() -> &'static World {
    &WORLD
}

impl World {
    fn new() -> Result<Self> {
        let (authority, _) = Authority::create(&CertificateRequest::authority("ca", "Org1"))?;
        let msp = msp("Org1MSP", &authority);
        let issue = |unit: &str| -> Result<SigningIdentity> {
            Ok(authority.issue(&CertificateRequest::identity(unit, &[unit]))?.signer("Org1MSP")?)
        };
        let (client, peer) = (issue("client")?, issue("peer")?);
        let genesis = genesis_block(&spec(&msp)?)?;
        let channel = ChannelConfig::from_genesis_block(&genesis)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let connection = {
            let _inside = runtime.enter();
            Connection::lazy("localhost:1", None, std::time::Duration::from_secs(1))?
        };
        let gateway = Gateway::new(connection, Arc::new(client.clone()));
        let call = gateway.contract(CHANNEL, "_lifecycle").transaction("QueryChaincodeDefinitions");
        let proposal = call.argument(Vec::new()).transient("private", b"{}".to_vec()).propose()?.signed()?;
        let signed = ProposedTransaction::decode(&*proposal.bytes())?.proposal.context("a signed proposal")?;
        let folder = tempfile::tempdir()?;
        let sandbox = Sandbox::open(folder.path(), &genesis, peer.clone(), &msp, signed.clone())
            .map_err(|cause| anyhow!("the sandbox cannot be opened: {cause}"))?;
        let opening = Opening::new(150_000, [7; 32])?;
        Ok(Self {
            commitment: opening.commitment(),
            opening,
            context: context()?,
            router: trade_contracts::router(),
            sandbox: Mutex::new(sandbox),
            _runtime: runtime,
            msp,
            authority,
            client,
            peer,
            genesis,
            channel,
            gateway,
            proposal,
            signed,
        })
        // The folder goes here; the open files stay usable, and what an input would install is refused by the disk.
    }

    /// The peer.
    pub fn sandbox(&self) -> MutexGuard<'_, Sandbox> {
        self.sandbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Client and peer, as the channel recognises them.
    pub fn identities(&self) -> Vec<Identity> {
        let recognise = |signer: &SigningIdentity| self.channel.msps().deserialize(signer.creator()).ok();
        [&self.client, &self.peer].into_iter().filter_map(recognise).collect()
    }

    /// The transaction of the proposal with these results, endorsed and signed.
    pub fn transaction(&self, results: &[u8]) -> Envelope {
        self.try_transaction(results).expect("our own parts fit together")
    }

    fn try_transaction(&self, results: &[u8]) -> Result<Envelope> {
        let proposal = ProposalMessage::decode(&*self.signed.proposal_bytes)?;
        let header = Header::decode(&*proposal.header)?;
        let payload = fabric_config::transaction::without_transient(&proposal.payload)?;
        let action = ChaincodeAction {
            results: results.to_vec(),
            response: Some(Response { status: 200, ..Response::default() }),
            chaincode_id: Some(ChaincodeId {
                name: "_lifecycle".to_owned(),
                version: "1".to_owned(),
                ..ChaincodeId::default()
            }),
            ..ChaincodeAction::default()
        };
        let response = ProposalResponsePayload {
            proposal_hash: super::decoders::hash_of(&header.channel_header, &header.signature_header, &payload),
            extension: action.encode_to_vec(),
        }
        .encode_to_vec();
        let signature = self.peer.sign(&[response.as_slice(), self.peer.creator()].concat())?;
        let endorsement = Endorsement { endorser: self.peer.creator().to_vec(), signature };
        let endorsed = ChaincodeEndorsedAction { proposal_response_payload: response, endorsements: vec![endorsement] };
        let action = ChaincodeActionPayload { chaincode_proposal_payload: payload, action: Some(endorsed) };
        let action = TransactionAction { header: header.signature_header.clone(), payload: action.encode_to_vec() };
        let data = Transaction { actions: vec![action] }.encode_to_vec();
        let payload = Payload { header: Some(header), data }.encode_to_vec();
        let signature = self.client.sign(&payload)?;
        Ok(Envelope { payload, signature })
    }
}

fn msp(name: &str, authority: &Authority) -> FabricMspConfig {
    let unit = |name: &str| {
        Some(FabricOuIdentifier { organizational_unit_identifier: name.to_owned(), ..FabricOuIdentifier::default() })
    };
    FabricMspConfig {
        name: name.to_owned(),
        root_certs: vec![authority.certificate().pem().to_vec()],
        fabric_node_ous: Some(FabricNodeOUs {
            enable: true,
            client_ou_identifier: unit("client"),
            peer_ou_identifier: unit("peer"),
            admin_ou_identifier: unit("admin"),
            orderer_ou_identifier: unit("orderer"),
        }),
        ..FabricMspConfig::default()
    }
}

fn spec(msp_config: &FabricMspConfig) -> Result<ChannelSpec> {
    let (authority, _) = Authority::create(&CertificateRequest::authority("ca", "Orderer"))?;
    let orderer = authority.issue(&CertificateRequest::identity("orderer", &["orderer"]))?;
    let tls = orderer.certificate.pem().to_vec();
    let mut spec = ChannelSpec::new(CHANNEL, Default::default());
    spec.application_organizations = vec![ApplicationOrganization::new(msp_config.clone())];
    let ordering = msp("OrdererMSP", &authority);
    spec.orderer_organizations = vec![OrdererOrganization::new(ordering, vec!["localhost:7050".to_owned()])];
    let host = "localhost".to_owned();
    spec.consenters = vec![ConsenterSpec { host, port: 7050, client_tls_cert: tls.clone(), server_tls_cert: tls }];
    Ok(spec)
}

fn context() -> Result<ProofContext> {
    let builder = ProofContext::builder().channel(CHANNEL).chaincode("entrepot").without_collection();
    let builder = builder.network("test").record("invoice", "INV-1", 1).msp_id("Org1MSP").public_key_sha256([1; 32]);
    let builder = builder.purpose("test").currency("EUR").public_inputs_digest([2; 32]).nonce([3; 32]);
    Ok(builder.build()?)
}
