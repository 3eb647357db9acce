//! What the definition of a chaincode on a channel follows from.

use fabric_protos::{
    common::{MspRole, msp_principal::Classification},
    protos::{ApplicationPolicy, application_policy::Type},
};
use prost::Message;

/// What a chaincode's definition on a channel follows from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// The chaincode's name.
    pub name: String,
    /// The version of its definition.
    pub version: String,
    /// The MSP ids of the organizations whose peers endorse, each once.
    pub endorsing: Vec<String>,
    /// How many of them must endorse a transaction.
    pub endorsements: usize,
    /// An organization that runs orderers, to which collections of organizations that have left are given.
    pub orderer: String,
}

impl Terms {
    /// The chaincode's endorsement policy in Fabric's policy language: flat, and naming peers only.
    #[must_use]
    pub fn policy(&self) -> String {
        let principals: Vec<String> = self.endorsing.iter().map(|msp_id| format!("'{msp_id}.peer'")).collect();
        format!("OutOf({}, {})", self.endorsements, principals.join(", "))
    }

    /// The same terms with the organizations in the order in which a committed endorsement policy (an encoded
    /// `ApplicationPolicy`) names them, and then the others: policies that differ only in order are no new definition.
    #[must_use]
    pub(crate) fn in_order_of(&self, policy: &[u8]) -> Self {
        let named = named_in(policy);
        let mut ordered = self.clone();
        ordered.endorsing.sort_by_key(|msp_id| named.iter().position(|known| known == msp_id).unwrap_or(named.len()));
        ordered
    }
}

/// The organizations whose roles a signature policy names, in its order; none of another kind of policy.
fn named_in(policy: &[u8]) -> Vec<String> {
    let Ok(ApplicationPolicy { r#type: Some(Type::SignaturePolicy(envelope)) }) = ApplicationPolicy::decode(policy)
    else {
        return Vec::new();
    };
    let roles = envelope.identities.iter().filter(|one| one.principal_classification == Classification::Role as i32);
    roles.filter_map(|one| Some(MspRole::decode(one.principal.as_slice()).ok()?.msp_identifier)).collect()
}

#[cfg(test)]
mod tests {
    use fabric_msp::policy;

    use super::*;

    #[test]
    fn the_order_of_a_committed_policy_is_kept_and_newcomers_come_last() -> anyhow::Result<()> {
        let endorsing = ["AMSP", "BMSP", "CMSP", "DMSP"].map(str::to_owned).to_vec();
        let terms = Terms { name: "n".into(), version: "1".into(), endorsing, endorsements: 2, orderer: "OMSP".into() };
        let envelope = policy::parse("OutOf(2, 'CMSP.peer', 'XMSP.peer', 'AMSP.peer')")?;
        let committed = ApplicationPolicy { r#type: Some(Type::SignaturePolicy(envelope)) }.encode_to_vec();
        assert_eq!(
            terms.in_order_of(&committed).policy(),
            "OutOf(2, 'CMSP.peer', 'AMSP.peer', 'BMSP.peer', 'DMSP.peer')"
        );
        assert_eq!(terms.in_order_of(b"nonsense"), terms);
        Ok(())
    }
}
