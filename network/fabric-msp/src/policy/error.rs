//! Why a policy is not satisfied.

/// Why a policy was not satisfied or cannot be evaluated. The texts are Fabric's; clients see them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// The signatures are not enough.
    #[error("signature set did not satisfy policy")]
    NotSatisfied,
    /// Too few of the policies below are satisfied.
    #[error(
        "implicit policy evaluation failed - {satisfied} sub-policies were satisfied, but this policy requires {needed} of the '{name}' sub-policies to be satisfied"
    )]
    ImplicitMeta {
        /// How many of the policies below are satisfied.
        satisfied: usize,
        /// How many must be.
        needed: usize,
        /// Their common name.
        name: String,
    },
    /// There is no policy of this name.
    #[error("no such policy: '{0}'")]
    Unknown(String),
    /// The policy has no rule where one is needed.
    #[error("Empty policy element")]
    Empty,
    /// The policy cannot be read.
    #[error("Error unmarshalling the policy")]
    Malformed,
    /// The policy is of a version that does not exist.
    #[error("This evaluator only understands messages of version 0, but version was {0}")]
    Version(i32),
    /// The policy points at an identity it does not list.
    #[error("identity index out of range, requested {index}, but identities length is {count}")]
    IdentityIndex {
        /// What it points at.
        index: i32,
        /// How many it lists.
        count: usize,
    },
    /// Gates are nested too deeply.
    #[error("the policy is nested more than {0} levels deep")]
    TooDeep(usize),
    /// The policy is of a kind that does not exist.
    #[error("policy has unknown policy type: {0}")]
    UnknownType(i32),
}
