//! The rules in force: those that the members voted, or the default that ships.

use fabric_contract::{Context, Fault};
use trade_model::rules::{RULES, Rules};

/// The rules in force in this transaction.
pub(crate) fn current(ctx: &mut Context<'_>) -> Result<Rules, Fault> {
    Ok(RULES.find(ctx, &())?.unwrap_or_default())
}
