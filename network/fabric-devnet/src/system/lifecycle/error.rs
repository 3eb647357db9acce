//! Everything that `_lifecycle` refuses. The texts are Fabric's.

use crate::{
    chaincode::InstallError,
    ledger::{LedgerError, SimulationError},
};

#[derive(Debug, thiserror::Error)]
pub(super) enum LifecycleError {
    #[error("could not unmarshal input arguments: {0}")]
    Malformed(prost::DecodeError),
    #[error("no function {0}")]
    NoFunction(String),
    #[error("no application config for channel ''")]
    NoChannel,
    #[error(
        "policy '/Channel/Application/Endorsement' must be defined for channel '{0}' before chaincode operations can be attempted"
    )]
    NoDefaultPolicy(String),
    #[error("namespace {0} is not defined")]
    NotDefined(String),
    #[error("chaincode install package '{0}' not found")]
    NotInstalled(String),
    #[error(transparent)]
    Install(#[from] InstallError),
    #[error("could not load cc install package: {0}")]
    Load(std::io::Error),
    #[error("error validating chaincode definition: {0}")]
    Definition(InvalidDefinition),
    /// Not Fabric's: its peers approve it, and stop at the first transaction that they cannot validate.
    #[error("validation plugin {0} does not exist here, and peers without it would stop")]
    NoValidationPlugin(String),
    #[error("requested sequence is 0, but first definable sequence number is 1")]
    SequenceZero,
    #[error("currently defined sequence {current} is larger than requested sequence {requested}")]
    SequenceTooLow { current: i64, requested: i64 },
    #[error("requested sequence {requested} is larger than the next available sequence number {next}")]
    SequenceTooHigh { requested: i64, next: i64 },
    #[error("requested sequence is {requested}, but new definition must be sequence {next}")]
    SequenceNotNext { requested: i64, next: i64 },
    #[error(
        "attempted to redefine the current committed sequence ({sequence}) for namespace {name} with different parameters: {difference}"
    )]
    Different { sequence: i64, name: String, difference: String },
    #[error("attempted to redefine the current committed sequence ({sequence}) for namespace {name}")]
    Redefined { sequence: i64, name: String },
    #[error("attempted to redefine uncommitted sequence ({sequence}) for namespace {name} with unchanged content")]
    Unchanged { sequence: i64, name: String },
    #[error(
        "could not fetch approved chaincode definition (name: '{name}', sequence: '{sequence}') on channel '{channel}'"
    )]
    NotApproved { name: String, sequence: i64, channel: String },
    #[error(
        "could not extract chaincode name and sequence number from metadata: {0}: invalid private name format: {0}"
    )]
    PrivateName(String),
    #[error("chaincode definition not agreed to by this org ({0})")]
    NotAgreed(String),
    #[error("impossibly, this peer's org is processing requests for a channel it is not a member of")]
    NotMember,
    #[error(transparent)]
    Simulation(#[from] SimulationError),
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl From<prost::DecodeError> for LifecycleError {
    fn from(error: prost::DecodeError) -> Self {
        Self::Malformed(error)
    }
}

impl From<std::io::Error> for LifecycleError {
    fn from(error: std::io::Error) -> Self {
        Self::Load(error)
    }
}

impl From<InvalidDefinition> for LifecycleError {
    fn from(error: InvalidDefinition) -> Self {
        Self::Definition(error)
    }
}

/// What is wrong with a proposed definition.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum InvalidDefinition {
    #[error(
        "invalid chaincode name '{0}'. Names can only consist of alphanumerics, '_', and '-' and can only begin with alphanumerics"
    )]
    Name(String),
    #[error("chaincode name '{0}' is the name of a system chaincode")]
    SystemName(String),
    #[error("invalid chaincode version '{0}'. Versions can only consist of alphanumerics, '_', '-', '+', and '.'")]
    Version(String),
    #[error("collection configuration is empty")]
    EmptyCollection,
    #[error(
        "invalid collection name '{0}'. Names can only consist of alphanumerics, '_', and '-' and cannot begin with '_'"
    )]
    CollectionName(String),
    #[error("collection-name: {0} -- found duplicate in collection configuration")]
    Duplicate(String),
    #[error(
        "collection-name: {name} -- maximum peer count ({maximum}) cannot be less than the required peer count ({required})"
    )]
    PeerCounts { name: String, maximum: i32, required: i32 },
    #[error("collection-name: {name} -- requiredPeerCount ({required}) cannot be less than zero")]
    RequiredPeerCount { name: String, required: i32 },
    #[error("collection member policy is not set for collection '{0}'")]
    NoMemberPolicy(String),
    #[error("collection member org policy is empty for collection '{0}'")]
    EmptyMemberPolicy(String),
    #[error("invalid member org policy for collection '{name}': {cause}")]
    MemberPolicy { name: String, cause: fabric_msp::policy::PolicyError },
    #[error(
        "collection-name: {name} -- error in member org policy: signature policy is not an OR concatenation, NOutOf {needed}"
    )]
    NotOr { name: String, needed: i32 },
    #[error("collection-name: {name} -- collection member '{msp_id}' is not part of the channel")]
    UnknownMember { name: String, msp_id: String },
    #[error("collection-name: {0} -- contains an identity that is not part of the channel")]
    UnknownIdentity(String),
    #[error("collection-name: {name} -- principal type {kind} is not supported")]
    Principal { name: String, kind: i32 },
    #[error("the proposed collection config does not contain previously defined collections")]
    AllRemoved,
    #[error("existing collection [{0}] missing in the proposed collection configuration")]
    Removed(String),
    #[error("the BlockToLive in an existing collection [{name}] modified. Existing value [{existing}]")]
    BlockToLive { name: String, existing: u64 },
}
