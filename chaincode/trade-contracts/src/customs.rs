//! `customs`: tariffs as data, declarations with committed values, decisions by rule and by officers, and holds.
//!
//! What is compared is found from the ledger: the authority and its tariff from the destination, the rights from the
//! goods, the licences from the importer, the quantity from the contents. What the declarant names decides nothing.

mod act;
mod acts;
mod approve;
mod assess;
mod authenticity;
mod codes;
mod consignment;
mod declaration;
mod exhaustion;
mod facts;
mod file;
pub(crate) mod hold;
mod keeper;
mod key;
mod product;
mod protection;
mod replay;
mod reservation;
mod tariff;

use fabric_contract::Contract;

use crate::table::On;

pub use act::{appeal, inspect, provide_document, read_acts, request_documents, withdraw};
pub use approve::{approve, read_approval};
pub use assess::{assess, decide};
pub use declaration::{read_declaration, read_value_opening, share_value_opening};
pub use file::file;
pub use hold::{approve_hold, confirm, lift, place_hold, read_hold, seize};
pub use product::{classify, read_classification};
pub use replay::{read_decision, replay};
pub use tariff::{publish, read_tariff};

/// The contract's transactions.
pub fn contract() -> Contract {
    Contract::new("customs")
        .on(publish)
        .on(classify)
        .on(file)
        .on(share_value_opening)
        .on_seen(withdraw, read_declaration)
        .on(request_documents)
        .on(provide_document)
        .on(inspect)
        .on(appeal)
        .on(assess)
        .on_seen(decide, read_declaration)
        .on_seen(approve, read_declaration)
        .on(place_hold)
        .on_seen(confirm, read_hold)
        .on_seen(seize, read_hold)
        .on_seen(lift, read_hold)
        .on_seen(approve_hold, read_hold)
        .on(read_tariff)
        .on(read_classification)
        .on(read_declaration)
        .on(read_value_opening)
        .on(read_acts)
        .on(read_decision)
        .on(read_approval)
        .on(replay)
        .on(read_hold)
}
