//! `governance`: the members of the channel, established once.

mod list;

use fabric_contract::{Context, Contract};
use trade_model::common::{Role, Stamp};
use trade_model::governance::{
    Establish, GovernanceEvent, GovernanceRejection, MEMBERS, Members, ReadMembers, ReadRules,
};
use trade_model::rejection::CallerRejection;
use trade_model::rules::Rules;
use trade_model::{Refusal, Transaction};

use crate::announce::announce;
use crate::caller;
use crate::person::Acting;
use crate::rules;
use crate::table::On;

/// The contract's transactions.
pub fn contract() -> Contract {
    Contract::new("governance").on(establish).on(read_members).on(read_rules)
}

/// Names the members of the channel. The first caller does it; Fabric's policy decides who can call at all.
///
/// # Errors
/// See the table of rejections: the list must be well formed, include the caller, and must not exist yet.
pub fn establish(ctx: &mut Context<'_>, request: Establish) -> Result<Members, Refusal> {
    if MEMBERS.exists(ctx, &())? {
        return Err(GovernanceRejection::AlreadyEstablished.into());
    }
    let creator = ctx.creator().msp_id.clone();
    let mut members = request.members;
    list::check(&members)?;
    if let Some(stated) = members.iter().find(|member| member.suspended) {
        return Err(GovernanceRejection::StandingStated { msp_id: stated.msp_id.clone() }.into());
    }
    let me = members.iter().find(|member| member.msp_id.as_str() == creator);
    let me = me.ok_or_else(|| GovernanceRejection::CallerNotListed { msp_id: creator.clone() })?;
    if me.has_role(Role::Regulator) {
        return Err(CallerRejection::RegulatorReadsOnly { msp_id: creator }.into());
    }

    let acting = Acting::of(ctx)?;
    if let Some(duty) = Establish::DUTY {
        acting.check(duty, me)?;
    }

    let by = me.msp_id.clone();
    members.sort_by(|a, b| a.msp_id.cmp(&b.msp_id));
    let (at, transaction_id) = (caller::now(ctx)?, caller::transaction_id(ctx)?);
    let established = Stamp { by, at, transaction_id, operator: acting.operator };
    let record = Members { members, established };
    MEMBERS.put(ctx, &(), &record)?;
    let names = record.members.iter().map(|member| member.msp_id.clone()).collect();
    announce(ctx, GovernanceEvent::Established { members: names })?;
    Ok(record)
}

/// The members of the channel.
///
/// # Errors
/// [`GovernanceRejection::NotEstablished`] before `Establish`.
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
