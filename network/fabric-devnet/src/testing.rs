//! A small channel for tests: three organizations with a peer and a client each, and blocks made on demand. There is no
//! chaincode process; a transaction is whatever a test does with a simulator.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use fabric_config::{
    ApplicationOrganization, ChannelSpec, ConsenterSpec, OrdererOrganization, genesis_block,
    transaction::{chaincode_extension, headers, nonce, proposal_hash},
};
use fabric_cryptogen::{Authority, CertificateRequest};
use fabric_msp::{
    policy::parse,
    signer::{Signer, SigningIdentity},
};
use fabric_protos::{
    common::{Block, BlockHeader, Envelope, Header, HeaderType, Payload, SignaturePolicyEnvelope},
    msp::{FabricMspConfig, FabricNodeOUs, FabricOuIdentifier},
    protos::{
        ApplicationPolicy, ChaincodeAction, ChaincodeActionPayload, ChaincodeEndorsedAction, ChaincodeEvent,
        ChaincodeId, ChaincodeInput, ChaincodeInvocationSpec, ChaincodeProposalPayload, ChaincodeSpec,
        CollectionConfig, CollectionConfigPackage, CollectionPolicyConfig, Endorsement, ProposalResponsePayload,
        Response, StaticCollectionConfig, Transaction, TransactionAction, TxValidationCode, application_policy,
        collection_config, collection_policy_config,
    },
};
use prost::Message;

use crate::{
    clock::unix_seconds,
    ledger::{CallerInfo, Ledger, SimulationError, Simulator, validation_codes},
    orderer::BlockWriter,
    state::definition::{ChaincodeDefinition, ChaincodeParameters, LIFECYCLE},
};

pub(crate) const CHANNEL: &str = "conf";
/// The chaincode that the fixture defines: one peer of any organization endorses.
pub(crate) const CHAINCODE: &str = "cc";
pub(crate) const ORGANIZATIONS: [&str; 3] = ["Org1MSP", "Org2MSP", "Org3MSP"];

/// A channel with its keys.
pub(crate) struct TestChannel {
    pub(crate) genesis: Block,
    pub(crate) peers: BTreeMap<String, SigningIdentity>,
    pub(crate) clients: BTreeMap<String, SigningIdentity>,
    pub(crate) orderer: Arc<SigningIdentity>,
    pub(crate) orderer_admin: SigningIdentity,
    folder: PathBuf,
    /// Removes the folder at the end, unless the caller owns it.
    _owned: Option<tempfile::TempDir>,
}

/// The channel with its ledger opened.
pub(crate) struct TestLedger {
    pub(crate) channel: TestChannel,
    pub(crate) ledger: Arc<Ledger>,
}

struct Organization {
    msp: FabricMspConfig,
    authority: Authority,
}

impl Organization {
    fn new(msp_id: &str) -> Self {
        let (authority, _) = Authority::create(&CertificateRequest::authority("ca", msp_id)).expect("an authority");
        let unit =
            |name: &str| Some(FabricOuIdentifier { organizational_unit_identifier: name.into(), ..Default::default() });
        let msp = FabricMspConfig {
            name: msp_id.to_owned(),
            root_certs: vec![authority.certificate().pem().to_vec()],
            fabric_node_ous: Some(FabricNodeOUs {
                enable: true,
                client_ou_identifier: unit("client"),
                peer_ou_identifier: unit("peer"),
                admin_ou_identifier: unit("admin"),
                orderer_ou_identifier: unit("orderer"),
            }),
            ..Default::default()
        };
        Self { msp, authority }
    }

    fn identity(&self, unit: &str) -> SigningIdentity {
        let issued = self.authority.issue(&CertificateRequest::identity(unit, &[unit])).expect("a certificate");
        issued.signer(&self.msp.name).expect("a signer")
    }
}

impl TestChannel {
    pub(crate) fn new() -> Self {
        let owned = tempfile::tempdir().expect("a folder");
        let channel = Self::at(owned.path());
        Self { _owned: Some(owned), ..channel }
    }

