//! `item:Scan`: what a consumer may be told about a code, honestly.
//!
//! The answer says what is recorded and what a record cannot show. It never says "genuine" or "fake": a code can be
//! copied, and a conflict between records is a finding, not a verdict. Nobody's name but a member's appears.

use fabric_contract::Context;
use trade_model::Refusal;
use trade_model::common::ItemId;
use trade_model::item::{AlarmState, ITEMS, Item, Life, Origin, ScanAnswer, ScanItem, Statement};

use super::find::{find_alarm, standing_alarms};
use crate::caller::members;

/// Most conflicts that an answer lists.
const CONFLICTS_MAX: usize = 20;

/// What is known about a code, what is not, and whether records conflict.
///
/// # Errors
/// None of its own: an unknown code is an answer.
pub fn scan(ctx: &mut Context<'_>, request: ScanItem) -> Result<ScanAnswer, Refusal> {
    let item_id = request.item;
    let Some(item) = ITEMS.find(ctx, &item_id)? else {
        return Ok(unrecorded(item_id));
    };
    let members = members(ctx)?;
    let maker = item.commissioner.as_ref().and_then(|maker| members.find(maker));
    let commissioner_name = maker.map(|maker| maker.name.to_string());
    let conflicts = conflicts(ctx, &item)?;
    let mut not_known = gaps(&item);
    not_known.extend(limits());
    Ok(ScanAnswer {
        recorded: true,
        origin: Some(item.origin),
        life: Some(item.life),
        commissioned_on: item.commissioned_at.map(|moment| moment.date()),
        conflict_found: !conflicts.is_empty(),
        conflicts,
        known: known(&item, commissioner_name.as_deref()),
        not_known,
        commissioner_name,
        item_id,
    })
}

fn unrecorded(item_id: ItemId) -> ScanAnswer {
    let mut not_known = vec![statement("not_recorded", "No member of this network has recorded this code.", None)];
    not_known.extend(limits());
    ScanAnswer {
        item_id,
        recorded: false,
        origin: None,
        life: None,
        commissioner_name: None,
        commissioned_on: None,
        conflict_found: false,
        conflicts: Vec::new(),
        known: Vec::new(),
        not_known,
    }
}

fn conflicts(ctx: &mut Context<'_>, item: &Item) -> Result<Vec<Statement>, Refusal> {
    let (ids, complete) = standing_alarms(ctx, &item.item_id, CONFLICTS_MAX)?;
    let mut found = Vec::with_capacity(ids.len());
    for alarm_id in ids {
        let alarm = find_alarm(ctx, &alarm_id)?;
        let mut text = alarm.text.to_string();
        if alarm.state == AlarmState::SubjectWithdrew {
            text.push_str(" A member concerned has since taken its record back.");
        }
        found.push(statement(alarm.kind.as_str(), &text, Some(alarm_id.to_string())));
    }
    if !complete {
        found.push(statement("more_conflicts", "More conflicts were found than are listed here.", None));
    }
    Ok(found)
}

fn known(item: &Item, maker: Option<&str>) -> Vec<Statement> {
    let mut known = Vec::new();
    if let (Some(maker), Some(event)) = (maker, &item.commissioned_by_event) {
        let text = format!("{maker} recorded that it put this serial number into use.");
        known.push(statement("commissioned", &text, Some(event.to_string())));
    }
    let life = match item.life {
        Life::Active => None,
        Life::Sold => Some(("sold", "It is recorded as sold to a consumer.")),
        Life::Decommissioned => Some(("decommissioned", "Its code is recorded as taken out of use.")),
        Life::Destroyed => Some(("destroyed", "It is recorded as destroyed.")),
    };
    if let Some((code, text)) = life {
        known.push(statement(code, text, item.life_set_by_event.as_ref().map(ToString::to_string)));
    }
    if item.disposition.as_ref().is_some_and(|disposition| disposition.as_str() == "recalled") {
        known.push(statement("recalled", "It is recorded as recalled.", None));
    }
    if let Some(licence_id) = &item.licence_id {
        known.push(statement(
            "licence",
            "A licence of the brand's owner is recorded for it.",
            Some(licence_id.to_string()),
        ));
    }
    known
}

fn gaps(item: &Item) -> Vec<Statement> {
    let mut gaps = Vec::new();
    if item.origin == Origin::Unknown {
        gaps.push(statement("origin_unknown", "Nobody recorded here who made it.", None));
    }
    if item.licence_id.is_none() {
        gaps.push(statement("licence_unknown", "No licence is recorded for it.", None));
    }
    gaps
}

/// What no record can show.
fn limits() -> Vec<Statement> {
    let copies = "A printed code can be copied: the records belong to the code, not to the thing in your hand.";
    let truth = "Records say what members stated, and when; they cannot say that a statement was true.";
    vec![statement("code_can_be_copied", copies, None), statement("statements_not_truth", truth, None)]
}

fn statement(code: &str, text: &str, reference: Option<String>) -> Statement {
    Statement { code: code.to_owned(), text: text.to_owned(), reference }
}
