#![doc = include_str!("../README.md")]

mod claim;
mod credit;
mod declared_value;
pub mod desk;
mod document;
mod entry_amount;
mod error;
mod limit;
mod open_total;
mod place;
mod request;
mod settlement;
mod share;

pub use claim::{Claim, Deployment};
pub use credit::Credit;
pub use declared_value::{DeclarationPlace, DeclaredValue};
pub use document::{check, complete};
pub use entry_amount::EntryAmount;
pub use error::DocumentError;
pub use limit::SettlementLimit;
pub use open_total::OpenTotal;
pub use place::SettlementPlace;
pub use request::Facts;
pub use settlement::Settlement;
pub use share::SettlementShare;
