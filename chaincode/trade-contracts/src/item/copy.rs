//! The same event by two members: which of them saw it happen, the records cannot tell. Who has standing for it is told
//! by the things' records; the other one's is a copy.

use std::collections::BTreeSet;

use fabric_contract::Context;
use trade_model::Refusal;
use trade_model::common::{EventRecordId, Foreign};
use trade_model::item::{AlarmKind, RecordedEvent};
use trade_standards::identifier::MspId;

use super::alarm::Conflict;
use super::session::Session;

/// Most members whose records of the same event are looked for.
const PARTIES_MAX: usize = 20;

/// The conflicts of an event that its recorder has no standing for, when a member that holds, owns or made one of the
/// things has recorded it word for word; one per thing. An event that was taken back contradicts nothing.
pub(super) fn conflicts(
    ctx: &mut Context<'_>,
    session: &mut Session,
    record: &RecordedEvent,
) -> Result<Vec<Conflict>, Refusal> {
    if record.sightings.is_empty() {
        return Ok(Vec::new());
    }
    let Some(first) = recorded_by_another(ctx, session, record)? else { return Ok(Vec::new()) };
    let things: BTreeSet<_> = record.sightings.iter().map(|sighted| sighted.item_id.clone()).collect();
    let conflict = |item_id| Conflict {
        kind: AlarmKind::SameEventByAnother,
        item_id,
        conflicts_with: Foreign::of_id(&first.record_id),
        other_party: Some(first.recorded.by.clone()),
    };
    Ok(things.into_iter().map(conflict).collect())
}

/// The record of the same event by a member that holds, owns or made one of the things, or has named their prefix.
pub(super) fn recorded_by_another(
    ctx: &mut Context<'_>,
    session: &mut Session,
    record: &RecordedEvent,
) -> Result<Option<RecordedEvent>, Refusal> {
    for party in parties(ctx, session, record)? {
        let found = session.find_record(ctx, &EventRecordId::of(&record.event_hash, &party))?;
        if let Some(found) = found.filter(|found| found.declared_erroneous.is_none()) {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

fn parties(ctx: &mut Context<'_>, session: &mut Session, record: &RecordedEvent) -> Result<BTreeSet<MspId>, Refusal> {
    let mut parties = BTreeSet::new();
    for item_id in record.items.iter().chain(&record.parent) {
        if parties.len() >= PARTIES_MAX {
            break;
        }
        let key = item_id.object();
        let company = session.caller.members.company_of_object(&key);
        parties.extend(company.map(|company| company.msp_id.clone()));
        if let Some(item) = session.registry.find(ctx, item_id)? {
            let of_item = [&item.holder, &item.owner, &item.commissioner];
            parties.extend(of_item.into_iter().flatten().cloned());
        }
    }
    parties.remove(session.caller.msp_id());
    Ok(parties)
}