    /// A channel in a folder that the caller owns.
    pub(crate) fn at(folder: &Path) -> Self {
        let organizations: Vec<Organization> = ORGANIZATIONS.iter().map(|msp_id| Organization::new(msp_id)).collect();
        let ordering = Organization::new("OrdererMSP");
        let orderer = ordering.identity("orderer");
        let mut spec = ChannelSpec::new(CHANNEL, Default::default());
        spec.application_organizations =
            organizations.iter().map(|one| ApplicationOrganization::new(one.msp.clone())).collect();
        spec.orderer_organizations =
            vec![OrdererOrganization::new(ordering.msp.clone(), vec!["localhost:7050".to_owned()])];
        let tls = orderer.certificate().pem().to_vec();
        let (host, port) = ("localhost".to_owned(), 7050);
        spec.consenters = vec![ConsenterSpec { host, port, client_tls_cert: tls.clone(), server_tls_cert: tls }];
        spec.batch.max_message_count = 3;
        spec.batch.absolute_max_bytes = 64 * 1024;
        spec.batch.preferred_max_bytes = 32 * 1024;
        spec.batch.timeout_ms = 50;
        let of_role = |unit: &str| {
            let one = |organization: &Organization| (organization.msp.name.clone(), organization.identity(unit));
            organizations.iter().map(one).collect()
        };
        Self {
            genesis: genesis_block(&spec).expect("a genesis block"),
            peers: of_role("peer"),
            clients: of_role("client"),
            orderer: Arc::new(orderer),
            orderer_admin: ordering.identity("admin"),
            folder: folder.to_owned(),
            _owned: None,
        }
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Opens the ledger, for the first time or again.
    pub(crate) fn open(&self) -> Arc<Ledger> {
        Ledger::open(self.folder(), &self.genesis, &ORGANIZATIONS.map(str::to_owned)).expect("a ledger")
    }
}

impl TestLedger {
    /// A channel on which [`CHAINCODE`] is defined, in block 1, with these collections.
    pub(crate) fn with(collections: Vec<StaticCollectionConfig>) -> Self {
        let test = Self::empty();
        let definition = test.define(CHAINCODE, "OR('Org1MSP.peer','Org2MSP.peer','Org3MSP.peer')", collections);
        assert_eq!(test.commit(&[definition]), [TxValidationCode::Valid]);
        test
    }

    /// A channel on which nothing is defined.
    pub(crate) fn empty() -> Self {
        Self::on(TestChannel::new())
    }

    pub(crate) fn on(channel: TestChannel) -> Self {
        let ledger = channel.open();
        Self { channel, ledger }
    }

    /// Closes the ledger and opens it again.
    pub(crate) fn restarted(self) -> Self {
        let Self { channel, ledger } = self;
        drop(ledger);
        let ledger = channel.open();
        Self { channel, ledger }
    }

    /// A transaction that defines a chaincode, endorsed by a majority.
    pub(crate) fn define(&self, chaincode: &str, policy: &str, collections: Vec<StaticCollectionConfig>) -> Envelope {
        self.define_by(chaincode, parse(policy).expect("a policy"), collections)
    }

