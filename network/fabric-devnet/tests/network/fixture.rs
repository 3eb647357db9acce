//! A network of three organizations with keys made for the occasion, and the steps every case needs.

use std::{error::Error, path::Path, time::Duration};

use fabric_config::{
    ApplicationOrganization, BatchSpec, ChannelCapability, ChannelSpec, ConsenterSpec, OrdererOrganization,
    genesis_block,
};
use fabric_cryptogen::{CryptoConfig, OrganizationFolder, OrganizationKind, OrganizationSpec};
use fabric_devnet::{AdminOptions, AdminTlsOptions, Network, NetworkOptions, OrdererOptions, PeerOptions, Settings};
use fabric_msp::{
    msp::config_from_directory,
    policy,
    signer::SigningIdentity,
    transport::{self, ClientTls},
};
use fabric_protos::{
    MAX_MESSAGE_BYTES,
    common::{Block, Envelope},
    gateway::{CommitStatusResponse, EndorseRequest, EvaluateRequest, SubmitRequest, gateway_client::GatewayClient},
    lifecycle::{
        ApproveChaincodeDefinitionForMyOrgArgs, ChaincodeSource, CommitChaincodeDefinitionArgs, InstallChaincodeArgs,
        InstallChaincodeResult, chaincode_source,
    },
    protos::{
        ApplicationPolicy, CollectionConfig, CollectionConfigPackage, CollectionPolicyConfig, ProposalResponse,
        Response, StaticCollectionConfig, TxValidationCode, application_policy, collection_config,
        collection_policy_config, endorser_client::EndorserClient,
    },
};
use flate2::{Compression, write::GzEncoder};
use prost::Message;
use tempfile::TempDir;
use tonic::{Status, transport::Channel};

use crate::{
    chaincode::FakeChaincode,
    client::{self, Call},
};

pub type Outcome = Result<(), Box<dyn Error>>;
pub const CHANNEL: &str = "conf";
const TIMEOUT: Duration = Duration::from_secs(60);

/// One organization as tests use it.
pub struct Organization {
    pub msp_id: String,
    pub folder: OrganizationFolder,
    pub user: SigningIdentity,
    pub admin: SigningIdentity,
    pub peer: SigningIdentity,
    pub gateway: GatewayClient<Channel>,
    pub endorser: EndorserClient<Channel>,
    pub connection: Channel,
}

impl Organization {
    /// An organization at one of its peers.
    async fn at(folder: &OrganizationFolder, node: &str, address: &str) -> Result<Self, Box<dyn Error>> {
        let msp_id = folder.msp_id.clone();
        let load = |path: &Path| SigningIdentity::from_msp_directory(&msp_id, &path.join("msp"));
        let tls = ClientTls { ca_pem: std::fs::read(folder.node(node).join("tls/ca.crt"))?, ..ClientTls::default() };
        let channel = transport::connect(address, Some(&tls), TIMEOUT).await?;
        Ok(Self {
            user: load(&folder.user("User1"))?,
            admin: load(&folder.user("Admin"))?,
            peer: load(&folder.node(node))?,
            gateway: GatewayClient::new(channel.clone())
                .max_decoding_message_size(MAX_MESSAGE_BYTES)
                .max_encoding_message_size(MAX_MESSAGE_BYTES),
            endorser: EndorserClient::new(channel.clone())
                .max_decoding_message_size(MAX_MESSAGE_BYTES)
                .max_encoding_message_size(MAX_MESSAGE_BYTES),
            connection: channel,
            folder: folder.clone(),
            msp_id,
        })
    }
}

/// A network and its clients.
pub struct Fixture {
    folder: TempDir,
    pub network: Option<Network>,
    pub organizations: Vec<Organization>,
    /// The first organization at its second peer, where it has one.
    pub second: Option<Organization>,
    pub orderer_admin: SigningIdentity,
    settings: Settings,
    has_second: bool,
}

/// A chaincode to be deployed.
pub struct Definition<'a> {
    pub channel: &'a str,
    pub name: &'a str,
    pub version: &'a str,
    pub sequence: i64,
    pub policy: Option<&'a str>,
    pub collections: Vec<StaticCollectionConfig>,
    pub init_required: bool,
}

impl<'a> Definition<'a> {
    pub fn new(name: &'a str, policy: Option<&'a str>) -> Self {
        Self {
            channel: CHANNEL,
            name,
            version: "1.0",
            sequence: 1,
            policy,
            collections: Vec::new(),
            init_required: false,
        }
    }

