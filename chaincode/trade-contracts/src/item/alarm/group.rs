//! The alarms of one event as a group, and the evidence of them.

use std::collections::BTreeSet;

use fabric_contract::{Context, Part};
use serde_json::json;
use trade_model::Refusal;
use trade_model::common::{AlarmGroupId, Digest256, MediaType, NewestFirst, Set, Text};
use trade_model::evidence::{Evidence, EvidenceKind, Subject};
use trade_model::item::{
    ALARM_GROUPS, Alarm, AlarmGroup, AlarmKind, Concern, ItemRejection, PARTY_ALARMS, RecordedEvent, Stake,
};
use trade_standards::identifier::{CountryCode, MspId};

use super::judgement::Found;
use crate::item::session::Session;
use crate::{evidence, ledger};

/// The version of the conflict rules, quoted in the evidence.
const RULES: &str = "conflict-rules/3";

/// The group of the alarms that the record of an event raises.
pub(super) fn id(record: &RecordedEvent) -> AlarmGroupId {
    AlarmGroupId::of(&record.record_id)
}

/// A group by its id.
///
/// # Errors
/// [`ItemRejection::AlarmGroupUnknown`].
pub(in crate::item) fn find_group(ctx: &mut Context<'_>, group_id: &AlarmGroupId) -> Result<AlarmGroup, Refusal> {
    ledger::require(ctx, &ALARM_GROUPS, group_id, |group_id| ItemRejection::AlarmGroupUnknown { group_id })
}

/// Writes the group of the alarms, which are at least one, and where the members that it concerns find it.
pub(super) fn write(
    ctx: &mut Context<'_>,
    session: &mut Session,
    record: &RecordedEvent,
    alarms: &[Alarm],
) -> Result<AlarmGroupId, Refusal> {
    let group = gather(session, record, alarms);
    let place = NewestFirst::new(group.raised.at, session.place);
    let about = group.about.iter().map(|msp_id| (msp_id, Concern::About));
    let addressed = group.addressed_to.iter().map(|msp_id| (msp_id, Concern::Addressed));
    let raised = std::iter::once((&group.recorded_by, Concern::Raised));
    for (msp_id, concern) in about.chain(addressed).chain(raised) {
        let key = (Part(msp_id.clone()), concern, place, group.group_id.clone());
        PARTY_ALARMS.put(ctx, &key, &group.group_id)?;
    }
    ALARM_GROUPS.put(ctx, &group.group_id, &group)?;
    session.groups.push(group.group_id.clone());
    Ok(group.group_id)
}

/// Adds an alarm to the group of an earlier document, and lists it for those whom it did not concern before.
pub(super) fn grow(ctx: &mut Context<'_>, session: &mut Session, alarm: &Alarm) -> Result<(), Refusal> {
    let mut group = match session.grown.remove(&alarm.group_id) {
        Some(group) => group,
        None => find_group(ctx, &alarm.group_id)?,
    };
    let place = NewestFirst::new(alarm.raised.at, session.place);
    let mut list = |msp_id: &MspId, concern: Concern| {
        let key = (Part(msp_id.clone()), concern, place, alarm.group_id.clone());
        PARTY_ALARMS.put(ctx, &key, &alarm.group_id)
    };
    for msp_id in &alarm.about {
        if insert(&mut group.about, msp_id) {
            list(msp_id, Concern::About)?;
        }
        insert(&mut group.parties, msp_id);
    }
    for addressee in &alarm.addressed_to {
        if insert(&mut group.addressed_to, &addressee.msp_id) {
            list(&addressee.msp_id, Concern::Addressed)?;
        }
        if addressee.relation != Stake::Authority {
            insert(&mut group.parties, &addressee.msp_id);
        }
    }
    group.alarms = group.alarms.saturating_add(1);
    group.answer_by = group.answer_by.max(alarm.answer_by);
    session.grown.insert(alarm.group_id.clone(), group);
    Ok(())
}

