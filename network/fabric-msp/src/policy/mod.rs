//! Signature policies and implicit meta policies, evaluated the way Fabric does.
//!
//! The surprising part is kept on purpose: evaluation is greedy. A gate tries all its arms, each satisfied arm uses up
//! the identities it took, and nothing is ever tried again. So `AND(OR(A, B), B)` fails for signatures of A and B,
//! because the OR takes both, while `AND(B, OR(A, B))` passes. A smarter evaluation would disagree with every real
//! peer.

mod dsl;
mod signature;

use fabric_protos::common::{ImplicitMetaPolicy, Policy, implicit_meta_policy::Rule, policy::PolicyType};
use prost::Message;

pub use self::{
    dsl::{DslError, format, parse},
    signature::{CompiledPolicy, SignedData, evaluate_identities, valid_identities},
};

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

/// The policy `rule name`, for example `MAJORITY Admins`, over the groups below the one it stands in.
///
/// # Errors
/// [`DslError`] when it is not two words of which the first is `ANY`, `ALL` or `MAJORITY`.
pub fn parse_implicit_meta(text: &str) -> Result<ImplicitMetaPolicy, DslError> {
    let words: Vec<&str> = text.split(' ').collect();
    let [rule, name] = words[..] else { return Err(DslError::ImplicitMetaWords(words.len())) };
    let rule = Rule::from_str_name(rule).ok_or_else(|| DslError::ImplicitMetaRule(rule.to_owned()))?;
    Ok(ImplicitMetaPolicy { sub_policy: name.to_owned(), rule: rule as i32 })
}

/// Wraps a signature policy for a channel configuration.
pub fn signature_policy(envelope: &fabric_protos::common::SignaturePolicyEnvelope) -> Policy {
    Policy { r#type: PolicyType::Signature as i32, value: envelope.encode_to_vec() }
}

/// Wraps an implicit meta policy for a channel configuration.
pub fn implicit_meta_policy(policy: &ImplicitMetaPolicy) -> Policy {
    Policy { r#type: PolicyType::ImplicitMeta as i32, value: policy.encode_to_vec() }
}

/// How many of `count` groups an implicit meta policy needs. Groups without a policy of the name count too: they are
/// never satisfied. With no groups at all nothing is needed.
pub fn implicit_meta_threshold(rule: Rule, count: usize) -> usize {
    match (rule, count) {
        (_, 0) => 0,
        (Rule::Any, _) => 1,
        (Rule::All, count) => count,
        (Rule::Majority, count) => count / 2 + 1,
    }
}
