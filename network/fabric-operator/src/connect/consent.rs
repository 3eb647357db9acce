//! Whether enough organizations have approved a definition for it to be committed.

use std::collections::BTreeSet;

use fabric_config::ChannelConfig;
use fabric_protos::common::{
    MspRole, SignaturePolicy, SignaturePolicyEnvelope, msp_principal::Classification, signature_policy::Type,
};
use prost::Message;

/// The policy that decides over commits.
const LIFECYCLE_ENDORSEMENT: &str = "/Channel/Application/LifecycleEndorsement";

/// Whether the peers of these organizations together satisfy the channel's policy for the lifecycle. A policy that
/// cannot be read here, or that asks for something else than roles, is left to the network.
pub(super) fn suffices(config: &ChannelConfig, approving: &BTreeSet<&str>) -> bool {
    match config.policy(LIFECYCLE_ENDORSEMENT).signature_policy() {
        Some(envelope) => envelope.rule.as_ref().is_none_or(|rule| holds(rule, &envelope, approving)),
        None => true,
    }
}

fn holds(rule: &SignaturePolicy, envelope: &SignaturePolicyEnvelope, approving: &BTreeSet<&str>) -> bool {
    match &rule.r#type {
        Some(Type::SignedBy(index)) => {
            let principal = usize::try_from(*index).ok().and_then(|index| envelope.identities.get(index));
            principal.is_none_or(|one| {
                let is_role = one.principal_classification == Classification::Role as i32;
                let role = is_role.then(|| MspRole::decode(one.principal.as_slice()).ok()).flatten();
                role.is_none_or(|role| approving.contains(role.msp_identifier.as_str()))
            })
        }
        Some(Type::NOutOf(gate)) => {
            let needed = usize::try_from(gate.n).unwrap_or_default();
            gate.rules.iter().filter(|arm| holds(arm, envelope, approving)).count() >= needed
        }
        None => true,
    }
}

#[cfg(test)]
mod tests {
    use fabric_msp::policy;

    use super::*;

    #[test]
    fn a_majority_is_counted_by_organizations() -> anyhow::Result<()> {
        let envelope = policy::parse("OutOf(2, 'AMSP.peer', 'BMSP.member', AND('CMSP.peer', 'DMSP.peer'))")?;
        let rule = envelope.rule.clone().unwrap_or_default();
        for (approving, expected) in [
            (&["AMSP"][..], false),
            (&["AMSP", "BMSP"], true),
            (&["AMSP", "CMSP"], false),
            (&["AMSP", "CMSP", "DMSP"], true),
        ] {
            assert_eq!(holds(&rule, &envelope, &approving.iter().copied().collect()), expected, "{approving:?}");
        }
        Ok(())
    }
}