/// Adds a member to a sorted list, unless it is in it.
fn insert(members: &mut Vec<MspId>, msp_id: &MspId) -> bool {
    match members.binary_search(msp_id) {
        Ok(_) => false,
        Err(at) => {
            members.insert(at, msp_id.clone());
            true
        }
    }
}

fn gather(session: &Session, record: &RecordedEvent, alarms: &[Alarm]) -> AlarmGroup {
    let about: BTreeSet<MspId> = alarms.iter().flat_map(|alarm| alarm.about.iter().cloned()).collect();
    let told = |authorities: bool| {
        let all = alarms.iter().flat_map(|alarm| &alarm.addressed_to);
        all.filter(move |addressee| (addressee.relation == Stake::Authority) == authorities)
            .map(|addressee| addressee.msp_id.clone())
    };
    let mut parties: BTreeSet<MspId> = told(false).chain(about.iter().cloned()).collect();
    parties.extend(alarms.iter().filter_map(|alarm| alarm.other_party.clone()));
    parties.insert(record.recorded.by.clone());
    let places: BTreeSet<CountryCode> = alarms.iter().filter_map(|alarm| alarm.place.clone()).collect();
    let kinds: BTreeSet<AlarmKind> = alarms.iter().map(|alarm| alarm.kind).collect();
    let grades = alarms.iter().map(|alarm| alarm.grade);
    let raised = session.caller.stamp();
    AlarmGroup {
        group_id: id(record),
        event_hash: record.event_hash.clone(),
        record_id: record.record_id.clone(),
        recorded_by: record.recorded.by.clone(),
        kinds: kinds.into_iter().collect(),
        grade: grades.min().expect("a group has an alarm"),
        alarms: u32::try_from(alarms.len()).unwrap_or(u32::MAX),
        about: about.into_iter().collect(),
        addressed_to: told(false).chain(told(true)).collect::<BTreeSet<_>>().into_iter().collect(),
        parties: parties.into_iter().collect(),
        places: places.into_iter().collect(),
        answer_by: session.alarm_rules.answer_by(raised.at),
        raised,
        evidence_sha256: alarms[0].evidence_sha256.clone(),
    }
}

/// Deposits what the ledger itself puts on record when it raises alarms. The event is named by its digest and the
/// alarms by one digest over all of them: one event can raise an alarm for each of two thousand things.
pub(super) fn deposit(
    ctx: &mut Context<'_>,
    session: &Session,
    record: &RecordedEvent,
    found: &[Found],
) -> Result<Digest256, Refusal> {
    let facts = facts(record, found);
    let sha256 = Digest256::of(facts.as_bytes());
    let evidence = Evidence {
        sha256: sha256.clone(),
        kind: EvidenceKind::Alarm,
        media_type: MediaType::parse("application/json")?,
        size_bytes: Some(facts.len() as u64),
        captured_at: session.caller.now,
        tool: Text::parse(RULES)?,
        subjects: Set::new(vec![Subject::Event(record.record_id.clone())])?,
        claim: None,
        deposited: session.caller.stamp(),
        facts: Some(facts),
    };
    evidence::deposit_facts(ctx, &evidence)?;
    Ok(sha256)
}

fn facts(record: &RecordedEvent, found: &[Found]) -> String {
    let line = |Found { alarm_id, conflict, .. }: &Found| {
        let other_party = conflict.other_party.as_ref().map_or("", MspId::as_str);
        let (kind, item_id, conflicts_with) = (conflict.kind.as_str(), &conflict.item_id, &conflict.conflicts_with);
        format!("{alarm_id}\n{kind}\n{item_id}\n{conflicts_with}\n{other_party}\n")
    };
    let alarms: String = found.iter().map(line).collect();
    json!({
        "group_id": id(record),
        "event_hash": record.event_hash,
        "record_id": record.record_id,
        "event_sha256": Digest256::of(record.event.to_string().as_bytes()),
        "recorded_by": record.recorded.by,
        "recorded_at": record.recorded.at,
        "transaction_id": record.recorded.transaction_id,
        "alarms": found.len(),
        "alarms_sha256": Digest256::of(alarms.as_bytes()),
        "rules": RULES,
    })
    .to_string()
}
