//! `customs`: tariffs as data, declarations with committed values, decisions by rule, and their replay.

mod assess;
mod calendar;
mod decide;
mod declaration;
mod keys;
mod tariff;

use fabric_contract::{Context, Contract};

use crate::Refusal;

pub use assess::{assess, read_decision, replay};
pub use declaration::{file, read};
pub use tariff::{publish, read as read_tariff};

/// The contract's transactions.
pub fn contract() -> Contract {
    Contract::new("customs")
        .submit("PublishTariff", publish)
        .submit("FileDeclaration", file)
        .submit("Assess", assess)
        .evaluate("ReadTariff", read_tariff)
        .evaluate("ReadDeclaration", read)
        .evaluate("ReadDecision", read_decision)
        .evaluate("Replay", replay)
}

pub(crate) fn exists(ctx: &mut Context<'_>, declaration_id: &str) -> Result<bool, Refusal> {
    Ok(ctx.get(&keys::declaration(declaration_id)?)?.is_some())
}
