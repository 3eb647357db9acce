//! Fabric's chaincode lifecycle as one organization's administrator goes through it: ask what is there, install,
//! approve, commit. The same code serves networks of this program and networks of others.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use fabric_client::{Advice, ClientError, Connection, EndorserClient, Failure, Gateway, endorser::EndorserError};
use fabric_msp::{policy, signer::Signer};
use fabric_protos::{
    lifecycle::{
        ApproveChaincodeDefinitionForMyOrgArgs, ChaincodeSource, CheckCommitReadinessArgs, CheckCommitReadinessResult,
        CommitChaincodeDefinitionArgs, InstallChaincodeArgs, QueryApprovedChaincodeDefinitionArgs,
        QueryApprovedChaincodeDefinitionResult, QueryChaincodeDefinitionArgs, QueryChaincodeDefinitionResult,
        QueryInstalledChaincodesArgs, QueryInstalledChaincodesResult, chaincode_source,
    },
    protos::{ApplicationPolicy, CollectionConfigPackage, application_policy},
};
use futures_util::future::try_join_all;
use prost::Message;

use crate::{
    ask::{Unanswered, ask},
    collections,
    denied::Denied,
    package::Package,
    terms::Terms,
};

/// The name of Fabric's system chaincode for the lifecycle.
pub(crate) const LIFECYCLE: &str = "_lifecycle";
/// How long one step is repeated while the network is still gathering: no leader yet, peers that do not know one
/// another.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
pub(crate) const PAUSE: Duration = Duration::from_millis(50);

/// What a peer fills in where a definition names no plugin, as those here do.
const ENDORSEMENT_PLUGIN: &str = "escc";
const VALIDATION_PLUGIN: &str = "vscc";
/// The item in which a definition differs from that of an organization which has approved none.
const NOTHING_APPROVED: &str = "ChaincodeParameters";

/// What all organizations must agree on. Another endorsement policy or other collections are a new definition: an
/// organization that joins a channel brings both.
#[derive(Debug, Clone, PartialEq)]
pub struct Definition {
    /// The chaincode's name.
    pub name: String,
    /// The version.
    pub version: String,
    /// Which definition of this chaincode on the channel it is, from 1.
    pub sequence: i64,
    /// An encoded `ApplicationPolicy`.
    pub policy: Vec<u8>,
    /// The private data collections.
    pub collections: CollectionConfigPackage,
}

impl Definition {
    /// The definition that follows from the terms after the one that is committed, which is `None` before the first.
    /// Its sequence is that of the committed one when nothing differs.
    ///
    /// # Errors
    /// An MSP id cannot stand in a policy.
    pub fn after(terms: &Terms, committed: Option<&QueryChaincodeDefinitionResult>) -> Result<Self> {
        let terms =
            &committed.map_or_else(|| terms.clone(), |committed| terms.in_order_of(&committed.validation_parameter));
        let envelope = policy::parse(&terms.policy()).context("the endorsement policy")?;
        let application = ApplicationPolicy { r#type: Some(application_policy::Type::SignaturePolicy(envelope)) };
        let known = committed.and_then(|committed| committed.collections.as_ref());
        let mut wanted = Self {
            name: terms.name.clone(),
            version: terms.version.clone(),
            sequence: 1,
            policy: application.encode_to_vec(),
            collections: collections::wanted(&terms.endorsing, &terms.orderer, known)?,
        };
        if let Some(committed) = committed {
            wanted.sequence = if wanted.is(committed) { committed.sequence } else { committed.sequence + 1 };
        }
        Ok(wanted)
    }

    /// Whether it says what the committed one says.
    #[must_use]
    pub fn is(&self, committed: &QueryChaincodeDefinitionResult) -> bool {
        committed.version == self.version
            && committed.validation_parameter == self.policy
            && committed.collections.as_ref() == Some(&self.collections)
            && !committed.init_required
            && committed.endorsement_plugin == ENDORSEMENT_PLUGIN
            && committed.validation_plugin == VALIDATION_PLUGIN
    }

    /// Whether an organization has approved this definition, all of it, to run it with this package. Under one name and
    /// sequence it may have approved another one.
    fn is_approved(&self, approved: &QueryApprovedChaincodeDefinitionResult, package_id: &str) -> bool {
        let QueryApprovedChaincodeDefinitionResult {
            sequence,
            version,
            endorsement_plugin,
            validation_plugin,
            validation_parameter,
            collections,
            init_required,
            source,
        } = approved.clone();
        let terms = QueryChaincodeDefinitionResult {
            sequence,
            version,
            endorsement_plugin,
            validation_plugin,
            validation_parameter,
            collections,
            init_required,
            ..Default::default()
        };
        sequence == self.sequence && self.is(&terms) && source == Some(local(package_id))
    }
}

/// A package that is installed on the organization's own peers.
fn local(package_id: &str) -> ChaincodeSource {
    let source = chaincode_source::Local { package_id: package_id.to_owned() };
    ChaincodeSource { r#type: Some(chaincode_source::Type::LocalPackage(source)) }
}

/// What an organization thinks of a definition.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Approval {
    /// It has approved this one.
    pub approved: bool,
    /// In what another definition differs that it has approved under the same sequence, in the peer's words; older
    /// peers do not tell.
    pub differs_in: Vec<String>,
}

/// An organization's administrator at its own peers.
pub struct Administrator {
    msp_id: String,
    channel: String,
    /// The gateway of the first peer.
    gateway: Gateway,
    /// All peers, the first one first; never empty.
    peers: Vec<EndorserClient>,
}

impl Administrator {
    fn denied(&self, act: &'static str, said: String) -> anyhow::Error {
        Denied { channel: self.channel.clone(), who: format!("the administrator of {}", self.msp_id), act, said }.into()
    }

