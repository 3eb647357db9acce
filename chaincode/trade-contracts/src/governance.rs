//! `governance`: the members of the channel, established once.

use std::collections::BTreeSet;

use fabric_contract::{Context, Contract};
use trade_model::common::{Malformed, Role, Stamp};
use trade_model::governance::{
    Establish, GovernanceEvent, GovernanceRejection, MEMBERS, MEMBERS_MAX, Member, Members, ReadMembers,
};
use trade_model::rejection::{CallerRejection, Rejection, RequestRejection};
use trade_model::{Refusal, Transaction};

use crate::announce::announce;
use crate::caller;
use crate::person::Acting;
use crate::table::On;

/// The contract's transactions.
pub fn contract() -> Contract {
    Contract::new("governance").on(establish).on(read_members)
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
    check_list(&members)?;
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

fn check_list(members: &[Member]) -> Result<(), Rejection> {
    if members.is_empty() {
        let malformed = Malformed::new("request.empty", "needs at least one entry");
        return Err(RequestRejection::of("/members", &malformed).into());
    }
    if members.len() > MEMBERS_MAX {
        let malformed = Malformed::new("request.too_many", format!("can have at most {MEMBERS_MAX} entries"));
        return Err(RequestRejection::of("/members", &malformed).into());
    }
    let mut taken = BTreeSet::new();
    let mut prefixes: Vec<&str> = Vec::new();
    for member in members {
        let msp_id = member.msp_id.clone();
        if member.has_role(Role::Regulator) && member.roles.len() > 1 {
            return Err(GovernanceRejection::RegulatorWithOtherRole { msp_id }.into());
        }
        let names = [
            Some(format!("msp {msp_id}")),
            member.gln.as_ref().map(|gln| format!("gln {gln}")),
            member.lei.as_ref().map(|lei| format!("lei {lei}")),
        ];
        if !names.into_iter().flatten().all(|name| taken.insert(name)) {
            return Err(GovernanceRejection::MemberTwice { msp_id }.into());
        }
        check_prefixes(member, &mut prefixes)?;
    }
    Ok(())
}

/// A key belongs to one company, so no prefix may begin another one.
fn check_prefixes<'m>(member: &'m Member, taken: &mut Vec<&'m str>) -> Result<(), GovernanceRejection> {
    for prefix in &member.gs1_company_prefixes {
        let prefix = prefix.as_str();
        if taken.iter().any(|other| other.starts_with(prefix) || prefix.starts_with(other)) {
            return Err(GovernanceRejection::CompanyPrefixTaken { msp_id: member.msp_id.clone() });
        }
        taken.push(prefix);
    }
    Ok(())
}
