//! Signature policies and implicit meta policies, evaluated the way Fabric does.
//!
//! The surprising part is kept on purpose: evaluation is greedy. A gate tries all its arms, each satisfied arm uses up
//! the identities it took, and nothing is ever tried again. So `AND(OR(A, B), B)` fails for signatures of A and B,
//! because the OR takes both, while `AND(B, OR(A, B))` passes. A smarter evaluation would disagree with every real
//! peer.

mod dsl;
mod error;
mod implicit_meta;
mod principal;
mod signature;

pub use self::{
    dsl::{DslError, format, parse},
    error::PolicyError,
    implicit_meta::{implicit_meta_policy, implicit_meta_threshold, parse_implicit_meta, signature_policy},
    principal::organization_of,
    signature::{CompiledPolicy, SignedData, evaluate_identities, valid_identities},
};
