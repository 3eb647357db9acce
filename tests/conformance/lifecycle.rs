//! Bringing chaincode definitions onto the channel, step by step, by messages of our own making.

use anyhow::{Context, Result, bail};
use fabric_protos::{
    lifecycle::{
        ApproveChaincodeDefinitionForMyOrgArgs, ChaincodeSource, CheckCommitReadinessArgs, CheckCommitReadinessResult,
        CommitChaincodeDefinitionArgs, InstallChaincodeArgs, chaincode_source,
    },
    protos::{
        ApplicationPolicy, CollectionConfig, CollectionConfigPackage, CollectionPolicyConfig, StaticCollectionConfig,
        application_policy::Type, collection_config, collection_policy_config,
    },
};
use prost::Message;

use crate::{
    ask::{Ask, Outcome, Refusal},
    eventually,
    net::N,
    network::{CHANNEL, Site},
    script::signature_policy,
};

/// A chaincode definition.
#[derive(Clone)]
pub struct Definition {
    /// The chaincode's name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its sequence.
    pub sequence: i64,
    /// Its endorsement policy in the policy language; the channel's default when empty.
    pub policy: String,
    /// Its collections.
    pub collections: Vec<StaticCollectionConfig>,
    /// The plugin that signs; Fabric's own when empty.
    pub endorsement_plugin: String,
    /// Whether it must be initialised.
    pub init_required: bool,
    /// The channel on which it is.
    pub channel: String,
    /// The organizations of the channel by their numbers.
    pub organizations: Vec<usize>,
}

impl Definition {
    /// The first definition of a chaincode, version 1, without collections.
    pub fn new(name: &str, policy: &str) -> Self {
        Self {
            name: name.to_owned(),
            version: "1".into(),
            sequence: 1,
            policy: policy.to_owned(),
            collections: Vec::new(),
            endorsement_plugin: String::new(),
            init_required: false,
            channel: CHANNEL.to_owned(),
            organizations: vec![1, 2, 3],
        }
    }

    /// The same on another channel, of these organizations.
    #[must_use]
    pub fn on(self, channel: &str, organizations: &[usize]) -> Self {
        Self { channel: channel.to_owned(), organizations: organizations.to_vec(), ..self }
    }

    /// Approves it for an organization and waits for the verdict.
    pub async fn approve(&self, net: N, organization: usize, package_id: &str) -> Result<Outcome> {
        let approval = eventually("an approval can be endorsed", async || {
            let endorsed = self.approval(net, organization, package_id)?.endorse().await;
            passing(endorsed)
        });
        let approval = approval.await?.map_err(anyhow::Error::from)?;
        // The orderers of a new channel have no leader for a moment.
        eventually("the orderers take an approval", async || passing(approval.send().await)).await??;
        approval.status().await
    }

