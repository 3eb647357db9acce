//! Why nobody can be asked to endorse.

/// Why there is no plan. The texts are Fabric's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum PlanError {
    #[error("No metadata was found for chaincode {chaincode} in channel {channel}")]
    NoMetadata { chaincode: String, channel: String },
    #[error("policy not found")]
    NoPolicy,
    #[error("endorsement policy cannot be satisfied")]
    Unsatisfiable,
    #[error("state based endorsement policy cannot be satisfied")]
    KeyUnsatisfiable,
    #[error("no peer combination can satisfy the endorsement policy")]
    NoCombination,
    #[error("required chaincodes are not installed on sufficient peers")]
    NotInstalled,
    #[error("{0}")]
    Ledger(String),
}
