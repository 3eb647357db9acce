//! Where scenarios are played: a network of three organizations on which the chaincode of both shims is deployed, each
//! organization with a package and a chaincode server of its own.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc, time::Duration};

use anyhow::{Context, Result, bail};
use fabric_client::{ClientError, Connection, EndorserClient, Gateway, endorser::EndorserError};
use fabric_msp::{
    signer::{Signer, SigningIdentity},
    transport::ClientTls,
};
use fabric_operator::package::Package;
use fabric_protos::{
    lifecycle::{
        ApproveChaincodeDefinitionForMyOrgArgs, ChaincodeSource, CommitChaincodeDefinitionArgs, InstallChaincodeArgs,
        chaincode_source,
    },
    protos::{CollectionConfig, CollectionConfigPackage, collection_config},
};
use futures_util::future::try_join_all;
use prost::Message;
use trade_tests::{
    column::Column,
    eventually,
    lifecycle::{application_policy, collection},
    network::{CHANNEL, Site, TestNetwork},
};

use super::{
    node,
    served::{Place, Server, places, serve_ours},
};

/// Which shim a chaincode is written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavour {
    Ours,
    Node,
}

/// Whether peers are stopped while scenarios are played.
#[derive(Clone, Copy)]
pub enum Stops {
    Never,
    OneByOne,
}

/// A running network with the chaincodes on it.
pub struct Stage {
    pub network: Box<dyn TestNetwork>,
    /// Whether the chaincode for Node is there.
    pub has_node: bool,
    connections: Vec<Connection>,
    /// Who signs for the users of organizations, where it is not a key in a file.
    signers: BTreeMap<String, Arc<dyn Signer>>,
    _servers: Vec<Server>,
}

/// A chaincode definition of the scenarios.
struct Definition {
    name: &'static str,
    policy: &'static str,
    /// The organizations that have approved it with a package; the others approved it without.
    installed: &'static [usize],
    collections: bool,
    /// Whether its chaincode may end and is started again.
    ends: bool,
}

const DEFINITIONS: &[Definition] = &[
    Definition {
        name: "basic",
        policy: "AND('Org1MSP.peer', 'Org2MSP.peer')",
        installed: &[1, 2, 3],
        collections: true,
        ends: false,
    },
    Definition {
        name: "any",
        policy: "OR('Org1MSP.peer', 'Org2MSP.peer', 'Org3MSP.peer')",
        installed: &[1, 2, 3],
        collections: true,
        ends: false,
    },
    Definition {
        name: "two",
        policy: "OutOf(2, 'Org1MSP.peer', 'Org2MSP.peer', 'Org3MSP.peer')",
        installed: &[1, 2, 3],
        collections: false,
        ends: false,
    },
    // Nobody can endorse for the third organization, and its endorsement is needed.
    Definition {
        name: "thin",
        policy: "AND('Org1MSP.peer', 'Org2MSP.peer', 'Org3MSP.peer')",
        installed: &[1, 2],
        collections: false,
        ends: false,
    },
    // Nobody can endorse for the second organization, and its endorsement is not needed.
    Definition {
        name: "wide",
        policy: "OutOf(2, 'Org1MSP.peer', 'Org2MSP.peer', 'Org3MSP.peer')",
        installed: &[1, 3],
        collections: false,
        ends: false,
    },
    // Only at one organization: a gateway of Fabric gives up its connection to another's peer when the chaincode there
    // ends, and with it whatever else goes that way at the moment.
    Definition { name: "frail", policy: "OR('Org1MSP.peer')", installed: &[1], collections: false, ends: true },
];

impl Flavour {
    pub fn other(self) -> Self {
        match self {
            Self::Ours => Self::Node,
            Self::Node => Self::Ours,
        }
    }

    /// The name of a definition on the channel.
    pub fn definition(self, name: &str) -> String {
        format!("{name}_{}", self.label())
    }

    pub fn label(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::Node => "node",
        }
    }
}