    /// The approval as a transaction of the organization's administrator, endorsed by its own peer.
    pub fn approval(&self, net: N, organization: usize, package_id: &str) -> Result<Ask> {
        let source = match package_id {
            "" => chaincode_source::Type::Unavailable(chaincode_source::Unavailable {}),
            id => chaincode_source::Type::LocalPackage(chaincode_source::Local { package_id: id.to_owned() }),
        };
        let arguments = ApproveChaincodeDefinitionForMyOrgArgs {
            sequence: self.sequence,
            name: self.name.clone(),
            version: self.version.clone(),
            validation_parameter: self.parameter()?,
            collections: self.package(),
            endorsement_plugin: self.endorsement_plugin.clone(),
            init_required: self.init_required,
            source: Some(ChaincodeSource { r#type: Some(source) }),
            ..Default::default()
        };
        let ask = lifecycle(net, "ApproveChaincodeDefinitionForMyOrg", &arguments).channel(&self.channel);
        Ok(ask.by(&net.admin(organization)).at(organization).naming(&[Site::msp_id(organization)]))
    }

    /// Commits it with the endorsements of all its organizations and waits for the verdict.
    pub async fn commit(&self, net: N) -> Result<Outcome> {
        let all: Vec<String> = self.organizations.iter().map(|one| Site::msp_id(*one)).collect();
        let endorsed = eventually("a commit can be endorsed", async || {
            // A peer lags behind others for a moment, and then knows less approvals than they.
            let endorsed = self.commitment(net)?.naming(&all).endorse().await;
            anyhow::Ok(endorsed?)
        });
        endorsed.await?.commit().await
    }

    /// The commit as a transaction.
    pub fn commitment(&self, net: N) -> Result<Ask> {
        let arguments = CommitChaincodeDefinitionArgs {
            sequence: self.sequence,
            name: self.name.clone(),
            version: self.version.clone(),
            validation_parameter: self.parameter()?,
            collections: self.package(),
            endorsement_plugin: self.endorsement_plugin.clone(),
            init_required: self.init_required,
            ..Default::default()
        };
        Ok(lifecycle(net, "CommitChaincodeDefinition", &arguments).channel(&self.channel))
    }

    /// Which organizations have approved exactly this.
    pub async fn readiness(&self, net: N) -> Result<std::collections::BTreeMap<String, bool>> {
        let arguments = CheckCommitReadinessArgs {
            sequence: self.sequence,
            name: self.name.clone(),
            version: self.version.clone(),
            validation_parameter: self.parameter()?,
            collections: self.package(),
            endorsement_plugin: self.endorsement_plugin.clone(),
            init_required: self.init_required,
            ..Default::default()
        };
        let response = lifecycle(net, "CheckCommitReadiness", &arguments).channel(&self.channel).evaluate().await?;
        Ok(CheckCommitReadinessResult::decode(response.payload.as_slice())?.approvals)
    }

    /// Approves it for all its organizations with a package each, and commits it.
    pub async fn establish(&self, net: N, package_id: &str) -> Result<()> {
        let approvals = self.organizations.iter().map(|organization| self.approve(net, *organization, package_id));
        for outcome in futures_util::future::try_join_all(approvals).await? {
            outcome.valid()?;
        }
        self.commit(net).await?.valid()
    }

    fn parameter(&self) -> Result<Vec<u8>> {
        match self.policy.as_str() {
            "" => Ok(Vec::new()),
            policy => Ok(application_policy(policy)?.encode_to_vec()),
        }
    }

    fn package(&self) -> Option<CollectionConfigPackage> {
        if self.collections.is_empty() {
            return None;
        }
        let static_config = collection_config::Payload::StaticCollectionConfig;
        let config = self.collections.iter().cloned().map(|one| CollectionConfig { payload: Some(static_config(one)) });
        Some(CollectionConfigPackage { config: config.collect() })
    }
}

/// A transaction on `_lifecycle`, by the first organization's user.
pub fn lifecycle(net: N, function: &str, arguments: &impl Message) -> Ask {
    Ask::new(net, CHANNEL, "_lifecycle", vec![function.as_bytes().to_vec(), arguments.encode_to_vec()])
}

/// Installs a package at the peer of an organization.
pub async fn install(net: N, organization: usize, package: &[u8]) -> Result<()> {
    let answer = installation(net, organization, package)?.process(organization).await?;
    let response = answer.response.context("no response")?;
    if response.status != 200 {
        bail!("cannot install: {} {}", response.status, response.message);
    }
    Ok(())
}

/// The installation as a proposal of the organization's administrator.
pub fn installation(net: N, organization: usize, package: &[u8]) -> Result<super::ask::Signed> {
    let arguments = InstallChaincodeArgs { chaincode_install_package: package.to_vec() };
    lifecycle(net, "InstallChaincode", &arguments).channel("").by(&net.admin(organization)).at(organization).signed()
}

/// A collection of these organizations' members, with nothing special about it.
pub fn collection(name: &str, organizations: &[usize]) -> Result<StaticCollectionConfig> {
    let members: Vec<String> = organizations.iter().map(|one| format!("'{}.member'", Site::msp_id(*one))).collect();
    let policy = signature_policy(&format!("OR({})", members.join(", ")))?;
    let members = CollectionPolicyConfig { payload: Some(collection_policy_config::Payload::SignaturePolicy(policy)) };
    Ok(StaticCollectionConfig {
        name: name.to_owned(),
        member_orgs_policy: Some(members),
        required_peer_count: 0,
        maximum_peer_count: 2,
        ..Default::default()
    })
}

/// An endorsement policy of a definition or a collection.
pub fn application_policy(policy: &str) -> Result<ApplicationPolicy> {
    Ok(ApplicationPolicy { r#type: Some(Type::SignaturePolicy(signature_policy(policy)?)) })
}

/// What peers say that have not heard of one another yet, or not of the last commit, or whose orderers have no leader.
const PASSING: [&str; 3] = [
    "failed to find any endorsing peers",
    "is larger than the next available sequence number",
    "no orderers could successfully process transaction",
];

/// Lets a refusal through as an answer, unless it is one that passes while a network gathers.
fn passing<T>(result: Result<T, Refusal>) -> Result<Result<T, Refusal>> {
    match result {
        Err(refusal) if PASSING.iter().any(|text| refusal.says(text)) => Err(refusal.into()),
        other => Ok(other),
    }
}