    pub fn policy_bytes(&self) -> Vec<u8> {
        self.policy.map(|text| application_policy(text).encode_to_vec()).unwrap_or_default()
    }

    pub fn collections(&self) -> Option<CollectionConfigPackage> {
        let wrap = |config: &StaticCollectionConfig| CollectionConfig {
            payload: Some(collection_config::Payload::StaticCollectionConfig(config.clone())),
        };
        let config: Vec<_> = self.collections.iter().map(wrap).collect();
        (!config.is_empty()).then_some(CollectionConfigPackage { config })
    }

    fn call(&self, name: &str, args: Vec<u8>) -> Call<'a> {
        let mut call = Call::new(self.channel, "_lifecycle", &[name]);
        call.args.push(args);
        call
    }

    pub fn approve_args(&self, package_id: &str) -> Vec<u8> {
        let local = chaincode_source::Local { package_id: package_id.to_owned() };
        ApproveChaincodeDefinitionForMyOrgArgs {
            sequence: self.sequence,
            name: self.name.to_owned(),
            version: self.version.to_owned(),
            validation_parameter: self.policy_bytes(),
            collections: self.collections(),
            init_required: self.init_required,
            source: Some(ChaincodeSource { r#type: Some(chaincode_source::Type::LocalPackage(local)) }),
            ..Default::default()
        }
        .encode_to_vec()
    }

    pub fn commit_args(&self) -> Vec<u8> {
        CommitChaincodeDefinitionArgs {
            sequence: self.sequence,
            name: self.name.to_owned(),
            version: self.version.to_owned(),
            validation_parameter: self.policy_bytes(),
            collections: self.collections(),
            init_required: self.init_required,
            ..Default::default()
        }
        .encode_to_vec()
    }
}

/// Joins an organization's peer to the channel of a block; what `cscc` answered.
pub async fn join_peer(
    organization: &Organization,
    signer: &SigningIdentity,
    block: &Block,
) -> Result<Response, Status> {
    let mut call = Call::new("", "cscc", &["JoinChain"]);
    call.args.push(block.encode_to_vec());
    Ok(propose(organization, signer, &call).await?.response.unwrap_or_default())
}

pub fn application_policy(text: &str) -> ApplicationPolicy {
    let policy = policy::parse(text).unwrap();
    ApplicationPolicy { r#type: Some(application_policy::Type::SignaturePolicy(policy)) }
}

pub fn collection(name: &str, members: &str) -> StaticCollectionConfig {
    let policy = collection_policy_config::Payload::SignaturePolicy(policy::parse(members).unwrap());
    StaticCollectionConfig {
        name: name.to_owned(),
        member_orgs_policy: Some(CollectionPolicyConfig { payload: Some(policy) }),
        maximum_peer_count: 3,
        ..Default::default()
    }
}

/// An install package for a chaincode that listens there.
pub fn package(label: &str, address: &str) -> Vec<u8> {
    package_with(label, &format!(r#"{{"address":"{address}","dial_timeout":"2s","tls_required":false}}"#))
}

/// An install package with this `connection.json`.
pub fn package_with(label: &str, connection: &str) -> Vec<u8> {
    let code = archive(&[("connection.json", connection.as_bytes())]);
    let metadata = format!(r#"{{"type":"ccaas","label":"{label}"}}"#);
    archive(&[("metadata.json", metadata.as_bytes()), ("code.tar.gz", &code)])
}

fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (name, contents) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(contents.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, name, *contents).unwrap();
    }
    builder.into_inner().and_then(GzEncoder::finish).unwrap()
}

impl Fixture {
    pub async fn start() -> Result<Self, Box<dyn Error>> {
        Self::start_with(Settings::default()).await
    }

    pub async fn start_with(settings: Settings) -> Result<Self, Box<dyn Error>> {
        Self::prepare(settings, |_, _| ()).await
    }

    /// Starts a network in which the first organization has two peers.
    pub async fn start_with_second_peer() -> Result<Self, Box<dyn Error>> {
        Self::prepare_with(true, Settings::default(), |_, _| ()).await
    }

    /// Starts a network after `change` has had its way with the channel's description.
    pub async fn prepare(
        settings: Settings,
        change: impl FnOnce(&mut ChannelSpec, &[OrganizationFolder]),
    ) -> Result<Self, Box<dyn Error>> {
        Self::prepare_with(false, settings, change).await
    }

    async fn prepare_with(
        has_second: bool,
        settings: Settings,
        change: impl FnOnce(&mut ChannelSpec, &[OrganizationFolder]),
    ) -> Result<Self, Box<dyn Error>> {
        let folder = tempfile::tempdir()?;
        let names = ["Org1", "Org2", "Org3"];
        let organization = |name: &str| OrganizationSpec::new(name, &format!("{}.example.com", name.to_lowercase()));
        let mut config = CryptoConfig {
            orderer_orgs: vec![organization("Orderer")],
            peer_orgs: names.iter().map(|name| organization(name)).collect(),
        };
        if has_second {
            config.peer_orgs[0].template.count = 2;
        }
        let crypto_dir = folder.path().join("crypto");
        let folders = fabric_cryptogen::generate(&config, &crypto_dir)?;
        let block = channel_block(CHANNEL, &folders, change)?;
        std::fs::write(folder.path().join("genesis.block"), block.encode_to_vec())?;
        let orderer = folders.iter().find(|one| one.kind == OrganizationKind::Orderer).unwrap();
        let orderer_admin = SigningIdentity::from_msp_directory(&orderer.msp_id, &orderer.user("Admin").join("msp"))?;
        let (network, organizations, second) = (None, Vec::new(), None);
        let mut fixture = Self { folder, network, organizations, second, orderer_admin, settings, has_second };
        fixture.launch(&folders).await?;
        Ok(fixture)
    }

    pub fn options(&self) -> Result<NetworkOptions, Box<dyn Error>> {
        let crypto_dir = self.folder.path().join("crypto");
        let second = self.has_second.then_some(("org1", 1, "peer1"));
        let nodes = [("org1", 1, "peer0"), ("org2", 2, "peer0"), ("org3", 3, "peer0")].into_iter().chain(second);
        let peers = nodes.map(|(name, index, node)| {
            let domain = format!("{name}.example.com");
            let folder =
                OrganizationFolder::new(&crypto_dir, OrganizationKind::Peer, &domain, &format!("Org{index}MSP"));
            let name = format!("{node}.{domain}");
            let node = folder.node(node);
            PeerOptions {
                msp_id: folder.msp_id,
                name,
                listen: "127.0.0.1:0".to_owned(),
                msp_dir: node.join("msp"),
                tls_cert: node.join("tls/server.crt"),
                tls_key: node.join("tls/server.key"),
                operations: Some("127.0.0.1:0".to_owned()),
            }
        });
        let orderer =
            OrganizationFolder::new(&crypto_dir, OrganizationKind::Orderer, "orderer.example.com", "OrdererMSP");
        let node = orderer.node("orderer0");
        Ok(NetworkOptions {
            data_dir: self.folder.path().join("data"),
            genesis_blocks: vec![std::fs::read(self.folder.path().join("genesis.block"))?],
            peers: peers.collect(),
            orderer: OrdererOptions {
                msp_id: "OrdererMSP".to_owned(),
                listen: "127.0.0.1:0".to_owned(),
                msp_dir: node.join("msp"),
                tls_cert: node.join("tls/server.crt"),
                tls_key: node.join("tls/server.key"),
                admin: Some(AdminOptions {
                    listen: "127.0.0.1:0".to_owned(),
                    tls: Some(AdminTlsOptions {
                        cert: node.join("tls/server.crt"),
                        key: node.join("tls/server.key"),
                        client_ca: node.join("tls/ca.crt"),
                    }),
                }),
                operations: Some("127.0.0.1:0".to_owned()),
            },
        })
    }

    async fn launch(&mut self, folders: &[OrganizationFolder]) -> Outcome {
        let network = Network::start_with(self.options()?, self.settings.clone()).await?;
        self.organizations.clear();
        for folder in folders.iter().filter(|folder| folder.kind == OrganizationKind::Peer) {
            let address = network.peer_address(&folder.msp_id).ok_or("no address")?;
            self.organizations.push(Organization::at(folder, "peer0", address).await?);
        }
        if let (true, Some(first)) = (self.has_second, self.organizations.first()) {
            let address = network.address_of_peer("peer1.org1.example.com").ok_or("no address")?;
            self.second = Some(Organization::at(&first.folder, "peer1", address).await?);
        }
        self.network = Some(network);
        Ok(())
    }

    /// Ends the network and starts it again on the same data.
    pub async fn restart(&mut self) -> Outcome {
        self.network.take().ok_or("not running")?.shutdown().await;
        let folders: Vec<_> = self.organizations.iter().map(|one| one.folder.clone()).collect();
        self.launch(&folders).await
    }

    /// The genesis block of another channel, of the organizations with these numbers.
    pub fn block_of(&self, channel: &str, numbers: &[usize]) -> Result<Block, Box<dyn Error>> {
        let crypto_dir = self.folder.path().join("crypto");
        let orderer =
            OrganizationFolder::new(&crypto_dir, OrganizationKind::Orderer, "orderer.example.com", "OrdererMSP");
        let members = numbers.iter().map(|number| self.org(*number).folder.clone());
        channel_block(channel, &members.chain([orderer]).collect::<Vec<_>>(), |_, _| ())
    }

    pub fn org(&self, number: usize) -> &Organization {
        &self.organizations[number - 1]
    }

    /// Installs a chaincode on all peers, has all organizations approve it, and commits it.
    pub async fn deploy(
        &self,
        chaincode: &FakeChaincode,
        definition: &Definition<'_>,
    ) -> Result<String, Box<dyn Error>> {
        let label = format!("{}_{}", definition.name, definition.version);
        let package_id = self.install(chaincode, &label).await?;
        self.define(definition, &package_id).await?;
        Ok(package_id)
    }

    /// Has all organizations approve a definition, and commits it.
    pub async fn define(&self, definition: &Definition<'_>, package_id: &str) -> Outcome {
        for organization in &self.organizations {
            self.approve(organization, definition, package_id).await?;
        }
        self.commit(definition).await?;
        Ok(())
    }

    pub async fn install(&self, chaincode: &FakeChaincode, label: &str) -> Result<String, Box<dyn Error>> {
        self.install_bytes(chaincode, package(label, &chaincode.address.to_string())).await
    }

    pub async fn install_bytes(&self, chaincode: &FakeChaincode, bytes: Vec<u8>) -> Result<String, Box<dyn Error>> {
        let mut package_id = String::new();
        for organization in self.organizations.iter().chain(&self.second) {
            let args = InstallChaincodeArgs { chaincode_install_package: bytes.clone() }.encode_to_vec();
            let answer = lifecycle(organization, &organization.admin, "", "InstallChaincode", args).await?;
            let response = answer.response.ok_or("no response")?;
            if response.status != 200 {
                return Err(response.message.into());
            }
            package_id = InstallChaincodeResult::decode(&*response.payload)?.package_id;
        }
        chaincode.set_package_id(&package_id);
        Ok(package_id)
    }

    pub async fn approve(
        &self,
        organization: &Organization,
        definition: &Definition<'_>,
        package_id: &str,
    ) -> Result<TxValidationCode, Status> {
        let call = definition.call("ApproveChaincodeDefinitionForMyOrg", definition.approve_args(package_id));
        submit_with(organization, &organization.admin, &call, &[&organization.msp_id]).await
    }

    pub async fn commit(&self, definition: &Definition<'_>) -> Result<TxValidationCode, Status> {
        let call = definition.call("CommitChaincodeDefinition", definition.commit_args());
        let organizations: Vec<&str> = self.organizations.iter().map(|one| one.msp_id.as_str()).collect();
        submit_with(self.org(1), &self.org(1).user, &call, &organizations).await
    }
}

/// The genesis block of a channel of these organizations, after `change` has had its way with its description.
pub fn channel_block(
    channel: &str,
    folders: &[OrganizationFolder],
    change: impl FnOnce(&mut ChannelSpec, &[OrganizationFolder]),
) -> Result<Block, Box<dyn Error>> {
    let mut spec = ChannelSpec::new(channel, ChannelCapability::V3_0);
    for organization in folders {
        let msp = config_from_directory(&organization.msp_id, &organization.msp())?;
        match organization.kind {
            OrganizationKind::Peer => spec.application_organizations.push(ApplicationOrganization::new(msp)),
            OrganizationKind::Orderer => {
                let endpoint = "127.0.0.1:7050".to_owned();
                spec.orderer_organizations.push(OrdererOrganization::new(msp, vec![endpoint]));
                let certificate = std::fs::read(organization.node("orderer0").join("tls/server.crt"))?;
                spec.consenters.push(ConsenterSpec {
                    host: "127.0.0.1".to_owned(),
                    port: 7050,
                    client_tls_cert: certificate.clone(),
                    server_tls_cert: certificate,
                });
            }
        }
    }
    spec.batch = BatchSpec {
        timeout_ms: 50,
        absolute_max_bytes: 1024 * 1024,
        preferred_max_bytes: 512 * 1024,
        ..BatchSpec::default()
    };
    change(&mut spec, folders);
    Ok(genesis_block(&spec)?)
}

/// A call of `_lifecycle` on the channel.
pub fn function<'a>(name: &str, args: Vec<u8>) -> Call<'a> {
    let mut call = Call::new(CHANNEL, "_lifecycle", &[name]);
    call.args.push(args);
    call
}

/// Sends a call of `_lifecycle` straight to an organization's peer.
pub async fn lifecycle(
    organization: &Organization,
    signer: &SigningIdentity,
    channel: &str,
    name: &str,
    args: Vec<u8>,
) -> Result<ProposalResponse, Status> {
    let mut call = Call::new(channel, "_lifecycle", &[name]);
    call.args.push(args);
    propose(organization, signer, &call).await
}

/// Sends a proposal straight to an organization's peer.
pub async fn propose(
    organization: &Organization,
    signer: &SigningIdentity,
    call: &Call<'_>,
) -> Result<ProposalResponse, Status> {
    Ok(organization.endorser.clone().process_proposal(call.sign(signer).0).await?.into_inner())
}

pub async fn evaluate(
    organization: &Organization,
    signer: &SigningIdentity,
    call: &Call<'_>,
) -> Result<Response, Status> {
    evaluate_on(organization, signer, call, &[]).await
}

pub async fn evaluate_on(
    organization: &Organization,
    signer: &SigningIdentity,
    call: &Call<'_>,
    targets: &[&str],
) -> Result<Response, Status> {
    let (proposal, transaction_id) = call.sign(signer);
    let request = EvaluateRequest {
        transaction_id,
        channel_id: call.channel.to_owned(),
        proposed_transaction: Some(proposal),
        target_organizations: targets.iter().map(|target| (*target).to_owned()).collect(),
    };
    Ok(organization.gateway.clone().evaluate(request).await?.into_inner().result.unwrap_or_default())
}

/// The payload of an evaluation as text.
pub async fn read(organization: &Organization, args: &[&str]) -> Result<String, Status> {
    let answer = evaluate(organization, &organization.user, &Call::new(CHANNEL, "conf", args)).await?;
    Ok(String::from_utf8_lossy(&answer.payload).into_owned())
}

/// An endorsed transaction, not yet signed, and its id.
pub async fn endorse(
    organization: &Organization,
    signer: &SigningIdentity,
    call: &Call<'_>,
    organizations: &[&str],
) -> Result<(Envelope, String), Status> {
    let (proposal, transaction_id) = call.sign(signer);
    let request = EndorseRequest {
        transaction_id: transaction_id.clone(),
        channel_id: call.channel.to_owned(),
        proposed_transaction: Some(proposal),
        endorsing_organizations: organizations.iter().map(|one| (*one).to_owned()).collect(),
    };
    let answer = organization.gateway.clone().endorse(request).await?.into_inner();
    Ok((answer.prepared_transaction.unwrap_or_default(), transaction_id))
}

/// Hands a signed transaction to the orderer.
pub async fn send(organization: &Organization, envelope: Envelope, transaction_id: &str) -> Result<(), Status> {
    send_on(CHANNEL, organization, envelope, transaction_id).await
}

pub async fn send_on(
    channel: &str,
    organization: &Organization,
    envelope: Envelope,
    transaction_id: &str,
) -> Result<(), Status> {
    let request = SubmitRequest {
        transaction_id: transaction_id.to_owned(),
        channel_id: channel.to_owned(),
        prepared_transaction: Some(envelope),
    };
    organization.gateway.clone().submit(request).await.map(drop)
}

pub async fn status_of(organization: &Organization, transaction_id: &str) -> Result<CommitStatusResponse, Status> {
    status_on(CHANNEL, organization, transaction_id).await
}

pub async fn status_on(
    channel: &str,
    organization: &Organization,
    transaction_id: &str,
) -> Result<CommitStatusResponse, Status> {
    let mut request = tonic::Request::new(client::commit_status(channel, transaction_id, &organization.user));
    request.set_timeout(TIMEOUT);
    Ok(organization.gateway.clone().commit_status(request).await?.into_inner())
}

/// Endorses, signs, submits and waits for its validation code.
pub async fn submit(organization: &Organization, call: &Call<'_>) -> Result<TxValidationCode, Status> {
    submit_with(organization, &organization.user, call, &[]).await
}

pub async fn submit_with(
    organization: &Organization,
    signer: &SigningIdentity,
    call: &Call<'_>,
    organizations: &[&str],
) -> Result<TxValidationCode, Status> {
    let (envelope, transaction_id) = endorse(organization, signer, call, organizations).await?;
    send_on(call.channel, organization, client::sign_envelope(envelope, signer), &transaction_id).await?;
    Ok(status_on(call.channel, organization, &transaction_id).await?.result())
}
