#![doc = include_str!("../README.md")]

pub mod attributes;
pub mod certificate;
pub mod der;
pub mod distinguished_name;
pub mod hash;
pub mod identity;
pub mod msp;
pub mod pem;
pub mod policy;
pub mod private;
pub mod signature;
pub mod signer;
#[cfg(feature = "transport")]
pub mod transport;
pub mod words;