    /// An administrator at the peers of its organization, the first of which is the one whose gateway it uses.
    ///
    /// # Panics
    /// There is no peer.
    #[must_use]
    pub fn new(channel: &str, signer: Arc<dyn Signer>, peers: Vec<Connection>) -> Self {
        Self {
            msp_id: signer.msp_id().to_owned(),
            channel: channel.to_owned(),
            gateway: Gateway::new(peers[0].clone(), signer),
            peers: peers.into_iter().map(EndorserClient::new).collect(),
        }
    }

    /// The channel.
    #[must_use]
    pub fn channel(&self) -> &str {
        &self.channel
    }

    /// Its organization.
    #[must_use]
    pub fn msp_id(&self) -> &str {
        &self.msp_id
    }

    /// The definition that is missing on the channel, or none when it is committed as it should be.
    ///
    /// # Errors
    /// As [`Administrator::committed`] and [`Definition::after`].
    pub async fn definition_to_commit(&self, terms: &Terms) -> Result<Option<Definition>> {
        let committed = self.committed(&terms.name).await?;
        let wanted = Definition::after(terms, committed.as_ref())?;
        Ok(Some(wanted).filter(|wanted| committed.is_none_or(|committed| !wanted.is(&committed))))
    }

    /// The definition that is committed on the channel, if one is.
    ///
    /// # Errors
    /// [`Denied`], or the peer does not tell.
    pub async fn committed(&self, name: &str) -> Result<Option<QueryChaincodeDefinitionResult>> {
        let arguments = QueryChaincodeDefinitionArgs { name: name.to_owned() };
        match self.ask(&self.channel, "QueryChaincodeDefinition", &arguments).await {
            Ok(payload) => Ok(Some(QueryChaincodeDefinitionResult::decode(payload.as_slice())?)),
            Err(Unanswered::Denied(said)) => Err(self.denied("read the chaincode's definition", said)),
            Err(Unanswered::Refused(404, _)) => Ok(None),
            Err(Unanswered::Refused(status, message)) if message.contains("is not defined") => {
                ensure!(status >= 400, "an answer {status} with a refusal: {message}");
                Ok(None)
            }
            Err(error) => Err(error).context("the definition cannot be read"),
        }
    }

