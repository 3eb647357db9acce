//! Who may use what: Fabric's table of resources, and the channel's own rules in place of it.
//!
//! Requests to a peer itself are for members or administrators of its own organization, and no channel can change that.

use fabric_msp::{
    identity::Identity,
    msp::{IdentityError, PrincipalError},
    policy::{PolicyError, SignedData},
    signature::VerifyError,
};
use fabric_protos::common::{MspPrincipal, MspRole, msp_principal::Classification, msp_role::MspRoleType};
use prost::Message;

use crate::{channel::Channel, peer::Peer, proposal::Proposal};

/// Proposing a transaction of a chaincode.
pub(crate) const PROPOSE: &str = "peer/Propose";
/// Calling a chaincode from another.
pub(crate) const CHAINCODE_TO_CHAINCODE: &str = "peer/ChaincodeToChaincode";
/// Asking what became of a transaction.
pub(crate) const COMMIT_STATUS: &str = "gateway/CommitStatus";
/// Listening to chaincode events.
pub(crate) const CHAINCODE_EVENTS: &str = "gateway/ChaincodeEvents";

const READERS: &str = "/Channel/Application/Readers";
const WRITERS: &str = "/Channel/Application/Writers";

/// Why a caller may not use a resource. The texts are Fabric's.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AclError {
    #[error(
        "Failed evaluating policy on signed data during check policy on channel [{channel}] with policy [{policy}]: [{cause}]"
    )]
    Policy { channel: String, policy: String, cause: PolicyError },
    #[error("failed evaluating policy on signed data during check policy [{policy}]: [{cause}]")]
    OwnPolicy { policy: String, cause: PolicyError },
    #[error("Failed deserializing proposal creator during channelless check policy with policy [{policy}]: [{cause}]")]
    Creator { policy: &'static str, cause: IdentityError },
    #[error(
        "Failed verifying that proposal's creator satisfies local MSP principal during channelless check policy with policy [{policy}]: [{cause}]"
    )]
    Principal { policy: &'static str, cause: PrincipalError },
    #[error(transparent)]
    Signature(#[from] VerifyError),
    #[error("Unmapped policy for {0}")]
    Unmapped(String),
    #[error("Invalid channel ID name during check policy on signed data. Name must be different from nil.")]
    NoChannel,
    #[error("Failed to get policy manager for channel [{0}]")]
    UnknownChannel(String),
}

/// Whom a resource is for, when the channel says nothing else.
enum Rule {
    /// Those of the peer's own organization in a role.
    Local(&'static str, MspRoleType),
    /// Those who satisfy a policy of the channel.
    Channel(&'static str),
}

fn rule(resource: &str) -> Option<Rule> {
    let admins = Rule::Local("Admins", MspRoleType::Admin);
    Some(match resource {
        "_lifecycle/InstallChaincode"
        | "_lifecycle/QueryInstalledChaincode"
        | "_lifecycle/QueryInstalledChaincodes"
        | "_lifecycle/GetInstalledChaincodePackage"
        | "_lifecycle/ApproveChaincodeDefinitionForMyOrg"
        | "_lifecycle/QueryApprovedChaincodeDefinition"
        | "_lifecycle/QueryApprovedChaincodeDefinitions"
        | "cscc/JoinChain" => admins,
        "cscc/GetChannels" => Rule::Local("Members", MspRoleType::Member),
        "_lifecycle/CommitChaincodeDefinition"
        | "_lifecycle/QueryChaincodeDefinition"
        | "_lifecycle/QueryChaincodeDefinitions"
        | "_lifecycle/CheckCommitReadiness"
        | PROPOSE
        | CHAINCODE_TO_CHAINCODE => Rule::Channel(WRITERS),
        "qscc/GetChainInfo"
        | "qscc/GetBlockByNumber"
        | "qscc/GetBlockByHash"
        | "qscc/GetTransactionByID"
        | "qscc/GetBlockByTxID"
        | "cscc/GetConfigBlock"
        | "cscc/GetChannelConfig"
        | COMMIT_STATUS
        | CHAINCODE_EVENTS => Rule::Channel(READERS),
        _ => return None,
    })
}

/// Whether the maker of a proposal may use a resource of the channel.
pub(crate) fn check_proposal(channel: &Channel, resource: &str, proposal: &Proposal) -> Result<(), AclError> {
    let signed = proposal.signed();
    let data = SignedData {
        data: signed.proposal_bytes.clone(),
        identity: proposal.creator().to_vec(),
        signature: signed.signature.clone(),
    };
    check_signed(channel, resource, &data)
}

/// Whether the signer may use a resource of the channel.
pub(crate) fn check_signed(channel: &Channel, resource: &str, data: &SignedData) -> Result<(), AclError> {
    let evaluate = |path: &str| channel.config().policy(path).evaluate(std::slice::from_ref(data));
    check_channel(channel, resource, evaluate)
}

/// As [`check_proposal`] for an identity whose signature has been checked.
pub(crate) fn check_identity(channel: &Channel, resource: &str, identity: &Identity) -> Result<(), AclError> {
    let evaluate = |path: &str| channel.config().policy(path).evaluate_identities(std::slice::from_ref(identity));
    check_channel(channel, resource, evaluate)
}

fn check_channel(
    channel: &Channel,
    resource: &str,
    evaluate: impl Fn(&str) -> Result<(), PolicyError>,
) -> Result<(), AclError> {
    if let Some(policy) = channel.config().acl(resource) {
        return evaluate(policy).map_err(|cause| AclError::OwnPolicy { policy: policy.to_owned(), cause });
    }
    let Some(Rule::Channel(policy)) = rule(resource) else { return Err(AclError::Unmapped(resource.to_owned())) };
    let channel_id = channel.id();
    evaluate(policy).map_err(|cause| AclError::Policy {
        channel: channel_id.to_owned(),
        policy: policy.to_owned(),
        cause,
    })
}

/// Whether the maker of a proposal may use a resource that is the peer's or the channel's.
pub(crate) fn check(
    peer: &Peer,
    channel: Option<&Channel>,
    resource: &str,
    proposal: &Proposal,
) -> Result<(), AclError> {
    match (rule(resource), channel) {
        (Some(Rule::Local(policy, role)), _) => check_local(peer, policy, role, proposal),
        (Some(Rule::Channel(_)), Some(channel)) => check_proposal(channel, resource, proposal),
        (Some(Rule::Channel(_)), None) => Err(AclError::NoChannel),
        (None, _) => Err(AclError::Unmapped(resource.to_owned())),
    }
}

/// Whether the signer is an administrator of the peer's own organization.
pub(crate) fn check_local_admin(peer: &Peer, data: &SignedData) -> Result<(), AclError> {
    check_local_signed(peer, "Admins", MspRoleType::Admin, &data.identity, &data.data, &data.signature)
}

/// Whether the signer satisfies the Writers policy of the channel; its access control lists do not count.
pub(crate) fn check_writer(channel: &Channel, data: &SignedData) -> Result<(), AclError> {
    let (channel_id, policy) = (channel.id().to_owned(), WRITERS.to_owned());
    let evaluated = channel.config().policy(WRITERS).evaluate(std::slice::from_ref(data));
    evaluated.map_err(|cause| AclError::Policy { channel: channel_id, policy, cause })
}

fn check_local(peer: &Peer, policy: &'static str, role: MspRoleType, proposal: &Proposal) -> Result<(), AclError> {
    let signed = proposal.signed();
    check_local_signed(peer, policy, role, proposal.creator(), &signed.proposal_bytes, &signed.signature)
}

fn check_local_signed(
    peer: &Peer,
    policy: &'static str,
    role: MspRoleType,
    creator: &[u8],
    message: &[u8],
    signature: &[u8],
) -> Result<(), AclError> {
    let msp = peer.local_msp();
    let identity = msp.deserialize(creator).map_err(|cause| AclError::Creator { policy, cause })?;
    let role = MspRole { msp_identifier: msp.id().to_owned(), role: role as i32 };
    let principal =
        MspPrincipal { principal_classification: Classification::Role as i32, principal: role.encode_to_vec() };
    msp.satisfies(&identity, &principal).map_err(|cause| AclError::Principal { policy, cause })?;
    Ok(identity.verify(message, signature)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_concerns_the_peer_itself_is_for_administrators() {
        for resource in ["_lifecycle/InstallChaincode", "_lifecycle/ApproveChaincodeDefinitionForMyOrg"] {
            assert!(matches!(rule(resource), Some(Rule::Local("Admins", MspRoleType::Admin))), "{resource}");
        }
        assert!(matches!(rule("cscc/GetChannels"), Some(Rule::Local("Members", _))));
    }

    #[test]
    fn writers_may_commit_definitions_and_readers_may_look() {
        assert!(matches!(rule("_lifecycle/CommitChaincodeDefinition"), Some(Rule::Channel(WRITERS))));
        assert!(matches!(rule("qscc/GetBlockByNumber"), Some(Rule::Channel(READERS))));
        assert!(rule("qscc/Nothing").is_none());
    }
}