impl Stage {
    /// Starts a network, serves the chaincodes and deploys them.
    pub async fn set(column: Arc<Column>, with_node: bool, stops: Stops) -> Result<Self> {
        let started = tokio::task::spawn_blocking(move || {
            let network = match stops {
                Stops::Never => column.network()?,
                Stops::OneByOne => column.network_with_stops()?,
            };
            network.start()?;
            anyhow::Ok(network)
        });
        let network = started.await??;
        let mut connections = Vec::new();
        for organization in 1..=3 {
            connections.push(connect(network.site(), organization).await?);
        }
        let signers = BTreeMap::new();
        let mut stage = Self { network, has_node: with_node, connections, signers, _servers: Vec::new() };
        let mut deployments = Vec::new();
        let flavours: &[Flavour] = if with_node { &[Flavour::Ours, Flavour::Node] } else { &[Flavour::Ours] };
        for flavour in flavours {
            let places = places(stage.site(), *flavour)?;
            match flavour {
                Flavour::Ours => stage._servers = serve_ours(&places).await?,
                Flavour::Node => node::serve(stage.site(), &places)?,
            }
            deployments.push((*flavour, places));
        }
        let stage = stage;
        let installs = deployments.iter().flat_map(|(_, places)| places);
        let installs = installs.map(|place| (place.organization, &place.package));
        try_join_all(installs.map(|(organization, package)| stage.install(organization, package))).await?;
        let definitions = deployments.iter().flat_map(|(flavour, places)| {
            DEFINITIONS.iter().map(|definition| stage.deploy(*flavour, definition, places))
        });
        try_join_all(definitions).await?;
        Ok(stage)
    }

    /// The user of an organization at the gateway of an organization.
    pub fn gateway(&self, by: &str, at: &str) -> Result<Gateway> {
        Ok(Gateway::new(self.connection(at)?, self.user(by)?))
    }

    pub fn connection(&self, organization: &str) -> Result<Connection> {
        Ok(self.connections[number(organization)? - 1].clone())
    }

    /// With other signers for the users of organizations.
    #[cfg(feature = "pkcs11")]
    pub fn signing_with(self, signers: BTreeMap<String, Arc<dyn Signer>>) -> Self {
        Self { signers, ..self }
    }

    /// The first user of an organization.
    pub fn user(&self, organization: &str) -> Result<Arc<dyn Signer>> {
        match self.signers.get(organization) {
            Some(signer) => Ok(Arc::clone(signer)),
            None => self.identity(organization, "User1"),
        }
    }

    fn identity(&self, organization: &str, user: &str) -> Result<Arc<dyn Signer>> {
        let folder = self.site().layout.user(&Site::domain(number(organization)?), user).join("msp");
        Ok(Arc::new(SigningIdentity::from_msp_directory(organization, &folder)?))
    }

    pub fn site(&self) -> &Site {
        self.network.site()
    }

    async fn install(&self, organization: usize, package: &Package) -> Result<()> {
        let arguments = InstallChaincodeArgs { chaincode_install_package: package.bytes.clone() };
        let admin = self.administrator(organization)?;
        let call = admin.contract("", "_lifecycle").transaction("InstallChaincode");
        let proposal = call.argument(arguments.encode_to_vec()).propose()?;
        match EndorserClient::new(self.connections[organization - 1].clone()).query(&proposal).await {
            Ok(_) => Ok(()),
            Err(EndorserError::Refused { status, message }) => bail!("cannot install: {status} {message}"),
            Err(error) => Err(error.into()),
        }
    }

