//! Bringing the chaincode onto a channel by Fabric's lifecycle: install, approve, commit. The same code drives the
//! embedded network and real Fabric.
//!
//! Every step asks first whether it was done before, so a deployment that was interrupted goes on where it ended. A
//! regulator's organization takes no part: it endorses nothing and its approval could not be ordered.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use fabric_client::{
    Advice, ClientError, EndorserClient, Failure, Gateway, advice::is_access_denied, endorser::EndorserError,
};
use fabric_msp::policy;
use fabric_protos::{
    lifecycle::{
        ApproveChaincodeDefinitionForMyOrgArgs, ChaincodeSource, CheckCommitReadinessArgs, CheckCommitReadinessResult,
        CommitChaincodeDefinitionArgs, InstallChaincodeArgs, QueryChaincodeDefinitionArgs,
        QueryChaincodeDefinitionResult, QueryChaincodeDefinitionsArgs, QueryInstalledChaincodesArgs,
        QueryInstalledChaincodesResult, chaincode_source,
    },
    protos::{ApplicationPolicy, CollectionConfigPackage, application_policy},
};
use futures_util::future::try_join_all;
use prost::Message;

use crate::{
    collections,
    consortium::{Consortium, Organization, Role},
    denied::Denied,
    endpoint::Endpoint,
    layout::{Addresses, Layout},
    member::{connect, identity},
    network::Network,
    package::{Package, Packages},
};

const LIFECYCLE: &str = "_lifecycle";
/// How long one step is repeated while the network is still gathering: no leader yet, peers that do not know one
/// another.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(50);
const CALL_PATIENCE: Duration = Duration::from_secs(30);
/// How long a gateway that refuses everybody is asked again: its peer may have an older configuration for a moment.
const REFUSAL_PATIENCE: Duration = Duration::from_secs(2);
/// Whose keys are tried when a gateway is asked whether it is usable.
const USERS: [&str; 3] = ["User1", "gateway", "Admin"];
/// What helps against rules that keep out the network's operator.
const WAY_BACK: &str = "The commands `channel set-acl` and `channel set-policy` change such rules.";

/// Deploys the chaincode on every channel, with the organizations that are on it now, and waits until every gateway can
/// use it. Where a channel's rules let nobody do or ask that whose key is at hand, says so in words and leaves the
/// channel as it is: those rules can be changed while the network runs, and only then.
///
/// # Errors
/// A step fails for another reason, or the network does not gather within a minute.
pub fn run(
    layout: &Layout,
    consortium: &Consortium,
    addresses: &Addresses,
    packages: &Packages,
) -> Result<Vec<String>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let network = Network { layout, consortium, addresses };
    runtime.block_on(async {
        let mut doubts = Vec::new();
        for channel in consortium.each_channel().into_iter().map(|own| own.channel) {
            let deployed = async { deploy(layout, &network.on(&channel).await?, addresses, packages).await };
            match deployed.await {
                Ok(found) => doubts.extend(found),
                Err(error) if error.is::<Denied>() => doubts.push(format!("{error}. {WAY_BACK}")),
                Err(error) => return Err(error.context(format!("the chaincode on the channel {channel}"))),
            }
        }
        Ok(doubts)
    })
}

/// Says what is committed where, one line for each channel.
#[must_use]
pub fn describe(consortium: &Consortium, packages: &Packages) -> String {
    let ids = packages.ids().join(", ");
    let channels = consortium.each_channel().into_iter();
    let lines = channels.map(|own| format!("{} is committed on {} as {}.", own.chaincode.name, own.channel, ids));
    lines.collect::<Vec<_>>().join("\n")
}

/// What all organizations must agree on. Another endorsement policy or other collections are a new definition: an
/// organization that joins a channel brings both.
struct Definition {
    name: String,
    version: String,
    sequence: i64,
    /// An encoded `ApplicationPolicy`.
    policy: Vec<u8>,
    collections: CollectionConfigPackage,
}

