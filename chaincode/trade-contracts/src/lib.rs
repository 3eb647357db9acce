#![doc = include_str!("../README.md")]

mod announce;
mod caller;
pub mod custody;
pub mod customs;
pub mod evidence;
mod form;
pub mod governance;
pub mod item;
pub mod payment;
pub mod proofs;
mod refusal;
pub mod rights;

pub use refusal::Refusal;

use fabric_contract::Router;

/// The title under which the contracts describe themselves.
pub const TITLE: &str = "entrepot";

/// All seven contracts behind one router.
pub fn router() -> Router {
    Router::new(TITLE, env!("CARGO_PKG_VERSION"))
        .contract(governance::contract())
        .contract(item::contract())
        .contract(custody::contract())
        .contract(rights::contract())
        .contract(evidence::contract())
        .contract(customs::contract())
        .contract(payment::contract())
}

#[cfg(test)]
mod tests;