    async fn deploy(&self, flavour: Flavour, definition: &Definition, places: &[Place]) -> Result<()> {
        let name = flavour.definition(definition.name);
        let validation_parameter = application_policy(definition.policy)?.encode_to_vec();
        let collections = if definition.collections { Some(collections()?) } else { None };
        let approvals = (1..=3).map(|organization| {
            let place = places.iter().find(|place| place.organization == organization && place.ends == definition.ends);
            let source = match place.filter(|_| definition.installed.contains(&organization)) {
                Some(place) => chaincode_source::Type::LocalPackage(chaincode_source::Local {
                    package_id: place.package.id.clone(),
                }),
                None => chaincode_source::Type::Unavailable(chaincode_source::Unavailable {}),
            };
            let arguments = ApproveChaincodeDefinitionForMyOrgArgs {
                sequence: 1,
                name: name.clone(),
                version: "1".into(),
                validation_parameter: validation_parameter.clone(),
                collections: collections.clone(),
                source: Some(ChaincodeSource { r#type: Some(source) }),
                ..Default::default()
            };
            self.submit(
                organization,
                "ApproveChaincodeDefinitionForMyOrg",
                arguments.encode_to_vec(),
                vec![organization],
            )
        });
        try_join_all(approvals).await.with_context(|| format!("approving {name}"))?;
        let arguments = CommitChaincodeDefinitionArgs {
            sequence: 1,
            name: name.clone(),
            version: "1".into(),
            validation_parameter,
            collections,
            ..Default::default()
        };
        let commit = self.submit(1, "CommitChaincodeDefinition", arguments.encode_to_vec(), vec![1, 2, 3]);
        commit.await.with_context(|| format!("committing {name}"))?;
        try_join_all(definition.installed.iter().map(|gateway| self.until_usable(*gateway, &name, definition)))
            .await
            .map(drop)
    }

    /// Peers know of one another a while after they started, and of a definition a while after it was committed.
    async fn until_usable(&self, gateway: usize, name: &str, definition: &Definition) -> Result<()> {
        let all: Vec<String> = definition.installed.iter().map(|one| Site::msp_id(*one)).collect();
        let own = Site::msp_id(gateway);
        let contract = self.gateway(&own, &own)?.contract(CHANNEL, name);
        eventually(&format!("{name} is usable at gateway {gateway}"), async || {
            let call = contract.transaction("echo").argument("").endorsing(all.clone());
            call.propose()?.endorse().await.map(drop)
        })
        .await
    }

    /// Submits a lifecycle transaction as an organization's administrator; again while the network gathers.
    async fn submit(&self, by: usize, function: &str, argument: Vec<u8>, endorsers: Vec<usize>) -> Result<()> {
        let contract = self.administrator(by)?.contract(CHANNEL, "_lifecycle");
        let endorsers: Vec<String> = endorsers.iter().map(|one| Site::msp_id(*one)).collect();
        let submitted = eventually(function, async || {
            let call = contract.transaction(function).argument(argument.clone());
            match call.endorsing(endorsers.clone()).submit().await {
                Err(error) if may_pass(&error) => Err(error),
                other => Ok(other),
            }
        });
        submitted.await?.map(drop).map_err(Into::into)
    }

    fn administrator(&self, organization: usize) -> Result<Gateway> {
        let identity = self.identity(&Site::msp_id(organization), "Admin")?;
        Ok(Gateway::new(self.connections[organization - 1].clone(), identity))
    }
}

fn may_pass(error: &ClientError) -> bool {
    let said = error.to_string();
    ["failed to find any endorsing peers", "is larger than the next available sequence number", "no Raft leader"]
        .iter()
        .any(|text| said.contains(text))
}

/// One collection of two organizations, and two of one each that only its peer may endorse changes of.
fn collections() -> Result<CollectionConfigPackage> {
    let mut shared = collection("shared", &[1, 3])?;
    shared.member_only_read = true;
    let mut one = collection("one", &[1])?;
    one.endorsement_policy = Some(application_policy("OR('Org1MSP.peer')")?);
    let mut three = collection("three", &[3])?;
    three.endorsement_policy = Some(application_policy("OR('Org3MSP.peer')")?);
    let config = [shared, one, three]
        .map(|one| CollectionConfig { payload: Some(collection_config::Payload::StaticCollectionConfig(one)) });
    Ok(CollectionConfigPackage { config: config.into() })
}

async fn connect(site: &Site, organization: usize) -> Result<Connection> {
    let peer = site.addresses.peer(&Site::msp_id(organization))?;
    let ca_pem = std::fs::read(authority(site, organization))?;
    let tls = ClientTls { ca_pem, identity: None, server_name: None };
    Ok(Connection::open(&peer.endpoint.to_string(), Some(tls), Duration::from_secs(30)).await?)
}

/// The authority of the TLS certificates of an organization.
pub fn authority(site: &Site, organization: usize) -> PathBuf {
    site.layout.tls_authority(&Site::domain(organization))
}

/// `Org2MSP` is number 2.
fn number(organization: &str) -> Result<usize> {
    (1..=3).find(|one| Site::msp_id(*one) == organization).with_context(|| format!("no organization {organization}"))
}