/// An organization's administrator at its own peers.
struct Administrator {
    msp_id: String,
    channel: String,
    /// The gateway of the first peer.
    gateway: Gateway,
    /// All peers, the first one first; never empty.
    peers: Vec<EndorserClient>,
}

/// Deploys the chaincode on the consortium's first channel.
///
/// # Errors
/// As [`run`], [`Denied`], or fewer organizations may endorse than the definition asks for.
pub async fn deploy(
    layout: &Layout,
    consortium: &Consortium,
    addresses: &Addresses,
    packages: &Packages,
) -> Result<Vec<String>> {
    consortium.check_channel()?;
    let mut administrators = Vec::new();
    for organization in consortium.endorsing() {
        administrators.push(Administrator::connect(layout, consortium, addresses, organization).await?);
    }
    let first = administrators.first().context("a consortium in which nobody endorses")?;
    let definition = definition_to_commit(&administrators, consortium).await?;

    let mut installs = Vec::new();
    for administrator in &administrators {
        installs.push(administrator.install_and_approve(definition.as_ref(), packages.of(&administrator.msp_id)?));
    }
    try_join_all(installs).await?;
    if let Some(definition) = &definition {
        let endorsers: Vec<&str> = administrators.iter().map(|administrator| administrator.msp_id.as_str()).collect();
        first.commit(definition, &endorsers).await?;
    }
    wait_until_usable(layout, consortium, addresses, definition.is_none()).await
}

/// As [`Administrator::definition_to_commit`], asked by the first administrator whom the channel's rules let ask.
async fn definition_to_commit(administrators: &[Administrator], consortium: &Consortium) -> Result<Option<Definition>> {
    let mut denied = None;
    for administrator in administrators {
        match administrator.definition_to_commit(consortium).await {
            Err(error) if error.is::<Denied>() => denied = Some(error),
            answered => return answered,
        }
    }
    let mut denied: Denied = denied.context("a consortium in which nobody endorses")?.downcast()?;
    let msp_ids: Vec<&str> = administrators.iter().map(|one| one.msp_id.as_str()).collect();
    denied.who = format!("the administrators of {}", msp_ids.join(", "));
    Err(denied.into())
}

impl Administrator {
    fn denied(&self, act: &'static str, said: String) -> anyhow::Error {
        Denied { channel: self.channel.clone(), who: format!("the administrator of {}", self.msp_id), act, said }.into()
    }

    async fn connect(
        layout: &Layout,
        consortium: &Consortium,
        addresses: &Addresses,
        organization: &Organization,
    ) -> Result<Self> {
        let signer = identity(layout, organization, "Admin")?;
        let mut connections = Vec::new();
        for peer in addresses.peers_of(&organization.msp_id) {
            connections.push(connect(layout, organization, &peer.endpoint, CALL_PATIENCE).await?);
        }
        let first = connections.first().context("an organization without a peer")?;
        Ok(Self {
            msp_id: organization.msp_id.clone(),
            channel: consortium.channel.clone(),
            gateway: Gateway::new(first.clone(), signer),
            peers: connections.into_iter().map(EndorserClient::new).collect(),
        })
    }

