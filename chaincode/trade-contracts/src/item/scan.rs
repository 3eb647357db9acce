//! `item:Scan`: what a consumer may be told about a code, honestly.
//!
//! The answer says what is recorded and what a record cannot show. It never says "genuine" or "fake": a code can be
//! copied, and a conflict between records is a finding, not a verdict. Nobody's name but a member's appears.
//!
//! What a member without standing says about a thing is no conflict. It is told as a report of others once the time to
//! answer has passed.

use fabric_contract::{Context, TablePage};
use trade_model::Refusal;
use trade_model::common::{AlarmId, ItemId, NewestFirst};
use trade_model::governance::Members;
use trade_model::item::{
    ALARMS, AlarmReport, AlarmState, Grade, HeldBy, ITEMS, Item, Life, Origin, STANDING_ALARMS, ScanAnswer, ScanItem,
    Statement, Weight,
};

use super::alarm;
use super::held::held_by;
use crate::caller::{self, members};

/// Where an alarm stands in the list of those that stand.
type StandingKey = (ItemId, Weight, NewestFirst, AlarmId);

/// Most conflicts and most reports that an answer lists.
const LISTED_MAX: usize = 20;
/// Most entries of a list that are looked at.
const ENTRIES_MAX: u32 = 100;

/// What is known about a code, what is not, and whether records conflict.
///
/// # Errors
/// None of its own: an unknown code is an answer.
pub fn scan(ctx: &mut Context<'_>, request: ScanItem) -> Result<ScanAnswer, Refusal> {
    let item_id = request.item;
    let reports = reports(ctx, &item_id)?;
    let Some(item) = ITEMS.find(ctx, &item_id)? else {
        return Ok(unrecorded(item_id, reports));
    };
    let members = members(ctx)?;
    let maker = item.commissioner.as_ref().and_then(|maker| members.find(maker));
    let commissioner_name = maker.map(|maker| maker.name.to_string());
    let conflicts = conflicts(ctx, &item_id)?;
    let held = held_by(ctx, &item)?;
    let mut known = known(&item, commissioner_name.as_deref());
    known.splice(..0, held.as_ref().map(|held| held_statement(&members, held)));
    let mut not_known = gaps(&item);
    not_known.extend(limits());
    Ok(ScanAnswer {
        recorded: true,
        origin: Some(item.origin),
        life: Some(item.life),
        commissioned_on: item.commissioned_at.map(|moment| moment.date()),
        conflict_found: !conflicts.is_empty(),
        conflicts,
        reports,
        held,
        known,
        not_known,
        commissioner_name,
        item_id,
    })
}

fn unrecorded(item_id: ItemId, reports: Vec<Statement>) -> ScanAnswer {
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
        held: None,
        conflicts: Vec::new(),
        reports,
        known: Vec::new(),
        not_known,
    }
}

/// The alarms that everybody is told at once: hard ones and confirmed ones, newest first.
fn conflicts(ctx: &mut Context<'_>, item_id: &ItemId) -> Result<Vec<Statement>, Refusal> {
    let page = STANDING_ALARMS.page(ctx, &(item_id.clone(), Weight::Counts), ENTRIES_MAX, "")?;
    let more = statement("more_conflicts", "More conflicts were found than are listed here.", None);
    statements(ctx, page, more)
}

/// Soft alarms whose time to answer has passed, newest first. Those that still wait come first in the list and are
/// passed over by beginning at now, so that nobody buries the others under them.
fn reports(ctx: &mut Context<'_>, item_id: &ItemId) -> Result<Vec<Statement>, Refusal> {
    let waiting = (item_id.clone(), Weight::Waits);
    let overdue = (item_id.clone(), Weight::Waits, NewestFirst::until(caller::now(ctx)?));
    let page = STANDING_ALARMS.page_from(ctx, &waiting, ENTRIES_MAX, &overdue)?;
    let more = statement("more_reports", "More was reported than is listed here.", None);
    statements(ctx, page, more)
}

fn statements(
    ctx: &mut Context<'_>,
    page: TablePage<StandingKey, AlarmId>,
    more: Statement,
) -> Result<Vec<Statement>, Refusal> {
    let now = caller::now(ctx)?;
    let mut found = Vec::new();
    let ids: Vec<AlarmId> = page.entries.into_iter().map(|(_, alarm_id)| alarm_id).collect();
    for alarm in ALARMS.find_many(ctx, &ids)?.into_iter().flatten() {
        let report = alarm::report(ctx, alarm, now)?;
        found.extend(told(&report));
    }
    let complete = page.bookmark.is_none() && found.len() <= LISTED_MAX;
    found.truncate(LISTED_MAX);
    if !complete {
        found.push(more);
    }
    Ok(found)
}

fn told(report: &AlarmReport) -> Option<Statement> {
    if !report.public || !report.state.stands() {
        return None;
    }
    let mut text = report.alarm.text.clone();
    if report.alarm.grade != Grade::Hard && report.state != AlarmState::Confirmed {
        text = text.replacen("Conflict found: ", "Reported by a member that has no part in it: ", 1);
    }
    if report.state == AlarmState::Answered {
        text.push_str(" A member that it is about has answered.");
    }
    if !report.taken_back_by.is_empty() {
        text.push_str(" A member concerned has since taken its record back.");
    }
    Some(statement(report.alarm.kind.as_str(), &text, Some(report.alarm.alarm_id.to_string())))
}

/// What a buyer has to know first.
fn held_statement(members: &Members, held: &HeldBy) -> Statement {
    let authority = members.find(&held.authority).map_or("an authority", |member| member.name.as_str());
    let text = format!("It is held by an authority ({authority}): it may not be sold or handed over.");
    statement("held", &text, Some(held.hold_id.to_string()))
}

fn known(item: &Item, maker: Option<&str>) -> Vec<Statement> {
    let mut known = Vec::new();
    if let (Some(maker), Some(event)) = (maker, &item.commissioned_by_event) {
        let text = format!("{maker} recorded that it put this serial number into use.");
        known.push(statement("commissioned", &text, Some(event.event_hash().to_owned())));
    }
    let life = match item.life {
        Life::Active => None,
        Life::Sold => Some(("sold", "It is recorded as sold to a consumer.")),
        Life::Decommissioned => Some(("decommissioned", "Its code is recorded as taken out of use.")),
        Life::Destroyed => Some(("destroyed", "It is recorded as destroyed.")),
    };
    if let Some((code, text)) = life {
        known.push(statement(code, text, item.life_set_by_event.as_ref().map(|event| event.event_hash().to_owned())));
    }
    if let Some(event) = &item.recalled_by_event {
        known.push(statement(
            "recalled",
            "Its maker or an authority recorded it as recalled or faulty.",
            Some(event.event_hash().to_owned()),
        ));
    }
    if item.sales > 1 {
        let text = format!("It was recorded as sold {} times, with returns or corrections in between.", item.sales);
        known.push(statement("sold_again", &text, None));
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
