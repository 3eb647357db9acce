#![doc = include_str!("../README.md")]

mod authority;
mod config;
mod error;
mod files;
mod folder;
mod generate;
mod organization;
mod request;
mod user;
mod validity;

pub use self::{
    authority::{Authority, Issued},
    config::{AuthoritySpec, CryptoConfig, NodeSpec, NodeTemplate, OrganizationSpec, UsersSpec},
    error::CryptoError,
    folder::{OrganizationFolder, OrganizationKind},
    generate::{Existing, generate, generate_with},
    request::{CertificateRequest, KeyAlgorithm, Purpose, Subject},
    user::{UserRequest, issue_user, revoke},
    validity::{BACKDATE_SECONDS, VALIDITY_SECONDS, validity_start},
};
