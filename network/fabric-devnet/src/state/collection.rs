//! Collections: which there are, whose plaintext they hold, and who may touch them.

use fabric_config::ChannelConfig;
use fabric_msp::{
    identity::Identity,
    policy::{CompiledPolicy, organization_of},
};
use fabric_protos::{
    common::{
        MspPrincipal, MspRole, SignaturePolicy, SignaturePolicyEnvelope,
        msp_principal::Classification,
        msp_role::MspRoleType,
        signature_policy::{NOutOf, Type},
    },
    protos::{
        CollectionConfigPackage, CollectionPolicyConfig, StaticCollectionConfig, collection_config,
        collection_policy_config,
    },
};
use prost::Message;

/// What the names of implicit collections begin with.
pub const IMPLICIT_PREFIX: &str = "_implicit_org_";

/// The name of an organization's implicit collection.
pub fn implicit_name(msp_id: &str) -> String {
    format!("{IMPLICIT_PREFIX}{msp_id}")
}

/// The organization whose implicit collection this is.
pub fn implicit_owner(collection: &str) -> Option<&str> {
    collection.strip_prefix(IMPLICIT_PREFIX).filter(|msp_id| !msp_id.is_empty())
}

/// The definition that every implicit collection has.
pub fn implicit_definition(msp_id: &str) -> StaticCollectionConfig {
    let signature_policy = collection_policy_config::Payload::SignaturePolicy(any_member(&[msp_id]));
    StaticCollectionConfig {
        name: implicit_name(msp_id),
        member_orgs_policy: Some(CollectionPolicyConfig { payload: Some(signature_policy) }),
        ..Default::default()
    }
}

/// A policy that any member of one of the organizations satisfies.
pub(crate) fn any_member(msp_ids: &[&str]) -> SignaturePolicyEnvelope {
    members(msp_ids, 1)
}

