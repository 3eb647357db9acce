//! The policies of a configuration by path, and their evaluation.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use fabric_msp::{
    identity::Identity,
    msp::MspManager,
    policy::{CompiledPolicy, PolicyError, SignedData, implicit_meta_threshold, valid_identities},
};
use fabric_protos::{
    common::{
        ConfigGroup, ImplicitMetaPolicy, MspPrincipal, MspRole, OrganizationUnit, Policy, SignaturePolicy,
        SignaturePolicyEnvelope,
        implicit_meta_policy::Rule,
        msp_principal::Classification,
        policy::PolicyType,
        signature_policy::{NOutOf, Type},
    },
    msp::SerializedIdentity,
};
use prost::Message;

use crate::error::ConfigError;

/// All policies of a configuration, by their path below `/Channel/`.
pub(crate) type PolicyTree = BTreeMap<String, Arc<Node>>;

pub(crate) enum Node {
    Signature(CompiledPolicy),
    /// One entry per group below; `None` where the group has no policy of that name, which then is never satisfied.
    ImplicitMeta {
        name: String,
        needed: usize,
        below: Vec<Option<Arc<Node>>>,
    },
}

/// A policy of a channel, found by its path. A path that leads nowhere gives a policy that refuses everybody, as on
/// Fabric.
#[derive(Clone)]
pub struct ChannelPolicy<'a> {
    path: String,
    node: Option<Arc<Node>>,
    msps: &'a MspManager,
}

/// Whose signatures a policy lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// How many of the organizations must sign, or at least that many where the policy is not a count of organizations.
    pub more: usize,
    /// The MSP ids of those of which nobody has signed whose signature counts.
    pub of: Vec<String>,
}

impl<'a> ChannelPolicy<'a> {
    pub(crate) fn find(tree: &PolicyTree, path: &str, msps: &'a MspManager) -> Self {
        let relative = match path.strip_prefix('/') {
            Some(absolute) => absolute.strip_prefix("Channel/"),
            None => Some(path),
        };
        let node = relative.and_then(|relative| tree.get(relative)).cloned();
        Self { path: relative.unwrap_or(path).to_owned(), node, msps }
    }

    /// Whether the configuration has such a policy.
    pub fn exists(&self) -> bool {
        self.node.is_some()
    }

    /// Checks signatures and then the policy.
    ///
    /// # Errors
    /// [`PolicyError`] with the text that Fabric's nodes give.
    pub fn evaluate(&self, signatures: &[SignedData]) -> Result<(), PolicyError> {
        self.evaluate_identities(&valid_identities(signatures, self.msps))
    }

    /// Checks the policy for identities whose signatures have been checked, in their order.
    ///
    /// # Errors
    /// As [`ChannelPolicy::evaluate`].
    pub fn evaluate_identities(&self, identities: &[Identity]) -> Result<(), PolicyError> {
        match &self.node {
            Some(node) => node.evaluate(identities, self.msps),
            None => Err(PolicyError::Unknown(self.path.clone())),
        }
    }

    /// Whether any set of signatures satisfies the policy. A policy that does not exist is satisfied by none.
    pub fn can_be_satisfied(&self) -> bool {
        self.node.as_ref().is_some_and(|node| node.can_be_satisfied())
    }

    /// Whose signatures the policy lacks beside those of these identities: nobody's when it is satisfied, does not
    /// exist or cannot be satisfied.
    pub fn wanted(&self, identities: &[Identity]) -> Vec<Wanted> {
        let lacking = self.node.as_ref().filter(|node| node.lacks(identities, self.msps));
        lacking.map(|node| node.wanted(identities, self.msps)).unwrap_or_default()
    }

    /// How many of the policies below must be satisfied, when it is a policy that counts them.
    pub(crate) fn counted(&self) -> Option<usize> {
        match self.node.as_deref() {
            Some(Node::ImplicitMeta { needed, .. }) => Some(*needed),
            Some(Node::Signature(_)) | None => None,
        }
    }

    /// The policy written as one signature policy: an implicit meta policy becomes a gate over those below it. `None`
    /// when there is no such policy or a group below lacks one.
    pub fn signature_policy(&self) -> Option<SignaturePolicyEnvelope> {
        self.node.as_ref()?.flatten()
    }
}

impl Node {
    fn evaluate(&self, identities: &[Identity], msps: &MspManager) -> Result<(), PolicyError> {
        match self {
            Self::Signature(policy) => policy.evaluate_identities(identities, msps),
            Self::ImplicitMeta { name, needed, below } => {
                let holds = |node: &Arc<Node>| node.evaluate(identities, msps).is_ok();
                let satisfied = below.iter().flatten().filter(|node| holds(node)).take(*needed).count();
                if satisfied == *needed {
                    return Ok(());
                }
                Err(PolicyError::ImplicitMeta { satisfied, needed: *needed, name: name.clone() })
            }
        }
    }

    fn can_be_satisfied(&self) -> bool {
        match self {
            Self::Signature(policy) => policy.can_be_satisfied(),
            Self::ImplicitMeta { needed, below, .. } => {
                below.iter().flatten().filter(|node| node.can_be_satisfied()).count() >= *needed
            }
        }
    }

    /// Whether further signatures would satisfy it.
    fn lacks(&self, identities: &[Identity], msps: &MspManager) -> bool {
        self.can_be_satisfied() && self.evaluate(identities, msps).is_err()
    }

