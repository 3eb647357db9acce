//! What the records of a way leave open.
//!
//! The way of a thing is that of the units around it, too: what happened to a pallet happened to all that lay in it.

use trade_model::common::Foreign;
use trade_model::item::{Basis, Gap, GapKind, Item, Origin, RecordedEvent, TraceStep};
use trade_standards::gs1::{Gs1Key, ObjectUri};
use trade_standards::identifier::{Gln, MspId};

use super::mark::At;
use super::timeline::Span;

/// Most gaps that a page tells.
const GAPS_MAX: usize = 50;

/// A thing and what lies around it.
pub(super) struct Around<'t> {
    pub(super) item: &'t Item,
    /// The unit in which it lies.
    pub(super) unit: Option<&'t Item>,
    /// The newest event of a member without standing that names it.
    pub(super) sighting: Option<&'t RecordedEvent>,
    /// Whether this is the newest page.
    pub(super) first_page: bool,
}

/// What the custody timeline and the steps of a page, newest first, leave open. What is open now is told on the first
/// page.
pub(super) fn find(
    Around { item, unit, sighting, first_page }: &Around<'_>,
    custody: &[Span<MspId>],
    steps: &[TraceStep],
) -> Vec<Gap> {
    let way: Vec<&TraceStep> = steps.iter().rev().filter(|step| !step.erroneous).collect();
    let mut gaps = Vec::new();
    if *first_page {
        let last = way.last().map(|step| step.recorded_at);
        let since = sighting.filter(|sighting| last.is_none_or(|last| last < sighting.recorded.at));
        gaps.extend(now(item, *unit, since));
        gaps.extend(on_the_road(item, custody, &way));
    }
    gaps.extend(jumps(custody, &way));
    gaps.truncate(GAPS_MAX);
    gaps
}

/// What is open whatever the steps say.
fn now(item: &Item, unit: Option<&Item>, sighting: Option<&RecordedEvent>) -> Vec<Gap> {
    let mut gaps = Vec::new();
    if item.origin == Origin::Unknown {
        let text = "No commissioning is recorded here: where it comes from is unknown.".to_owned();
        gaps.push(gap(GapKind::OriginUnknown, text, None));
    }
    if let Some(transfer_id) = &item.open_transfer {
        let holder = item.holder.as_ref().map_or("nobody", MspId::as_str);
        let text = format!("The custody transfer {transfer_id} is not confirmed: {holder} stays responsible.");
        gaps.push(gap(GapKind::HandoverOpen, text, Some(Foreign::of_id(&transfer_id.to_string()))));
    }
    if let Some(unit) = unit.filter(|unit| unit.life.has_ended()) {
        let text = format!("It is recorded in {}, which is out of use.", unit.item_id);
        gaps.push(gap(GapKind::UnitEnded, text, Some(Foreign::of_id(&unit.item_id))));
    }
    if let Some(sighting) = sighting {
        let (by, day) = (&sighting.recorded.by, sighting.event_time.date());
        let text = format!("{by}, which has no part in it, recorded it on {day}, after all that is told here.");
        gaps.push(gap(GapKind::SightedSince, text, Some(Foreign::of_id(&sighting.record_id))));
    }
    gaps
}

/// A departure that no arrival, storage or handover follows.
fn on_the_road(item: &Item, custody: &[Span<MspId>], way: &[&TraceStep]) -> Option<Gap> {
    let last = way.iter().rposition(|step| leaves(step))?;
    let departure = way[last];
    let handed_over = custody.last().is_some_and(|span| span.from() > at(departure));
    let arrived = way[last + 1..].iter().any(|step| arrives(step) && is_by_holder(step));
    if handed_over || arrived || item.open_transfer.is_some() {
        return None;
    }
    let (by, day) = (&departure.recorded_by, departure.event_time.date());
    let (kind, text) = match name(departure) {
        "shipping" => {
            (GapKind::ShippedNotAccepted, format!("It was shipped by {by} on {day} and nobody has accepted it since."))
        }
        _ => (GapKind::DepartedNotArrived, format!("It departed on {day} ({by}) and no arrival is recorded since.")),
    };
    Some(gap(kind, text, Some(Foreign::of_id(&departure.record_id))))
}

/// Sites of one after the other step between which nothing moved it: no movement, and no handover.
fn jumps(custody: &[Span<MspId>], way: &[&TraceStep]) -> Vec<Gap> {
    let mut gaps = Vec::new();
    let mut last: Option<(usize, Gln)> = None;
    for (index, step) in way.iter().enumerate() {
        let Some(site) = step.place.as_ref().and_then(site) else { continue };
        if let Some((before, was)) = last.filter(|(_, was)| *was != site) {
            let moves = |step: &&TraceStep| leaves(step) || arrives(step) || name(step) == "transporting";
            let since = at(way[before]);
            let by_hand = |basis| matches!(basis, Basis::CustodyTransfer | Basis::Recovery);
            let hands = |span: &Span<MspId>| by_hand(span.entry.basis) && since < span.from();
            let handed_over = custody.iter().any(|span| hands(span) && span.from() <= at(step));
            if !handed_over && !way[before..=index].iter().any(moves) {
                let (from_day, day) = (way[before].event_time.date(), step.event_time.date());
                let text =
                    format!("It was at {was} on {from_day} and at {site} on {day}; nothing tells how it got there.");
                gaps.push(gap(GapKind::MovedWithoutRecord, text, Some(Foreign::of_id(&step.record_id))));
            }
        }
        last = Some((index, site));
    }
    gaps
}

/// The site of a place: its GLN, so that two docks of one site are not two sites. Places that have none are not
/// compared.
fn site(place: &Foreign) -> Option<Gln> {
    let object = ObjectUri::parse(place.as_str()).ok()?;
    let uri = object.gs1().filter(|uri| uri.key() == Gs1Key::Gln)?;
    Gln::parse(uri.value()).ok()
}

fn leaves(step: &TraceStep) -> bool {
    matches!(name(step), "shipping" | "departing")
}

fn arrives(step: &TraceStep) -> bool {
    matches!(name(step), "arriving" | "receiving" | "accepting")
}

/// Whether who recorded the step was responsible then: what an addressee sees arrive, it has not accepted.
fn is_by_holder(step: &TraceStep) -> bool {
    step.responsible.as_ref() == Some(&step.recorded_by)
}

fn name(step: &TraceStep) -> &str {
    step.business_step.as_ref().map_or("", Foreign::as_str)
}

fn at(step: &TraceStep) -> At {
    (step.recorded_at, step.place_in_document)
}

fn gap(kind: GapKind, text: String, reference: Option<Foreign>) -> Gap {
    Gap { kind, text, reference }
}
