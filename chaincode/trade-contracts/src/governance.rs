//! `governance`: the members of the channel, founded by all that are listed, changed by vote, and the rules.

mod change;
mod electorate;
mod enact;
mod force;
mod founding;
mod list;
mod proposal;
mod status;
mod vote;

use fabric_contract::{Context, Contract};
use trade_model::Refusal;
use trade_model::governance::{Members, ReadMembers, ReadRules};
use trade_model::rules::Rules;

use crate::caller;
use crate::rules;
use crate::table::On;

/// The contract's transactions.
pub fn contract() -> Contract {
    Contract::new("governance")
        .on(founding::propose)
        .on(founding::confirm)
        .on(founding::read)
        .on(founding::page)
        .on(proposal::propose)
        .on(vote::vote)
        .on(vote::approve)
        .on(enact::enact)
        .on(proposal::read)
        .on(proposal::page)
        .on(read_members)
        .on(read_rules)
}

/// The members of the channel.
///
/// # Errors
/// `governance.not_established` before a founding is in force.
pub fn read_members(ctx: &mut Context<'_>, ReadMembers {}: ReadMembers) -> Result<Members, Refusal> {
    caller::members(ctx)
}

/// The rules in force.
///
/// # Errors
/// None of its own: while nothing was voted, the default that ships holds.
pub fn read_rules(ctx: &mut Context<'_>, ReadRules {}: ReadRules) -> Result<Rules, Refusal> {
    Ok(rules::current(ctx)?)
}