    /// Installs the package on every peer of the organization, as far as that was not done before, and approves the
    /// definition, if one is given.
    ///
    /// # Errors
    /// [`Denied`], or a peer refuses.
    pub async fn install_and_approve(&self, definition: Option<&Definition>, package: &Package) -> Result<()> {
        // Every peer of the organization that is to endorse needs the package.
        try_join_all(self.peers.iter().map(|peer| self.install(peer, package))).await?;
        match definition {
            Some(definition) if !self.has_approved(definition, &package.id).await? => {
                self.approve(definition, &package.id).await
            }
            _ => Ok(()),
        }
    }

    async fn install(&self, peer: &EndorserClient, package: &Package) -> Result<()> {
        if self.installed_at(peer).await?.contains(&package.id) {
            return Ok(());
        }
        let arguments = InstallChaincodeArgs { chaincode_install_package: package.bytes.clone() };
        match self.ask_at(peer, "", "InstallChaincode", &arguments).await {
            Ok(_) => Ok(()),
            Err(Unanswered::Denied(said)) => {
                bail!("a peer of {} does not let its administrator install: {said}", self.msp_id)
            }
            Err(Unanswered::Refused(_, message)) if message.contains("already successfully installed") => Ok(()),
            // The text of a peer that has no external builder for the package and falls back to Docker.
            Err(Unanswered::Refused(status, message)) if message.contains("docker build is disabled") => {
                bail!(
                    "a peer of {} cannot install: its external builder does not take the package ({status} {message})",
                    self.msp_id
                )
            }
            Err(error) => Err(error).with_context(|| format!("a peer of {} cannot install", self.msp_id)),
        }
    }

    /// The ids of the packages that are installed on each peer, in the order of the peers.
    ///
    /// # Errors
    /// A peer does not tell.
    pub async fn installed(&self) -> Result<Vec<Vec<String>>> {
        try_join_all(self.peers.iter().map(|peer| self.installed_at(peer))).await
    }

    async fn installed_at(&self, peer: &EndorserClient) -> Result<Vec<String>> {
        let answer = self.ask_at(peer, "", "QueryInstalledChaincodes", &QueryInstalledChaincodesArgs {}).await;
        let answer = answer.with_context(|| format!("a peer of {} does not tell what is installed", self.msp_id))?;
        let installed = QueryInstalledChaincodesResult::decode(answer.as_slice())?.installed_chaincodes;
        Ok(installed.into_iter().map(|chaincode| chaincode.package_id).collect())
    }

    /// What each organization of the channel, by its MSP id, thinks of the definition. Asked before it is committed.
    ///
    /// # Errors
    /// [`Denied`], or the peer does not tell, as for a definition whose sequence is not the next one.
    pub async fn approvals(&self, definition: &Definition) -> Result<BTreeMap<String, Approval>> {
        let arguments = CheckCommitReadinessArgs {
            sequence: definition.sequence,
            name: definition.name.clone(),
            version: definition.version.clone(),
            validation_parameter: definition.policy.clone(),
            collections: Some(definition.collections.clone()),
            ..Default::default()
        };
        match self.ask(&self.channel, "CheckCommitReadiness", &arguments).await {
            Ok(payload) => {
                let CheckCommitReadinessResult { approvals, mut mismatches } =
                    CheckCommitReadinessResult::decode(payload.as_slice())?;
                let told = approvals.into_iter().map(|(msp_id, approved)| {
                    let mut differs_in = mismatches.remove(&msp_id).unwrap_or_default().items;
                    differs_in.retain(|item| item != NOTHING_APPROVED);
                    (msp_id, Approval { approved, differs_in })
                });
                Ok(told.collect())
            }
            Err(Unanswered::Denied(said)) => Err(self.denied("ask who has approved", said)),
            Err(error) => Err(error).context("readiness cannot be asked"),
        }
    }

    /// Whether the organization has approved the definition, to run it with this package.
    async fn has_approved(&self, definition: &Definition, package_id: &str) -> Result<bool> {
        let arguments =
            QueryApprovedChaincodeDefinitionArgs { name: definition.name.clone(), sequence: definition.sequence };
        match self.ask(&self.channel, "QueryApprovedChaincodeDefinition", &arguments).await {
            Ok(payload) => {
                let approved = QueryApprovedChaincodeDefinitionResult::decode(payload.as_slice())?;
                Ok(definition.is_approved(&approved, package_id))
            }
            Err(Unanswered::Denied(said)) => Err(self.denied("ask what its organization has approved", said)),
            // That is how a peer says that nothing was approved.
            Err(Unanswered::Refused(..)) => Ok(false),
            Err(error) => Err(error).context("what its organization has approved cannot be asked"),
        }
    }

