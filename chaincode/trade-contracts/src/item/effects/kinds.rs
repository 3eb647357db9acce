//! What an event does, by its business step, action, disposition and contents (CBV 2.0 §7).

use std::collections::BTreeSet;

use trade_model::item::{Life, StepEffect};
use trade_standards::epcis::{Action, Event, EventBody};

/// What the event does to a thing; `sold` when the thing is sold just now, as only that can be returned into stock.
pub(super) fn of(event: &Event, sold: bool, recalled: bool) -> BTreeSet<StepEffect> {
    let disposition = event.disposition_name().unwrap_or_default();
    if sold && disposition == "returned" {
        return BTreeSet::from([StepEffect::Return]);
    }
    let mut effects: BTreeSet<StepEffect> = step(event).into_iter().chain(said(disposition, recalled)).collect();
    let ends = is_deletion(event) && effects.is_subset(&BTreeSet::from([StepEffect::Keep, StepEffect::Recall]));
    if ends {
        effects.insert(StepEffect::End);
    }
    if effects.is_empty() {
        effects.insert(StepEffect::Keep);
    }
    effects
}

/// How a thing ends that the event ends.
pub(super) fn end(event: &Event) -> Life {
    let destroyed = event.biz_step_name() == Some("destroying")
        || matches!(event.disposition_name(), Some("destroyed" | "disposed"));
    if destroyed { Life::Destroyed } else { Life::Decommissioned }
}

/// Whether the event puts things into a unit.
pub(super) fn packs(event: &Event) -> bool {
    matches!(&event.body, EventBody::Aggregation(body) if body.action == Action::Add)
}

fn step(event: &Event) -> Option<StepEffect> {
    if let EventBody::Aggregation(body) = &event.body
        && body.action != Action::Observe
    {
        return Some(StepEffect::Move);
    }
    match event.biz_step_name()? {
        "commissioning" if matches!(&event.body, EventBody::Object(body) if body.action == Action::Add) => {
            Some(StepEffect::PutIntoUse)
        }
        "shipping" | "departing" | "consigning" | "loading" | "unloading" | "packing" | "unpacking"
        | "transporting" | "staging_outbound" | "void_shipping" | "collecting" => Some(StepEffect::Move),
        "receiving" | "accepting" | "arriving" => Some(StepEffect::Receive),
        "retail_selling" => Some(StepEffect::Sell),
        "dispensing" if event.disposition_name() != Some("partially_dispensed") => Some(StepEffect::Sell),
        "decommissioning" | "destroying" | "killing" => Some(StepEffect::End),
        "repairing" | "replacing" | "assembling" | "disassembling" | "installing" | "removing" => {
            Some(StepEffect::Repair)
        }
        "repackaging" | "encoding" | "sampling" | "creating_class_instance" => Some(StepEffect::Repack),
        _ => Some(StepEffect::Keep),
    }
}

/// What the disposition says, whatever the step is called: a thing is not sold or ended under the name of storing.
fn said(disposition: &str, recalled: bool) -> Option<StepEffect> {
    match disposition {
        "retail_sold" | "dispensed" => Some(StepEffect::Sell),
        "destroyed" | "disposed" | "inactive" => Some(StepEffect::End),
        "recalled" | "non_conformant" => Some(StepEffect::Recall),
        "conformant" if recalled => Some(StepEffect::Recall),
        _ => None,
    }
}

fn is_deletion(event: &Event) -> bool {
    matches!(&event.body, EventBody::Object(body) if body.action == Action::Delete)
}
