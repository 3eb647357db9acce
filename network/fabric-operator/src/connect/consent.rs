//! Whether enough organizations have approved a definition for it to be committed, and whose peers endorse that.

use fabric_config::ChannelConfig;
use fabric_msp::policy::organization_of;
use fabric_protos::common::{SignaturePolicy, SignaturePolicyEnvelope, signature_policy::Type};

/// The policy that decides over commits.
const LIFECYCLE_ENDORSEMENT: &str = "/Channel/Application/LifecycleEndorsement";

/// As many of the organizations that have approved, in their order, as the channel's policy for the lifecycle asks for;
/// `None` when all of them together are too few. Where the policy cannot be written as one signature policy, because an
/// organization lacks the policy that it counts, a majority of the channel's organizations is asked for, as Fabric does
/// by default.
pub(super) fn endorsers<'a>(config: &ChannelConfig, approving: &[&'a str]) -> Option<Vec<&'a str>> {
    let policy = config.policy(LIFECYCLE_ENDORSEMENT).signature_policy();
    let majority = config.application_orgs().count() / 2 + 1;
    enough(policy.as_ref(), majority, approving)
}

fn enough<'a>(
    policy: Option<&SignaturePolicyEnvelope>,
    majority: usize,
    approving: &[&'a str],
) -> Option<Vec<&'a str>> {
    let suffice = |some: &[&str]| match policy {
        Some(envelope) => envelope.rule.as_ref().is_some_and(|rule| holds(rule, envelope, some)),
        None => some.len() >= majority,
    };
    (1..=approving.len()).map(|count| &approving[..count]).find(|some| suffice(some)).map(<[_]>::to_vec)
}

fn holds(rule: &SignaturePolicy, envelope: &SignaturePolicyEnvelope, approving: &[&str]) -> bool {
    match &rule.r#type {
        Some(Type::SignedBy(index)) => {
            let principal = usize::try_from(*index).ok().and_then(|index| envelope.identities.get(index));
            let msp_id = principal.and_then(organization_of);
            msp_id.is_some_and(|msp_id| approving.contains(&msp_id.as_str()))
        }
        Some(Type::NOutOf(gate)) => {
            let needed = usize::try_from(gate.n).unwrap_or_default();
            gate.rules.iter().filter(|arm| holds(arm, envelope, approving)).count() >= needed
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use fabric_msp::policy;
    use fabric_protos::{
        common::{OrganizationUnit, msp_principal::Classification},
        msp::SerializedIdentity,
    };
    use prost::Message;

    use super::*;

    #[test]
    fn those_who_come_first_endorse_until_the_policy_is_satisfied() -> anyhow::Result<()> {
        let envelope = policy::parse("OutOf(2, 'AMSP.peer', 'BMSP.member', AND('CMSP.peer', 'DMSP.peer'))")?;
        for (approving, expected) in [
            (&[][..], None),
            (&["AMSP"], None),
            (&["AMSP", "BMSP", "CMSP"], Some(2)),
            (&["AMSP", "CMSP"], None),
            (&["AMSP", "CMSP", "DMSP", "BMSP"], Some(3)),
            (&["XMSP", "BMSP", "AMSP"], Some(3)),
        ] {
            let expected = expected.map(|count| approving[..count].to_vec());
            assert_eq!(enough(Some(&envelope), 1, approving), expected, "{approving:?}");
        }
        Ok(())
    }

    #[test]
    fn where_the_policy_cannot_be_read_a_majority_is_asked_for() {
        assert_eq!(enough(None, 2, &["AMSP"]), None);
        assert_eq!(enough(None, 2, &["BMSP", "AMSP", "CMSP"]), Some(vec!["BMSP", "AMSP"]));
    }

    #[test]
    fn units_and_single_identities_are_counted_for_their_organization() -> anyhow::Result<()> {
        let mut envelope = policy::parse("AND('AMSP.peer', 'BMSP.peer')")?;
        let unit = OrganizationUnit { msp_identifier: "AMSP".into(), ..Default::default() };
        let identity = SerializedIdentity { mspid: "BMSP".into(), id_bytes: Vec::new() };
        for (principal, classification, bytes) in [
            (0, Classification::OrganizationUnit, unit.encode_to_vec()),
            (1, Classification::Identity, identity.encode_to_vec()),
        ] {
            envelope.identities[principal].principal_classification = classification as i32;
            envelope.identities[principal].principal = bytes;
        }
        assert_eq!(enough(Some(&envelope), 1, &["AMSP"]), None);
        assert_eq!(enough(Some(&envelope), 1, &["BMSP", "AMSP"]), Some(vec!["BMSP", "AMSP"]));
        Ok(())
    }
}
