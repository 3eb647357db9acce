//! The alarms that count against an item, for who decides about it.

use fabric_contract::Context;
use trade_model::Refusal;
use trade_model::common::{AlarmId, ItemId};
use trade_model::item::{ALARMS, STANDING_ALARMS, Weight};

use super::report::report;
use crate::caller;

/// Most alarms of one item that are looked at to find those that stand.
const LISTED_MAX: usize = 500;

/// The item that an alarm is about, when the alarm stands.
pub(crate) fn standing_alarm(ctx: &mut Context<'_>, alarm_id: &AlarmId) -> Result<Option<ItemId>, Refusal> {
    let Some(alarm) = ALARMS.find(ctx, alarm_id)? else { return Ok(None) };
    let now = caller::now(ctx)?;
    let report = report(ctx, alarm, now)?;
    Ok(report.state.stands().then_some(report.alarm.item_id))
}

/// The alarms that count against an item and stand, at most `limit`, and whether these are all. Those that count are
/// hard or confirmed: parties with standing and authorities cause them, so strangers cannot disturb who reads them.
pub(crate) fn standing_alarms(
    ctx: &mut Context<'_>,
    item_id: &ItemId,
    limit: usize,
) -> Result<(Vec<AlarmId>, bool), Refusal> {
    let found = STANDING_ALARMS.scan(ctx, &(item_id.clone(), Weight::Counts), LISTED_MAX)?;
    let listed: Vec<AlarmId> = found.entries.into_iter().map(|(_, alarm_id)| alarm_id).collect();
    let now = caller::now(ctx)?;
    let mut standing = Vec::new();
    for alarm in ALARMS.find_many(ctx, &listed)?.into_iter().flatten() {
        let report = report(ctx, alarm, now)?;
        standing.extend(report.state.stands().then_some(report.alarm.alarm_id));
    }
    let complete = found.complete && standing.len() <= limit;
    standing.truncate(limit);
    Ok((standing, complete))
}