    /// As [`TestLedger::define`] with a policy that need not be a sensible one.
    pub(crate) fn define_by(
        &self,
        chaincode: &str,
        policy: SignaturePolicyEnvelope,
        collections: Vec<StaticCollectionConfig>,
    ) -> Envelope {
        let policy = ApplicationPolicy { r#type: Some(application_policy::Type::SignaturePolicy(policy)) };
        let sequence = self.ledger.definition(chaincode).expect("readable").map_or(1, |known| known.sequence + 1);
        let wrap =
            |config| CollectionConfig { payload: Some(collection_config::Payload::StaticCollectionConfig(config)) };
        let definition = ChaincodeDefinition {
            name: chaincode.to_owned(),
            sequence,
            parameters: ChaincodeParameters {
                version: "1.0".to_owned(),
                endorsement_plugin: "escc".to_owned(),
                validation_plugin: "vscc".to_owned(),
                validation_parameter: policy.encode_to_vec(),
                collections: CollectionConfigPackage { config: collections.into_iter().map(wrap).collect() },
                ..Default::default()
            },
        };
        self.transaction_on(LIFECYCLE, &["Org1MSP", "Org2MSP"], |simulator| {
            definition.write(&mut simulator.fields(LIFECYCLE))
        })
    }

    /// A simulator on the peer of an organization, called by its client.
    pub(crate) fn simulator(&self, msp_id: &str) -> Simulator {
        self.simulator_for(msp_id, msp_id)
    }

    /// A simulator on the peer of one organization, called by the client of another.
    pub(crate) fn simulator_for(&self, peer: &str, client: &str) -> Simulator {
        let creator = self.channel.clients[client].creator();
        let identity = self.ledger.channel().msps().deserialize(creator).expect("an identity");
        self.ledger.simulator(peer, "tx", CallerInfo { identity: Some(identity) }).expect("a simulator")
    }

    /// A transaction of [`CHAINCODE`] by a client of the first endorser.
    pub(crate) fn transaction(
        &self,
        endorsers: &[&str],
        act: impl FnOnce(&mut Simulator) -> Result<(), SimulationError>,
    ) -> Envelope {
        self.transaction_on(CHAINCODE, endorsers, act)
    }

    pub(crate) fn transaction_on(
        &self,
        chaincode: &str,
        endorsers: &[&str],
        act: impl FnOnce(&mut Simulator) -> Result<(), SimulationError>,
    ) -> Envelope {
        let client = &self.channel.clients[endorsers[0]];
        let mut parts = Parts::new(chaincode, client);
        let caller = self.ledger.channel().msps().deserialize(client.creator()).expect("an identity");
        let mut simulator =
            self.ledger.simulator(endorsers[0], &parts.id, CallerInfo { identity: Some(caller) }).expect("a simulator");
        act(&mut simulator).expect("the simulation works");
        let results = simulator.finish().expect("results");
        if let Some(private) = &results.private {
            self.ledger.distribute_private(endorsers[0], &parts.id, private).expect("distributed");
        }
        parts.results = results.public;
        parts.endorse(endorsers.iter().map(|msp_id| &self.channel.peers[*msp_id]));
        parts.envelope(client)
    }

    /// Makes a block of these transactions and commits it; gives back the codes.
    pub(crate) fn commit(&self, transactions: &[Envelope]) -> Vec<TxValidationCode> {
        self.commit_bytes(transactions.iter().map(Message::encode_to_vec).collect())
    }

    pub(crate) fn commit_bytes(&self, transactions: Vec<Vec<u8>>) -> Vec<TxValidationCode> {
        let block = self.next_block(transactions);
        validation_codes(&self.ledger.commit(block).expect("committed"))
    }

    /// The block that would come next.
    pub(crate) fn next_block(&self, transactions: Vec<Vec<u8>>) -> Block {
        let last = self.ledger.block(self.ledger.height() - 1).expect("readable").expect("a block");
        let header: BlockHeader = last.header.clone().expect("a header");
        BlockWriter::new(self.channel.orderer.clone(), Arc::default(), header, 0).next(transactions).expect("signed")
    }

    pub(crate) fn value(&self, key: &str) -> Option<String> {
        let entry = self.ledger.state(CHAINCODE, key).expect("readable");
        entry.map(|entry| String::from_utf8(entry.value).expect("text"))
    }

    /// Sets keys to a value in a block of its own.
    pub(crate) fn put_all(&self, keys: impl IntoIterator<Item = String>) {
        let put = self.transaction(&["Org1MSP"], |simulator| {
            keys.into_iter().try_for_each(|key| simulator.put_state(CHAINCODE, &key, b"v".to_vec()))
        });
        assert_eq!(self.commit(&[put]), [TxValidationCode::Valid]);
    }
}

/// The parts of a transaction, open to be spoilt by a test.
pub(crate) struct Parts {
    pub(crate) id: String,
    pub(crate) channel_header: fabric_protos::common::ChannelHeader,
    pub(crate) signature_header: fabric_protos::common::SignatureHeader,
    pub(crate) proposal_payload: Vec<u8>,
    pub(crate) action: ChaincodeAction,
    pub(crate) results: Vec<u8>,
    pub(crate) endorsements: Vec<Endorsement>,
    /// What the endorsers signed.
    pub(crate) response_payload: Vec<u8>,
}

impl Parts {
    pub(crate) fn new(chaincode: &str, client: &SigningIdentity) -> Self {
        let nonce = nonce().expect("randomness");
        let timestamp = prost_types::Timestamp { seconds: unix_seconds(), nanos: 0 };
        let (channel_header, signature_header) = headers(
            HeaderType::EndorserTransaction,
            CHANNEL,
            timestamp,
            &nonce,
            client.creator(),
            chaincode_extension(chaincode),
        );
        let id = ChaincodeId { name: chaincode.to_owned(), ..Default::default() };
        let input = ChaincodeInput { args: vec![b"act".to_vec()], ..Default::default() };
        let spec = ChaincodeSpec { chaincode_id: Some(id.clone()), input: Some(input), ..Default::default() };
        let input = ChaincodeInvocationSpec { chaincode_spec: Some(spec) }.encode_to_vec();
        let proposal_payload = ChaincodeProposalPayload { input, ..Default::default() }.encode_to_vec();
        let action = ChaincodeAction {
            response: Some(Response { status: 200, ..Default::default() }),
            chaincode_id: Some(ChaincodeId { version: "1.0".to_owned(), ..id }),
            ..Default::default()
        };
        Self {
            id: channel_header.tx_id.clone(),
            channel_header,
            signature_header,
            proposal_payload,
            action,
            results: Vec::new(),
            endorsements: Vec::new(),
            response_payload: Vec::new(),
        }
    }