    /// Calls a chaincode at every peer of the organization, past their gateways, which would let other organizations
    /// answer; nothing is ordered.
    ///
    /// # Errors
    /// A peer or its chaincode refuses.
    pub async fn call_everywhere(&self, chaincode: &str, function: &str) -> Result<(), EndorserError> {
        for peer in &self.peers {
            let call = self.gateway.contract(&self.channel, chaincode).transaction(function);
            peer.query(&call.propose()?).await?;
        }
        Ok(())
    }

    async fn approve(&self, definition: &Definition, package_id: &str) -> Result<()> {
        let arguments = ApproveChaincodeDefinitionForMyOrgArgs {
            sequence: definition.sequence,
            name: definition.name.clone(),
            version: definition.version.clone(),
            validation_parameter: definition.policy.clone(),
            collections: Some(definition.collections.clone()),
            source: Some(local(package_id)),
            ..Default::default()
        };
        self.submit("ApproveChaincodeDefinitionForMyOrg", &arguments, &[&self.msp_id], "unchanged content")
            .await
            .with_context(|| format!("{} cannot approve", self.msp_id))
    }

    /// Commits the definition, endorsed by these organizations.
    ///
    /// # Errors
    /// [`Denied`], or too few have approved it.
    pub async fn commit(&self, definition: &Definition, endorsers: &[&str]) -> Result<()> {
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
    async fn ask(&self, channel: &str, function: &str, arguments: &impl Message) -> Result<Vec<u8>, Unanswered> {
        self.ask_at(&self.peers[0], channel, function, arguments).await
    }

    async fn ask_at(
        &self,
        peer: &EndorserClient,
        channel: &str,
        function: &str,
        arguments: &impl Message,
    ) -> Result<Vec<u8>, Unanswered> {
        ask(peer, &self.gateway.contract(channel, LIFECYCLE), function, Some(arguments.encode_to_vec())).await
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    type Change = fn(&mut QueryApprovedChaincodeDefinitionResult);

    #[test]
    fn an_approval_of_other_terms_or_with_another_package_is_none_of_this_definition() -> Result<()> {
        let terms = |endorsing: &[&str], endorsements| Terms {
            name: "n".into(),
            version: "1".into(),
            endorsing: endorsing.iter().map(|one| (*one).to_owned()).collect(),
            endorsements,
            orderer: "OMSP".into(),
        };
        let wanted = Definition::after(&terms(&["AMSP", "BMSP"], 2), None)?;
        let approved = QueryApprovedChaincodeDefinitionResult {
            sequence: 1,
            version: "1".into(),
            endorsement_plugin: ENDORSEMENT_PLUGIN.into(),
            validation_plugin: VALIDATION_PLUGIN.into(),
            validation_parameter: wanted.policy.clone(),
            collections: Some(wanted.collections.clone()),
            init_required: false,
            source: Some(local("n:1")),
        };
        assert!(wanted.is_approved(&approved, "n:1"));
        let others: [(&str, Change); 9] = [
            ("sequence", |other| other.sequence = 2),
            ("version", |other| other.version = "2".into()),
            ("endorsement plugin", |other| other.endorsement_plugin = "own".into()),
            ("validation plugin", |other| other.validation_plugin = "own".into()),
            ("policy", |other| other.validation_parameter.clear()),
            ("collections", |other| other.collections = None),
            ("init", |other| other.init_required = true),
            ("package", |other| other.source = Some(local("n:2"))),
            ("no package", |other| other.source = None),
        ];
        for (name, change) in others {
            let mut other = approved.clone();
            change(&mut other);
            assert!(!wanted.is_approved(&other, "n:1"), "{name}");
        }
        let fewer = Definition::after(&terms(&["AMSP", "BMSP"], 1), None)?;
        assert!(!fewer.is_approved(&approved, "n:1"));
        Ok(())
    }
}
