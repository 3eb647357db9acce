//! `rights`: what members claim to own and what attesters of offices confirm, licences that both sides sign, and the
//! questions which rights protect goods and whether an act is covered.
//!
//! Every statement is a record of the member that makes it, with that member's authorship digest. A record without it
//! counts for nothing.

mod assign;
mod attest;
mod chain;
pub(crate) mod check;
mod claim;
mod days;
mod end;
mod exclusive;
mod facts;
pub(crate) mod find;
mod grant;
mod listing;
mod oppose;
mod opposed;
mod product;
mod reply;
mod revoke;
mod transfer;

use fabric_contract::Contract;

use crate::table::On;

pub use assign::{accept_products, assign_products, end_assignment, refuse_products};
pub use attest::{attest_right, withdraw_attestation};
pub(crate) use chain::{Permission, chain, find_licence, permission};
pub use check::check;
pub use claim::{register_right, renew_right};
pub use end::end_right;
pub(crate) use facts::{facts, find_right};
pub use find::find_rights;
pub use grant::grant_licence;
pub use listing::{read_licence, read_licence_offers, read_licences, read_right};
pub use oppose::{answer_opposition, decide_opposition, oppose_right, withdraw_opposition};
pub use reply::{accept_licence, refuse_licence};
pub use revoke::{end_licence, revoke_licence};
pub use transfer::{accept_right, offer_right, refuse_right, withdraw_right_offer};

/// The contract's transactions.
pub fn contract() -> Contract {
    Contract::new("rights")
        .on(register_right)
        .on_seen(renew_right, read_right)
        .on(attest_right)
        .on_seen(withdraw_attestation, read_right)
        .on_seen(end_right, read_right)
        .on(oppose_right)
        .on_seen(withdraw_opposition, read_right)
        .on(answer_opposition)
        .on(decide_opposition)
        .on(offer_right)
        .on_seen(accept_right, read_right)
        .on_seen(refuse_right, read_right)
        .on_seen(withdraw_right_offer, read_right)
        .on(assign_products)
        .on(accept_products)
        .on(refuse_products)
        .on(end_assignment)
        .on(grant_licence)
        .on_seen(accept_licence, read_licence)
        .on_seen(refuse_licence, read_licence)
        .on_seen(revoke_licence, read_licence)
        .on_seen(end_licence, read_licence)
        .on(read_right)
        .on(find_rights)
        .on(read_licence)
        .on(read_licences)
        .on(read_licence_offers)
        .on(check)
}
