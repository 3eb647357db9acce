//! What the records say about the things of a consignment: how many there are, who holds them, where they come from.

use trade_model::common::{Quantity, UnitCode};
use trade_model::customs::{ActKind, DecisionInputs, FindingReason, InputItem};
use trade_model::item::{ItemKind, Origin};

use super::reasons::Reasons;

/// Units in which things are counted: one, piece, each (UN/CEFACT Recommendation 20).
const COUNTED: [&str; 3] = ["C62", "EA", "H87"];

pub(super) fn no_open_alarm(inputs: &DecisionInputs) -> Reasons {
    let mut open = Vec::new();
    for item in &inputs.items {
        open.extend(item.open_alarms.iter().map(|alarm_id| FindingReason::OpenAlarm { alarm_id: alarm_id.clone() }));
        if item.more_open_alarms {
            open.push(FindingReason::MoreOpenAlarms { item_id: item.item_id.clone() });
        }
    }
    (open, Vec::new())
}

pub(super) fn origin_known(inputs: &DecisionInputs) -> Reasons {
    let mut unknown = Vec::new();
    for item in &inputs.items {
        if item.origin.is_none_or(|origin| origin == Origin::Unknown) {
            unknown.push(FindingReason::OriginUnknown { item_id: item.item_id.clone() });
        }
        if let Some(recorded) = item.maker_country.as_ref().filter(|country| **country != inputs.origin) {
            unknown.push(FindingReason::OriginDiffers { item_id: item.item_id.clone(), recorded: recorded.clone() });
        }
    }
    (Vec::new(), unknown)
}

pub(super) fn custody(inputs: &DecisionInputs) -> Reasons {
    let (held, without): (Vec<_>, Vec<_>) = inputs.items.iter().partition(|item| item.holder.is_some());
    let strangers = held.into_iter().filter(|item| !item.holder_in_consignment);
    (
        strangers.map(|item| FindingReason::HeldByStranger { item_id: item.item_id.clone() }).collect(),
        without.into_iter().map(|item| FindingReason::HolderUnknown { item_id: item.item_id.clone() }).collect(),
    )
}

/// The quantity is what an inspection counted last; without one, the number of things where these are counted.
pub(super) fn quantity(inputs: &DecisionInputs) -> Reasons {
    let inspected = inputs.acts.iter().rev().find_map(|act| match act.kind {
        ActKind::Inspected { quantity_found, .. } => quantity_found,
        _ => None,
    });
    match inspected.or_else(|| counted(&inputs.unit, &inputs.items)) {
        Some(found) if found == inputs.quantity => (Vec::new(), Vec::new()),
        Some(found) => (vec![FindingReason::QuantityDiffers { found }], Vec::new()),
        None => (Vec::new(), vec![FindingReason::QuantityNotCountable]),
    }
}

/// How many things there are; none when they are not counted in the unit, or the records do not tell them all: a unit
/// without recorded contents, a class, a thing that is not known.
fn counted(unit: &UnitCode, items: &[InputItem]) -> Option<Quantity> {
    let tells = |item: &InputItem| match item.kind {
        Some(ItemKind::Serialised) => true,
        Some(ItemKind::LogisticUnit) => item.contents > 0,
        Some(ItemKind::Other) | None => false,
    };
    if !COUNTED.contains(&unit.as_str()) || !items.iter().all(tells) {
        return None;
    }
    let things = items.iter().filter(|item| item.kind == Some(ItemKind::Serialised)).count();
    Quantity::from_millionths(u64::try_from(things).ok()?.checked_mul(1_000_000)?).ok()
}
