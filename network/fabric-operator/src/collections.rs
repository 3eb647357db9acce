//! The private data collections of a chaincode's definition: one for each organization that endorses.
//!
//! A definition lists its collections, so an organization that joins the channel gets its own with the next definition,
//! which all organizations approve. Fabric lets no collection go again; see [`retired`].

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use fabric_contract::organization_collection;
use fabric_msp::policy;
use fabric_protos::protos::{
    ApplicationPolicy, CollectionConfig, CollectionConfigPackage, CollectionPolicyConfig, StaticCollectionConfig,
    application_policy, collection_config::Payload, collection_policy_config,
};

/// To how many further peers an endorser sends a value at once: more than an organization has.
const PEERS_MAX: i32 = 16;

/// The collections of a chaincode whose `endorsing` organizations these are, in the order of their names; `committed`
/// are those of the definition before, and `orderer` is an organization that runs orderers.
///
/// # Errors
/// An MSP id cannot stand in a policy.
pub(crate) fn wanted(
    endorsing: &[String],
    orderer: &str,
    committed: Option<&CollectionConfigPackage>,
) -> Result<CollectionConfigPackage> {
    let mut wanted = BTreeMap::new();
    let all: Vec<&str> = endorsing.iter().map(String::as_str).collect();
    for msp_id in &all {
        let own = of_organization(msp_id, &all)?;
        wanted.insert(own.name.clone(), own);
    }
    for known in committed.iter().flat_map(|package| &package.config) {
        if let Some(Payload::StaticCollectionConfig(known)) = &known.payload
            && !wanted.contains_key(&known.name)
        {
            wanted.insert(known.name.clone(), retired(known, orderer)?);
        }
    }
    let config = |own| CollectionConfig { payload: Some(Payload::StaticCollectionConfig(own)) };
    Ok(CollectionConfigPackage { config: wanted.into_values().map(config).collect() })
}

/// The collection of an organization.
///
/// * Only its own clients read: without that flag a peer sends the values to every reader of the channel who asks for
///   blocks with private data, and answers a contract that reads for another organization's client.
/// * The clients of others may write: a seller's invoice puts the opening of its total into the buyer's collection.
/// * Therefore its own peer must endorse all that is written into it. The peer runs the contract before it signs, so
///   others can neither plant nor overwrite a value.
/// * So must one other organization's, when there is one: the collection holds what its owner has signed, which it must
///   not be able to remove alone. One, because an opening is endorsed by the two parties that share it and by nobody
///   else. What the owner has signed has a policy of its own beside this one.
/// * No further peer has to confirm that it got a value before the endorsement counts: one of the organization's own
///   has it, because it endorsed.
/// * Values stay for good: a proof can be asked for as long as the record is there.
///
/// `endorsing` are all organizations that may endorse.
///
/// # Errors
/// An MSP id cannot stand in a policy.
pub fn of_organization(msp_id: &str, endorsing: &[&str]) -> Result<StaticCollectionConfig> {
    let others: Vec<String> =
        endorsing.iter().filter(|other| **other != msp_id).map(|other| format!("'{other}.peer'")).collect();
    let endorsers = match others.len() {
        0 => format!("OR('{msp_id}.peer')"),
        _ => format!("AND('{msp_id}.peer', OR({}))", others.join(", ")),
    };
    Ok(StaticCollectionConfig {
        name: organization_collection(msp_id),
        member_only_read: true,
        member_only_write: false,
        required_peer_count: 0,
        maximum_peer_count: PEERS_MAX,
        block_to_live: 0,
        ..owned_by(msp_id, &endorsers)?
    })
}

/// The collection of an organization that is no longer on the channel. Fabric takes neither a definition that leaves
/// out a collection nor one whose collection names an organization from outside of the channel. So it is given to the
/// orderer's organization, which runs no peers, and what is written there asks for two of one signature: nothing more
/// is written into it, and what it held goes to no one. An organization that comes back gets it back.
fn retired(known: &StaticCollectionConfig, orderer: &str) -> Result<StaticCollectionConfig> {
    let StaticCollectionConfig { member_orgs_policy, endorsement_policy, .. } =
        owned_by(orderer, &format!("OutOf(2, '{orderer}.member')"))?;
    Ok(StaticCollectionConfig { member_orgs_policy, endorsement_policy, member_only_read: true, ..known.clone() })
}

