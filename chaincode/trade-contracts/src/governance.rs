//! `governance`: the enterprises of the channel, established once.

mod keys;

use std::collections::BTreeSet;

use fabric_contract::{Context, Contract};
use serde_json::json;
use trade_model::governance::{COMPANY_PREFIXES_MAX, Establish, PARTICIPANTS_MAX, Participant, Participants};
use trade_model::party::Role;
use trade_model::rejection::Rejection;
use trade_standards::identifier::{Gln, Lei, MspId};

use crate::announce::announce;
use crate::{Refusal, caller, form};

/// The contract's transactions.
pub fn contract() -> Contract {
    Contract::new("governance").submit("Establish", establish).evaluate("Participants", read)
}

/// Names the enterprises of the channel. Whoever comes first does it; Fabric's policy decides who can come at all.
///
/// # Errors
/// See the table of rejections: the list must be well formed, include the caller, and nobody may have done it before.
pub fn establish(ctx: &mut Context<'_>, request: Establish) -> Result<Participants, Refusal> {
    let key = keys::participants()?;
    if ctx.get(&key)?.is_some() {
        return Err(Rejection::AlreadyEstablished.into());
    }
    let creator = ctx.creator().msp_id.clone();
    let mut participants = request.participants;
    check_list(&participants)?;
    let me = participants.iter().find(|participant| participant.msp_id.as_str() == creator);
    let me = me.ok_or(Rejection::CallerNotListed { msp_id: creator.clone() })?;
    if me.has_role(Role::Regulator) {
        return Err(Rejection::RegulatorReadsOnly { msp_id: creator }.into());
    }

    let established_by = me.msp_id.clone();
    participants.sort_by(|a, b| a.msp_id.cmp(&b.msp_id));
    for participant in &mut participants {
        participant.roles.sort_unstable();
    }
    let record = Participants {
        participants,
        established_by,
        established_at: caller::now(ctx)?,
        transaction_id: ctx.tx_id().to_owned(),
    };

    ctx.put_json(&key, &record)?;
    let names: Vec<&MspId> = record.participants.iter().map(|participant| &participant.msp_id).collect();
    announce(ctx, "governance.established", &json!({ "participants": names }))?;
    Ok(record)
}

/// Everybody who takes part.
///
/// # Errors
/// [`Rejection::NotEstablished`] before `Establish`.
pub fn read(ctx: &mut Context<'_>, (): ()) -> Result<Participants, Refusal> {
    participants(ctx)
}

pub(crate) fn participants(ctx: &mut Context<'_>) -> Result<Participants, Refusal> {
    let record = ctx.get_json::<Participants>(&keys::participants()?)?;
    Ok(record.ok_or(Rejection::NotEstablished)?)
}

fn check_list(participants: &[Participant]) -> Result<(), Rejection> {
    if participants.is_empty() {
        return Err(Rejection::Empty { field: "participants" });
    }
    if participants.len() > PARTICIPANTS_MAX {
        return Err(Rejection::TooMany { field: "participants", max: PARTICIPANTS_MAX });
    }
    let mut taken = BTreeSet::new();
    let mut prefixes: Vec<&str> = Vec::new();
    for participant in participants {
        let msp_id = participant.msp_id.clone();
        form::text("name", &participant.name, 200)?;
        if participant.roles.is_empty() {
            return Err(Rejection::NoRole { msp_id });
        }
        form::sorted_set("roles", participant.roles.clone(), 7)?;
        if participant.has_role(Role::Regulator) && participant.roles.len() > 1 {
            return Err(Rejection::RegulatorWithOtherRole { msp_id });
        }
        let mut names = vec![format!("msp {msp_id}")];
        if let Some(gln) = &participant.gln {
            let gln = Gln::parse(gln).map_err(|rule| Rejection::identifier("gln", rule))?;
            names.push(format!("gln {gln}"));
        }
        if let Some(lei) = &participant.lei {
            let lei = Lei::parse(lei).map_err(|rule| Rejection::identifier("lei", rule))?;
            names.push(format!("lei {lei}"));
        }
        if !names.into_iter().all(|name| taken.insert(name)) {
            return Err(Rejection::ParticipantTwice { msp_id });
        }
        check_prefixes(participant, &mut prefixes)?;
    }
    Ok(())
}

/// A key belongs to one company, so no prefix may begin another one.
fn check_prefixes<'p>(participant: &'p Participant, taken: &mut Vec<&'p str>) -> Result<(), Rejection> {
    let field = "gs1_company_prefixes";
    if participant.gs1_company_prefixes.len() > COMPANY_PREFIXES_MAX {
        return Err(Rejection::TooMany { field, max: COMPANY_PREFIXES_MAX });
    }
    for prefix in &participant.gs1_company_prefixes {
        if !(4..=12).contains(&prefix.len()) || !prefix.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Rejection::NumberMalformed { field });
        }
        if taken.iter().any(|other| other.starts_with(prefix.as_str()) || prefix.starts_with(other)) {
            return Err(Rejection::CompanyPrefixTaken { msp_id: participant.msp_id.clone() });
        }
        taken.push(prefix);
    }
    Ok(())
}