    /// Policies that count policies which count themselves ask several times, once for each below that is not
    /// satisfied.
    fn wanted(&self, identities: &[Identity], msps: &MspManager) -> Vec<Wanted> {
        let (needed, below) = match self {
            Self::Signature(policy) => return vec![Wanted { more: 1, of: absent(policy, identities, msps) }],
            Self::ImplicitMeta { needed, below, .. } => (*needed, below),
        };
        let lacking: Vec<_> = below.iter().flatten().filter(|node| node.lacks(identities, msps)).collect();
        let satisfied = below.iter().flatten().filter(|node| node.evaluate(identities, msps).is_ok()).count();
        let all: Vec<Wanted> = lacking.iter().flat_map(|node| node.wanted(identities, msps)).collect();
        if lacking.iter().any(|node| matches!(***node, Self::ImplicitMeta { .. })) {
            return all;
        }
        let of: BTreeSet<String> = all.into_iter().flat_map(|one| one.of).collect();
        vec![Wanted { more: needed.saturating_sub(satisfied), of: of.into_iter().collect() }]
    }

    fn flatten(&self) -> Option<SignaturePolicyEnvelope> {
        match self {
            Self::Signature(policy) => Some(policy.envelope()),
            Self::ImplicitMeta { needed, below, .. } => {
                let mut identities = Vec::new();
                let mut rules = Vec::new();
                for node in below {
                    let arm = node.as_ref()?.flatten()?;
                    rules.push(renumber(arm.rule?, &arm.identities, &mut identities));
                }
                let gate = NOutOf { n: i32::try_from(*needed).ok()?, rules };
                let rule = Some(SignaturePolicy { r#type: Some(Type::NOutOf(gate)) });
                Some(SignaturePolicyEnvelope { version: 0, rule, identities })
            }
        }
    }
}

/// The organizations that a policy names and none of these identities stands for.
fn absent(policy: &CompiledPolicy, identities: &[Identity], msps: &MspManager) -> Vec<String> {
    let stands_for = |principal: &&MspPrincipal| identities.iter().any(|one| msps.satisfies(one, principal).is_ok());
    let absent = policy.principals().iter().filter(|principal| !stands_for(principal));
    let named: BTreeSet<String> = absent.filter_map(msp_id).collect();
    named.into_iter().collect()
}

/// The organization of a principal; none for kinds that name no single one.
fn msp_id(principal: &MspPrincipal) -> Option<String> {
    let bytes = principal.principal.as_slice();
    match Classification::try_from(principal.principal_classification).ok()? {
        Classification::Role => Some(MspRole::decode(bytes).ok()?.msp_identifier),
        Classification::OrganizationUnit => Some(OrganizationUnit::decode(bytes).ok()?.msp_identifier),
        Classification::Identity => Some(SerializedIdentity::decode(bytes).ok()?.mspid),
        Classification::Anonymity | Classification::Combined => None,
    }
}

/// Points a rule at a common list of identities, which grows by those that it lacks.
fn renumber(rule: SignaturePolicy, own: &[MspPrincipal], common: &mut Vec<MspPrincipal>) -> SignaturePolicy {
    let r#type = match rule.r#type {
        Some(Type::SignedBy(index)) => {
            // Compiled policies only hold indexes that exist.
            let principal = &own[index as usize];
            let known = common.iter().position(|known| known == principal);
            let position = known.unwrap_or_else(|| {
                common.push(principal.clone());
                common.len() - 1
            });
            Some(Type::SignedBy(position as i32))
        }
        Some(Type::NOutOf(gate)) => {
            let rules = gate.rules.into_iter().map(|arm| renumber(arm, own, common)).collect();
            Some(Type::NOutOf(NOutOf { n: gate.n, rules }))
        }
        None => None,
    };
    SignaturePolicy { r#type }
}

/// Compiles the policies of a group and of all groups below it.
pub(crate) fn compile(group: &ConfigGroup, path: &str) -> Result<PolicyTree, ConfigError> {
    let mut below = Vec::new();
    for (name, child) in &group.groups {
        below.push((name, compile(child, &format!("{path}/{name}"))?));
    }
    let mut tree = PolicyTree::new();
    for (name, policy) in &group.policies {
        let failed = |cause| ConfigError::Policy { path: format!("{path}/{name}"), cause };
        let policy = policy.policy.as_ref().ok_or_else(|| failed(PolicyError::Empty))?;
        tree.insert(name.clone(), Arc::new(compile_one(policy, &below).map_err(failed)?));
    }
    for (name, policies) in below {
        tree.extend(policies.into_iter().map(|(relative, node)| (format!("{name}/{relative}"), node)));
    }
    Ok(tree)
}

fn compile_one(policy: &Policy, below: &[(&String, PolicyTree)]) -> Result<Node, PolicyError> {
    match PolicyType::try_from(policy.r#type) {
        Ok(PolicyType::Signature) => Ok(Node::Signature(CompiledPolicy::decode(&policy.value)?)),
        Ok(PolicyType::ImplicitMeta) => {
            let meta = ImplicitMetaPolicy::decode(&*policy.value).map_err(|_| PolicyError::Malformed)?;
            let rule = Rule::try_from(meta.rule).map_err(|_| PolicyError::UnknownType(meta.rule))?;
            let needed = implicit_meta_threshold(rule, below.len());
            let below = below.iter().map(|(_, tree)| tree.get(&meta.sub_policy).cloned()).collect();
            Ok(Node::ImplicitMeta { name: meta.sub_policy, needed, below })
        }
        _ => Err(PolicyError::UnknownType(policy.r#type)),
    }
}
