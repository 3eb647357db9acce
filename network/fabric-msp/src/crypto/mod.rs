//! Making certificate authorities, nodes, users and revocation lists, in the directory layout of Fabric's own tools.
//!
//! This serves networks that have no authority of their own: trials, tests, small consortia. An organization with a
//! certificate authority should use that one; nothing else in this project cares where certificates come from.
//!
//! This is the only part of the crate that reads the clock, and the only one that writes files.

mod authority;
mod config;
mod error;
mod files;
mod folder;
mod generate;
mod user;

pub use self::{
    authority::{Authority, CertificateRequest, Issued, KeyAlgorithm, Purpose, Subject},
    config::{AuthoritySpec, CryptoConfig, NodeSpec, NodeTemplate, OrganizationSpec, UsersSpec},
    error::CryptoError,
    folder::{OrganizationFolder, OrganizationKind},
    generate::{Existing, generate, generate_with},
    user::{UserRequest, issue_user, revoke},
};

/// How long certificates are valid: ten years, in seconds.
pub const VALIDITY_SECONDS: i64 = 3650 * 24 * 3600;
/// How far validity is backdated, so that clocks may differ: five minutes, in seconds.
pub const BACKDATE_SECONDS: i64 = 5 * 60;

/// The start of validity for a certificate made now: five minutes ago at a full minute, in seconds since 1970 UTC.
pub fn validity_start() -> i64 {
    let now = time::OffsetDateTime::now_utc().unix_timestamp();
    let minute = now - now.rem_euclid(60);
    minute - BACKDATE_SECONDS
}
