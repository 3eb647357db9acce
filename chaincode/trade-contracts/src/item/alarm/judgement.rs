//! What a conflict weighs, and whose conduct it puts in question.
//!
//! A member with standing in a matter is never put in question by the record of one without. Where all have standing,
//! the ledger contradicts itself: that is a hard alarm. Where none has, it is a soft one about all of them.

use std::collections::BTreeSet;

use trade_model::common::{AlarmId, Set};
use trade_model::governance::Members;
use trade_model::item::{AlarmKind, Grade, Item};
use trade_standards::identifier::MspId;

use super::conflict::Conflict;
use crate::item::effects::entitlement::may_commission;

/// A conflict with what it weighs, and the thing as the ledger knows it.
pub(super) struct Found {
    pub(super) alarm_id: AlarmId,
    pub(super) conflict: Conflict,
    pub(super) judgement: Judgement,
    pub(super) item: Option<Item>,
}

/// What a conflict weighs, and whose conduct it puts in question.
pub(super) struct Judgement {
    pub(super) grade: Grade,
    pub(super) about: Set<MspId, 1, 2>,
}

/// Judges a conflict that a record of `recorder` shows; none when it is no conflict, because both sides have standing
/// and say the same.
pub(super) fn judge(
    members: &Members,
    recorder: &MspId,
    conflict: &Conflict,
    item: Option<&Item>,
) -> Option<Judgement> {
    let other = conflict.other_party.as_ref().filter(|other| *other != recorder);
    let related = |msp_id: &MspId| is_related(members, msp_id, conflict, item);
    match conflict.kind {
        AlarmKind::NotHolder
        | AlarmKind::TitleConflict
        | AlarmKind::CommissionerNotEntitled
        | AlarmKind::OutsideOfRanges
        | AlarmKind::EventIdReused => Some(soft(recorder, None)),
        // The recorder is entitled to put the thing into use, and the other was only the first to see it.
        AlarmKind::SeenBeforeCommissioning => Some(soft(other.unwrap_or(recorder), None)),
        AlarmKind::SecondCommissioning if company(members, conflict).is_some() => Some(hard(recorder, other)),
        // Nobody has named the prefix: neither of two makers has shown that the serial number is its own.
        AlarmKind::SecondCommissioning => Some(soft(recorder, other)),
        AlarmKind::SameEventByAnother => match (related(recorder), other.is_some_and(related), other) {
            (true, true, _) => None,
            (true, false, Some(other)) => Some(soft(other, None)),
            (false, true, _) => Some(soft(recorder, None)),
            _ => Some(soft(recorder, other)),
        },
        AlarmKind::UseAfterEnd | AlarmKind::PackingConflict | AlarmKind::SoldTwice | AlarmKind::MovedWhileHeld => {
            let has = item.is_some_and(|item| is_holder_or_owner(item, recorder));
            Some(if has { hard(recorder, None) } else { soft(recorder, None) })
        }
    }
}

fn hard(first: &MspId, second: Option<&MspId>) -> Judgement {
    Judgement { grade: Grade::Hard, about: members_of(first, second) }
}

fn soft(first: &MspId, second: Option<&MspId>) -> Judgement {
    Judgement { grade: Grade::Soft, about: members_of(first, second) }
}

/// One or two members, each once.
pub(super) fn members_of(first: &MspId, second: Option<&MspId>) -> Set<MspId, 1, 2> {
    let different: BTreeSet<&MspId> = std::iter::once(first).chain(second).collect();
    Set::new(different.into_iter().cloned().collect()).expect("one or two different members")
}

/// Whether the member is holder, owner, maker or brand of the thing, or may put it into use.
fn is_related(members: &Members, msp_id: &MspId, conflict: &Conflict, item: Option<&Item>) -> bool {
    let of_item = |item: &Item| is_holder_or_owner(item, msp_id) || item.commissioner.as_ref() == Some(msp_id);
    let member = members.find(msp_id);
    let entitled = member.is_some_and(|member| may_commission(members, member, &conflict.item_id.object()));
    entitled || item.is_some_and(of_item)
}

fn is_holder_or_owner(item: &Item, msp_id: &MspId) -> bool {
    item.holder.as_ref() == Some(msp_id) || item.owner.as_ref() == Some(msp_id)
}

/// The member whose company prefix the thing's key begins with.
fn company<'m>(members: &'m Members, conflict: &Conflict) -> Option<&'m MspId> {
    members.company_of_object(&conflict.item_id.object()).map(|company| &company.msp_id)
}
