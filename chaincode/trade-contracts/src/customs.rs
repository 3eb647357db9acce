//! `customs`: tariffs as data, declarations with committed values, decisions by rule, their approval and replay.

mod approve;
mod assess;
mod authenticity;
mod declaration;
mod tariff;

use fabric_contract::Contract;

use crate::table::On;

pub use approve::{approve, read_approval};
pub use assess::{assess, read_decision, replay};
pub use declaration::{file, read_declaration, read_value_opening, share_value_opening};
pub use tariff::{publish, read_tariff};

/// The contract's transactions.
pub fn contract() -> Contract {
    Contract::new("customs")
        .on(publish)
        .on(file)
        .on(share_value_opening)
        .on(assess)
        .on(approve)
        .on(read_tariff)
        .on(read_declaration)
        .on(read_value_opening)
        .on(read_decision)
        .on(read_approval)
        .on(replay)
}