    pub(crate) fn event(&mut self, name: &str, payload: &[u8]) {
        let event = ChaincodeEvent {
            chaincode_id: CHAINCODE.to_owned(),
            tx_id: self.id.clone(),
            event_name: name.to_owned(),
            payload: payload.to_vec(),
        };
        self.action.events = event.encode_to_vec();
    }

    pub(crate) fn endorse<'a>(&mut self, endorsers: impl IntoIterator<Item = &'a SigningIdentity>) {
        self.action.results.clone_from(&self.results);
        let (channel_header, signature_header) =
            (self.channel_header.encode_to_vec(), self.signature_header.encode_to_vec());
        let response = ProposalResponsePayload {
            proposal_hash: proposal_hash(&channel_header, &signature_header, &self.proposal_payload).to_vec(),
            extension: self.action.encode_to_vec(),
        };
        self.response_payload = response.encode_to_vec();
        for endorser in endorsers {
            let signed = [self.response_payload.as_slice(), endorser.creator()].concat();
            let signature = endorser.sign(&signed).expect("a signature");
            self.endorsements.push(Endorsement { endorser: endorser.creator().to_vec(), signature });
        }
    }

    pub(crate) fn envelope(&self, client: &SigningIdentity) -> Envelope {
        let endorsed = ChaincodeEndorsedAction {
            proposal_response_payload: self.response_payload.clone(),
            endorsements: self.endorsements.clone(),
        };
        let payload = ChaincodeActionPayload {
            chaincode_proposal_payload: self.proposal_payload.clone(),
            action: Some(endorsed),
        };
        let signature_header = self.signature_header.encode_to_vec();
        let action = TransactionAction { header: signature_header.clone(), payload: payload.encode_to_vec() };
        self.sealed(Transaction { actions: vec![action] }, signature_header, client)
    }

    pub(crate) fn sealed(
        &self,
        transaction: Transaction,
        signature_header: Vec<u8>,
        client: &SigningIdentity,
    ) -> Envelope {
        let header = Header { channel_header: self.channel_header.encode_to_vec(), signature_header };
        let payload = Payload { header: Some(header), data: transaction.encode_to_vec() }.encode_to_vec();
        let signature = client.sign(&payload).expect("a signature");
        Envelope { payload, signature }
    }
}

/// A collection that keeps its values for ever.
pub(crate) fn collection(name: &str, members: &str) -> StaticCollectionConfig {
    let policy = collection_policy_config::Payload::SignaturePolicy(parse(members).expect("a policy"));
    StaticCollectionConfig {
        name: name.to_owned(),
        member_orgs_policy: Some(CollectionPolicyConfig { payload: Some(policy) }),
        maximum_peer_count: 2,
        ..Default::default()
    }
}
