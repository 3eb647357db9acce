#![doc = include_str!("../README.md")]

pub mod block;
pub mod certificate;
pub mod channel;
pub mod crypto;
mod der;
pub mod distinguished_name;
pub mod hash;
pub mod identity;
pub mod msp;
mod pem;
pub mod policy;
pub mod signature;
pub mod signer;
pub mod transaction;
#[cfg(feature = "transport")]
pub mod transport;