    /// The definition that is missing on the channel, or none when it is committed as it should be.
    async fn definition_to_commit(&self, consortium: &Consortium) -> Result<Option<Definition>> {
        let envelope = policy::parse(&consortium.endorsement_policy()).context("the endorsement policy")?;
        let application = ApplicationPolicy { r#type: Some(application_policy::Type::SignaturePolicy(envelope)) };
        let committed = self.committed(&consortium.chaincode.name).await?;
        let known = committed.as_ref().and_then(|committed| committed.collections.as_ref());
        let mut wanted = Definition {
            name: consortium.chaincode.name.clone(),
            version: consortium.chaincode.version.clone(),
            sequence: 1,
            policy: application.encode_to_vec(),
            collections: collections::wanted(consortium, known)?,
        };
        if let Some(committed) = committed {
            let same = committed.version == wanted.version
                && committed.validation_parameter == wanted.policy
                && committed.collections.as_ref() == Some(&wanted.collections);
            if same {
                return Ok(None);
            }
            wanted.sequence = committed.sequence + 1;
        }
        Ok(Some(wanted))
    }

    async fn committed(&self, name: &str) -> Result<Option<QueryChaincodeDefinitionResult>> {
        let arguments = QueryChaincodeDefinitionArgs { name: name.to_owned() };
        match self.ask(&self.channel, "QueryChaincodeDefinition", &arguments).await? {
            Answer::Done(payload) => Ok(Some(QueryChaincodeDefinitionResult::decode(payload.as_slice())?)),
            Answer::Denied(said) => Err(self.denied("read the chaincode's definition", said)),
            Answer::Refused(404, _) => Ok(None),
            Answer::Refused(status, message) if message.contains("is not defined") => {
                ensure!(status >= 400, "an answer {status} with a refusal: {message}");
                Ok(None)
            }
            Answer::Refused(status, message) => bail!("the definition cannot be read: {status} {message}"),
        }
    }

    async fn install_and_approve(&self, definition: Option<&Definition>, package: &Package) -> Result<()> {
        // Every peer of the organization that is to endorse needs the package.
        try_join_all(self.peers.iter().map(|peer| self.install(peer, package))).await?;
        match definition {
            Some(definition) if !self.has_approved(definition).await? => self.approve(definition, &package.id).await,
            _ => Ok(()),
        }
    }

    async fn install(&self, peer: &EndorserClient, package: &Package) -> Result<()> {
        if self.is_installed(peer, &package.id).await? {
            return Ok(());
        }
        let arguments = InstallChaincodeArgs { chaincode_install_package: package.bytes.clone() };
        match self.ask_at(peer, "", "InstallChaincode", &arguments).await? {
            Answer::Done(_) => Ok(()),
            Answer::Denied(said) => bail!("a peer of {} does not let its administrator install: {said}", self.msp_id),
            Answer::Refused(_, message) if message.contains("already successfully installed") => Ok(()),
            // The text of a peer that has no external builder for the package and falls back to Docker.
            Answer::Refused(status, message) if message.contains("docker build is disabled") => {
                bail!(
                    "a peer of {} cannot install: its external builder does not take the package ({status} {message})",
                    self.msp_id
                )
            }
            Answer::Refused(status, message) => bail!("a peer of {} cannot install: {status} {message}", self.msp_id),
        }
    }

    async fn is_installed(&self, peer: &EndorserClient, package_id: &str) -> Result<bool> {
        match self.ask_at(peer, "", "QueryInstalledChaincodes", &QueryInstalledChaincodesArgs {}).await? {
            Answer::Done(payload) => {
                let installed = QueryInstalledChaincodesResult::decode(payload.as_slice())?.installed_chaincodes;
                Ok(installed.iter().any(|chaincode| chaincode.package_id == package_id))
            }
            Answer::Denied(said) => bail!("a peer of {} does not tell its administrator: {said}", self.msp_id),
            Answer::Refused(status, message) => {
                bail!("{} does not tell what is installed: {status} {message}", self.msp_id)
            }
        }
    }

    async fn has_approved(&self, definition: &Definition) -> Result<bool> {
        let arguments = CheckCommitReadinessArgs {
            sequence: definition.sequence,
            name: definition.name.clone(),
            version: definition.version.clone(),
            validation_parameter: definition.policy.clone(),
            collections: Some(definition.collections.clone()),
            ..Default::default()
        };
        match self.ask(&self.channel, "CheckCommitReadiness", &arguments).await? {
            Answer::Done(payload) => {
                let approvals = CheckCommitReadinessResult::decode(payload.as_slice())?.approvals;
                Ok(approvals.get(&self.msp_id).copied().unwrap_or_default())
            }
            Answer::Denied(said) => Err(self.denied("ask who has approved", said)),
            Answer::Refused(status, message) => bail!("readiness cannot be asked: {status} {message}"),
        }
    }

    async fn approve(&self, definition: &Definition, package_id: &str) -> Result<()> {
        let source = chaincode_source::Local { package_id: package_id.to_owned() };
        let arguments = ApproveChaincodeDefinitionForMyOrgArgs {
            sequence: definition.sequence,
            name: definition.name.clone(),
            version: definition.version.clone(),
            validation_parameter: definition.policy.clone(),
            collections: Some(definition.collections.clone()),
            source: Some(ChaincodeSource { r#type: Some(chaincode_source::Type::LocalPackage(source)) }),
            ..Default::default()
        };
        self.submit("ApproveChaincodeDefinitionForMyOrg", &arguments, &[&self.msp_id], "unchanged content")
            .await
            .with_context(|| format!("{} cannot approve", self.msp_id))
    }

    async fn commit(&self, definition: &Definition, endorsers: &[&str]) -> Result<()> {
        let arguments = CommitChaincodeDefinitionArgs {
            sequence: definition.sequence,
            name: definition.name.clone(),
            version: definition.version.clone(),
            validation_parameter: definition.policy.clone(),
            collections: Some(definition.collections.clone()),
            ..Default::default()
        };
        self.submit("CommitChaincodeDefinition", &arguments, endorsers, "new definition must be sequence")
            .await
            .context("the definition cannot be committed")
    }

    /// Submits a lifecycle transaction. A refusal that says `done_before` means that an earlier run got this far.
    async fn submit(
        &self,
        function: &str,
        arguments: &impl Message,
        endorsers: &[&str],
        done_before: &str,
    ) -> Result<()> {
        let contract = self.gateway.contract(&self.channel, LIFECYCLE);
        let deadline = Instant::now() + PATIENCE;
        loop {
            let call = contract.transaction(function).argument(arguments.encode_to_vec());
            match call.endorsing(endorsers.iter().copied()).submit().await {
                Ok(_) => return Ok(()),
                Err(error) if says(&error, done_before) => return Ok(()),
                Err(error) if error.failure() == Some(Failure::AccessDenied) => {
                    return Err(self.denied("change the chaincode's definition", error.to_string()));
                }
                Err(error) if may_pass(&error) && Instant::now() < deadline => tokio::time::sleep(PAUSE).await,
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Asks the own first peer, without ordering anything.
    async fn ask(&self, channel: &str, function: &str, arguments: &impl Message) -> Result<Answer> {
        let peer = self.peers.first().context("an organization without a peer")?;
        self.ask_at(peer, channel, function, arguments).await
    }

    async fn ask_at(
        &self,
        peer: &EndorserClient,
        channel: &str,
        function: &str,
        arguments: &impl Message,
    ) -> Result<Answer> {
        let call = self.gateway.contract(channel, LIFECYCLE).transaction(function);
        let proposal = call.argument(arguments.encode_to_vec()).propose()?;
        match peer.query(&proposal).await {
            Ok(payload) => Ok(Answer::Done(payload)),
            Err(EndorserError::Refused { message, .. }) if is_access_denied(&message) => Ok(Answer::Denied(message)),
            Err(EndorserError::Refused { status, message }) => Ok(Answer::Refused(status, message)),
            Err(EndorserError::Call(error)) if error.failure() == Failure::AccessDenied => {
                Ok(Answer::Denied(error.message))
            }
            Err(error) => Err(error).with_context(|| format!("asking the peer of {} for {function}", self.msp_id)),
        }
    }
}

/// What a peer says to a lifecycle request.
enum Answer {
    Done(Vec<u8>),
    /// The channel's policies do not let the administrator do this.
    Denied(String),
    Refused(i32, String),
}

/// Waits until the gateway of every peer is usable: a regulator's evaluates, the others find a majority of
/// organizations and enough endorsers of the chaincode. Until then Fabric's peers have not heard of one another. Says
/// in words which gateways refuse everybody, and, of a chaincode that was `deployed` before, which are not usable.
async fn wait_until_usable(
    layout: &Layout,
    consortium: &Consortium,
    addresses: &Addresses,
    deployed: bool,
) -> Result<Vec<String>> {
    let mut waits = Vec::new();
    for organization in &consortium.organizations {
        for peer in addresses.peers_of(&organization.msp_id) {
            waits.push(wait_for_gateway(layout, consortium, organization, &peer.endpoint, deployed));
        }
    }
    Ok(try_join_all(waits).await?.into_iter().flatten().collect())
}

async fn wait_for_gateway(
    layout: &Layout,
    consortium: &Consortium,
    organization: &Organization,
    endpoint: &Endpoint,
    deployed: bool,
) -> Result<Option<String>> {
    let connection = connect(layout, organization, endpoint, CALL_PATIENCE).await?;
    let mut gateways = Vec::new();
    for user in USERS.into_iter().filter(|user| layout.user(&organization.domain, user).is_dir()) {
        gateways.push(Gateway::new(connection.clone(), identity(layout, organization, user)?));
    }
    let (msp_id, channel) = (&organization.msp_id, &consortium.channel);
    let began = Instant::now();
    loop {
        let failed = match try_gateways(&gateways, consortium, organization.role).await {
            Ok(()) => return Ok(None),
            Err(failed) => failed,
        };
        let denied = failed.failure() == Some(Failure::AccessDenied);
        if denied && began.elapsed() > REFUSAL_PATIENCE {
            let doubt =
                format!("the channel {channel} lets none of {} of {msp_id} use the chaincode", USERS.join(", "));
            return Ok(Some(format!("{doubt}, says its peer at {endpoint}: {failed}. {WAY_BACK}")));
        }
        let text =
            format!("the chaincode on the channel {channel} is not usable at the peer of {msp_id} at {endpoint}");
        match began.elapsed() > PATIENCE {
            // It was usable once, and what is in its way now may have to be changed while the network runs.
            true if deployed => return Ok(Some(format!("{text}: {failed}"))),
            true => return Err(failed).context(text),
            false => tokio::time::sleep(PAUSE).await,
        }
    }
}

/// Asks one identity after another, until the channel's rules let one ask.
async fn try_gateways(gateways: &[Gateway], consortium: &Consortium, role: Role) -> Result<(), ClientError> {
    let mut answer = Ok(());
    for gateway in gateways {
        answer = try_gateway(gateway, consortium, role).await;
        match &answer {
            Err(error) if error.failure() == Some(Failure::AccessDenied) => {}
            _ => break,
        }
    }
    answer
}

async fn try_gateway(gateway: &Gateway, consortium: &Consortium, role: Role) -> Result<(), ClientError> {
    let contract = gateway.contract(&consortium.channel, &consortium.chaincode.name);
    let metadata = contract.transaction("org.hyperledger.fabric:GetMetadata");
    if role == Role::Regulator {
        return metadata.evaluate().await.map(drop);
    }
    // The lifecycle's own policy is a majority of the organizations; the question is endorsed and never ordered. The
    // one for a single definition would not do: peers answer it with the approvals in any order.
    let lifecycle = gateway.contract(&consortium.channel, LIFECYCLE).transaction("QueryChaincodeDefinitions");
    let question = QueryChaincodeDefinitionsArgs {}.encode_to_vec();
    lifecycle.argument(question).propose()?.endorse().await?;
    // By all who endorse: a private transaction names its endorsers, and a gateway that has not heard of one of them
    // yet refuses it, although it finds enough others for a transaction that names none.
    let everybody = consortium.endorsing().map(|organization| organization.msp_id.clone());
    metadata.endorsing(everybody).propose()?.endorse().await.map(drop)
}

fn says(error: &ClientError, text: &str) -> bool {
    error.to_string().contains(text) || error.details().iter().any(|detail| detail.message.contains(text))
}

/// Whether the same request may succeed later: a network that is still gathering, or a conflict with another
/// organization.
fn may_pass(error: &ClientError) -> bool {
    error.advice() != Advice::Never
        || ["no Raft leader", "SERVICE_UNAVAILABLE", "failed to find any endorsing peers"]
            .iter()
            .any(|text| says(error, text))
}
