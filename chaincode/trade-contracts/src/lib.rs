#![doc = include_str!("../README.md")]

pub mod agreement;
mod announce;
mod authorship;
mod beside;
mod caller;
pub mod custody;
pub mod customs;
pub mod disclosure;
pub mod evidence;
pub mod governance;
pub mod item;
mod ledger;
pub mod mandate;
mod named;
pub mod payment;
mod period;
mod person;
mod private;
mod reference;
pub mod rights;
mod rules;
mod table;
pub mod title;

use fabric_contract::{ArgumentError, Failure, Router};
use trade_model::rejection::{Rejection, RequestRejection};

/// The title under which the contracts describe themselves.
pub const TITLE: &str = "entrepot";

/// All eleven contracts behind one router.
pub fn router() -> Router {
    Router::new(TITLE, env!("CARGO_PKG_VERSION"))
        .explain_arguments(malformed)
        .contract(governance::contract())
        .contract(item::contract())
        .contract(custody::contract())
        .contract(title::contract())
        .contract(mandate::contract())
        .contract(rights::contract())
        .contract(evidence::contract())
        .contract(customs::contract())
        .contract(agreement::contract())
        .contract(payment::contract())
        .contract(disclosure::contract())
}

fn malformed(error: &ArgumentError) -> Failure {
    Rejection::from(RequestRejection::from(error)).into()
}

#[cfg(test)]
mod tests;