/// Membership of one organization, and who must endorse what is written.
fn owned_by(msp_id: &str, endorsers: &str) -> Result<StaticCollectionConfig> {
    let parse = |text: &str| policy::parse(text).with_context(|| format!("a collection of {msp_id}"));
    let members = parse(&format!("OR('{msp_id}.member')"))?;
    let endorsers = parse(endorsers)?;
    let members = collection_policy_config::Payload::SignaturePolicy(members);
    let endorsers = application_policy::Type::SignaturePolicy(endorsers);
    Ok(StaticCollectionConfig {
        member_orgs_policy: Some(CollectionPolicyConfig { payload: Some(members) }),
        endorsement_policy: Some(ApplicationPolicy { r#type: Some(endorsers) }),
        ..Default::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consortium::Consortium;

    /// As [`wanted`], for all of a consortium that endorse.
    fn wanted_by(
        consortium: &Consortium,
        committed: Option<&CollectionConfigPackage>,
    ) -> Result<CollectionConfigPackage> {
        let terms = consortium.terms();
        wanted(&terms.endorsing, &terms.orderer, committed)
    }

    fn names(package: &CollectionConfigPackage) -> Vec<&str> {
        let payloads = package.config.iter().filter_map(|config| config.payload.as_ref());
        payloads.map(|Payload::StaticCollectionConfig(one)| one.name.as_str()).collect()
    }

    #[test]
    fn every_organization_that_endorses_has_a_collection_that_only_it_reads() -> Result<()> {
        let package = wanted_by(&Consortium::load(None)?, None)?;
        let expected = ["Bank", "Customs", "Exporter", "Importer", "Logistics"].map(|one| format!("private-{one}MSP"));
        assert_eq!(names(&package), expected);
        for config in &package.config {
            let Some(Payload::StaticCollectionConfig(one)) = &config.payload else { panic!("no collection") };
            assert!(one.member_only_read && !one.member_only_write && one.endorsement_policy.is_some(), "{one:?}");
            assert_eq!((one.block_to_live, one.required_peer_count), (0, 0));
        }
        Ok(())
    }

    #[test]
    fn the_collection_of_an_organization_that_left_stays_and_is_closed_until_it_returns() -> Result<()> {
        let all = Consortium::load(None)?;
        let mut fewer = all.clone();
        fewer.organizations.retain(|organization| organization.msp_id != "BankMSP");
        let before = wanted_by(&all, None)?;
        let without = wanted_by(&fewer, Some(&before))?;
        assert_eq!(names(&without), names(&before));
        let Some(Payload::StaticCollectionConfig(retired)) = &without.config[0].payload else { panic!("none") };
        let closed = owned_by("OrdererMSP", "OutOf(2, 'OrdererMSP.member')")?;
        assert_eq!(retired.endorsement_policy, closed.endorsement_policy);
        assert_eq!(retired.member_orgs_policy, closed.member_orgs_policy);
        assert_eq!(wanted_by(&fewer, Some(&without))?, without, "nothing more to change");
        assert_eq!(wanted_by(&all, Some(&without))?, before);
        Ok(())
    }

    #[test]
    fn an_owner_needs_another_organization_when_there_is_one() -> Result<()> {
        for (all, expected) in [
            (&["BMSP"][..], "OR('BMSP.peer')"),
            (&["AMSP", "BMSP", "CMSP"], "AND('BMSP.peer', OR('AMSP.peer', 'CMSP.peer'))"),
        ] {
            let own = of_organization("BMSP", all)?;
            assert_eq!(own.endorsement_policy, owned_by("BMSP", expected)?.endorsement_policy, "{all:?}");
        }
        Ok(())
    }
}
