#![doc = include_str!("../README.md")]

mod claim;
mod declared_value;
mod document;
mod error;
mod request;
mod settlement;

pub use claim::{Claim, Deployment};
pub use declared_value::{DeclarationPlace, DeclaredValue};
pub use document::{check, complete};
pub use error::DocumentError;
pub use request::Facts;
pub use settlement::{Settlement, SettlementPlace};