/// A policy for which members of `needed` of the organizations must sign.
pub(crate) fn members(msp_ids: &[&str], needed: usize) -> SignaturePolicyEnvelope {
    let identities = msp_ids
        .iter()
        .map(|msp_id| MspPrincipal {
            principal_classification: Classification::Role as i32,
            principal: MspRole { msp_identifier: (*msp_id).to_owned(), role: MspRoleType::Member as i32 }
                .encode_to_vec(),
        })
        .collect();
    let rules =
        (0..msp_ids.len()).map(|index| SignaturePolicy { r#type: Some(Type::SignedBy(index as i32)) }).collect();
    let gate = NOutOf { n: needed as i32, rules };
    SignaturePolicyEnvelope { version: 0, rule: Some(SignaturePolicy { r#type: Some(Type::NOutOf(gate)) }), identities }
}

/// A named collection of a package.
pub fn find<'a>(package: Option<&'a CollectionConfigPackage>, name: &str) -> Option<&'a StaticCollectionConfig> {
    all(package).find(|config| config.name == name)
}

/// The named collections of a package.
pub fn all(package: Option<&CollectionConfigPackage>) -> impl Iterator<Item = &StaticCollectionConfig> {
    package.into_iter().flat_map(|package| &package.config).filter_map(|config| {
        let collection_config::Payload::StaticCollectionConfig(config) = config.payload.as_ref()?;
        Some(config)
    })
}

/// Whether the identity is a member of the collection.
pub fn is_member(config: &StaticCollectionConfig, identity: &Identity, channel: &ChannelConfig) -> bool {
    let Some(policy) = member_policy(config) else { return false };
    let identities = std::slice::from_ref(identity);
    CompiledPolicy::new(policy).is_ok_and(|policy| policy.evaluate_identities(identities, channel.msps()).is_ok())
}

/// Whether the peers of an organization keep the plaintext of the collection when they come by it: the collection's
/// policy names the organization, in whatever role. [`is_sent_to`] says whether other peers give it to them.
pub fn is_kept_by(config: &StaticCollectionConfig, msp_id: &str) -> bool {
    let named = |principal: &MspPrincipal| organization_of(principal).is_some_and(|named| named == msp_id);
    member_policy(config).is_some_and(|policy| policy.identities.iter().any(named))
}

/// Whether the peers of an organization satisfy the collection's policy. Only to such peers others give the plaintext,
/// and only with such peers a gateway plans where it is read.
pub fn is_sent_to(config: &StaticCollectionConfig, msp_id: &str) -> bool {
    member_policy(config).is_some_and(|policy| policy.rule.as_ref().is_some_and(|rule| holds(rule, policy, msp_id, 0)))
}

fn member_policy(config: &StaticCollectionConfig) -> Option<&SignaturePolicyEnvelope> {
    let collection_policy_config::Payload::SignaturePolicy(policy) =
        config.member_orgs_policy.as_ref()?.payload.as_ref()?;
    Some(policy)
}

fn holds(rule: &SignaturePolicy, policy: &SignaturePolicyEnvelope, msp_id: &str, depth: usize) -> bool {
    const DEPTH_MAX: usize = 32;
    match &rule.r#type {
        Some(Type::SignedBy(index)) => usize::try_from(*index)
            .ok()
            .and_then(|index| policy.identities.get(index))
            .is_some_and(|principal| is_peer_of(principal, msp_id)),
        Some(Type::NOutOf(gate)) if depth < DEPTH_MAX => {
            let satisfied = gate.rules.iter().filter(|arm| holds(arm, policy, msp_id, depth + 1)).count();
            i32::try_from(satisfied).is_ok_and(|satisfied| satisfied >= gate.n)
        }
        _ => false,
    }
}

/// Whether a peer of the organization satisfies the principal.
fn is_peer_of(principal: &MspPrincipal, msp_id: &str) -> bool {
    if principal.principal_classification != Classification::Role as i32 {
        return false;
    }
    let Ok(role) = MspRole::decode(&*principal.principal) else { return false };
    let peer = [MspRoleType::Member as i32, MspRoleType::Peer as i32].contains(&role.role);
    peer && role.msp_identifier == msp_id
}

#[cfg(test)]
mod tests {
    use fabric_protos::{common::OrganizationUnit, msp::SerializedIdentity};

    use super::*;

    fn collection(policy: &str) -> StaticCollectionConfig {
        let policy = fabric_msp::policy::parse(policy).expect("a policy");
        let payload = Some(collection_policy_config::Payload::SignaturePolicy(policy));
        StaticCollectionConfig { member_orgs_policy: Some(CollectionPolicyConfig { payload }), ..Default::default() }
    }

    #[test]
    fn plaintext_goes_to_the_peers_of_the_members() {
        let shared = collection("OR('Org1MSP.peer','Org2MSP.member')");
        assert!(is_sent_to(&shared, "Org1MSP"));
        assert!(is_sent_to(&shared, "Org2MSP"));
        assert!(!is_sent_to(&shared, "Org3MSP"));
        assert!(!is_sent_to(&collection("OR('Org1MSP.admin')"), "Org1MSP"));
        assert!(!is_sent_to(&StaticCollectionConfig::default(), "Org1MSP"));
    }

    #[test]
    fn plaintext_is_kept_in_every_organization_that_is_named() {
        let clients = collection("AND('Org1MSP.client','Org2MSP.peer')");
        assert!(is_kept_by(&clients, "Org1MSP"));
        assert!(is_kept_by(&clients, "Org2MSP"));
        assert!(!is_kept_by(&clients, "Org3MSP"));
        let unit = OrganizationUnit { msp_identifier: "Org1MSP".into(), ..Default::default() };
        let user = SerializedIdentity { mspid: "Org1MSP".into(), id_bytes: Vec::new() };
        for (classification, principal) in
            [(Classification::OrganizationUnit, unit.encode_to_vec()), (Classification::Identity, user.encode_to_vec())]
        {
            let principal = MspPrincipal { principal_classification: classification as i32, principal };
            assert_eq!(organization_of(&principal).as_deref(), Some("Org1MSP"));
        }
        assert!(!is_kept_by(&StaticCollectionConfig::default(), "Org1MSP"));
    }

    #[test]
    fn implicit_collections_belong_to_the_organization_in_their_name() {
        assert_eq!(implicit_owner(&implicit_name("Org1MSP")), Some("Org1MSP"));
        assert_eq!(implicit_owner("_implicit_org_"), None);
        assert_eq!(implicit_owner("prices"), None);
        assert!(is_kept_by(&implicit_definition("Org1MSP"), "Org1MSP"));
        assert!(!is_kept_by(&implicit_definition("Org1MSP"), "Org2MSP"));
    }
}
