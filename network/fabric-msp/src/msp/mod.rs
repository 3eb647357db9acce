//! Membership: which certificates an organization answers for, in which role, and which principals they satisfy.
//!
//! The rules are those of Fabric's MSP version 1.4.3, which all channels with capability V2_0 use, and 3.0, which adds
//! Ed25519. Expiry of an identity is deliberately not checked here: chains are verified one second after the leaf's
//! validity began, so that old blocks stay valid. Ask [`crate::certificate::Certificate::is_expired`] where Fabric
//! does.

mod chain;
mod directory;
pub(crate) mod error;
mod manager;
mod names;
mod principal;
mod provider;
mod revocation;
pub(crate) mod role;
mod setup;
mod units;

pub use self::{
    chain::ChainError,
    directory::{DirectoryError, config_from_directory},
    error::{IdentityError, PrincipalError, RoleUnit, SetupError},
    manager::MspManager,
    names::is_group_id,
    provider::{Msp, MspOptions},
    revocation::RevocationDates,
    role::Role,
};
