#![doc = include_str!("../README.md")]

mod claim;
mod declared_value;
mod settlement;

pub use claim::{Claim, Deployment};
pub use declared_value::{DeclarationPlace, DeclaredValue};
pub use settlement::{Settlement, SettlementPlace};
