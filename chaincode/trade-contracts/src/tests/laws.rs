//! Laws that no sequence of transactions breaks: random members do random things, and after each the whole ledger is
//! looked at. Most attempts are refused, and that is part of it: a refused one must change nothing.
//!
//! `PROPTEST_CASES` sets how many sequences are tried. Default: 24.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde_json::{Value, json};
use trade_model::{
    common::ItemId,
    custody::{TRANSFERS, TransferName, TransferState},
    item::{
        ALARM_GROUPS, ALARMS, CUSTODY, Entitlement, ITEM_ALARMS, ITEMS, Item, LICENCE, LOCATION, NESTING_MAX, PACKING,
        STANDING_ALARMS, TITLE, TimelineEntry,
    },
    rights::{LICENCES, RIGHTS},
};
use trade_standards::time::UtcTime;

use super::world::*;

/// Most transactions of one sequence.
const STEPS_MAX: usize = 24;
const ACTORS: [&str; 5] = [EXPORTER, SECOND_MAKER, CARRIER, IMPORTER, CUSTOMS];
const PIECES: usize = 3;
const UNITS: u32 = 3;

/// One thing that a member tries. The numbers choose among a few members, things and earlier transactions, so that they
/// meet often; without a number for the member, the one does it that may: otherwise nearly everything would be refused.
#[derive(Debug, Clone)]
enum Step {
    Commission { who: Option<usize>, piece: usize, hour: u32 },
    Observe { who: Option<usize>, thing: usize, step: &'static str, hour: u32 },
    Pack { who: Option<usize>, unit: u32, thing: usize, hour: u32 },
    Unpack { who: Option<usize>, unit: u32, thing: usize, hour: u32 },
    TakeBack { who: Option<usize>, event: usize },
    Offer { who: Option<usize>, to: usize, thing: usize },
    Sell { who: Option<usize>, to: usize, thing: usize },
    Buy { who: Option<usize>, sale: usize },
    Accept { who: Option<usize>, transfer: usize },
    Reject { who: Option<usize>, transfer: usize },
    Withdraw { who: Option<usize>, transfer: usize },
    Grant { who: Option<usize>, to: usize, parent: usize, countries: Vec<&'static str>, sublicense: bool },
    Take { who: Option<usize>, licence: usize },
    Revoke { who: Option<usize>, licence: usize },
}

fn step() -> impl Strategy<Value = Step> {
    let anybody = 0..ACTORS.len();
    let who = prop_oneof![1 => anybody.clone().prop_map(Some), 2 => Just(None)];
    let thing = 0..PIECES + UNITS as usize;
    let steps = prop::sample::select(vec!["shipping", "receiving", "retail_selling", "decommissioning", "inspecting"]);
    let countries = prop::sample::subsequence(vec!["DE", "FR", "NL"], 1..=3);
    prop_oneof![
        3 => (who.clone(), 0..PIECES, 0..24u32).prop_map(|(who, piece, hour)| Step::Commission { who, piece, hour }),
        3 => (who.clone(), thing.clone(), steps, 0..24u32)
            .prop_map(|(who, thing, step, hour)| Step::Observe { who, thing, step, hour }),
        4 => (who.clone(), 0..UNITS, thing.clone(), 0..24u32)
            .prop_map(|(who, unit, thing, hour)| Step::Pack { who, unit, thing, hour }),
        2 => (who.clone(), 0..UNITS, thing.clone(), 0..24u32)
            .prop_map(|(who, unit, thing, hour)| Step::Unpack { who, unit, thing, hour }),
        3 => (who.clone(), 0..8usize).prop_map(|(who, event)| Step::TakeBack { who, event }),
        5 => (who.clone(), anybody.clone(), thing).prop_map(|(who, to, thing)| Step::Offer { who, to, thing }),
        5 => (who.clone(), 0..4usize).prop_map(|(who, transfer)| Step::Accept { who, transfer }),
        2 => (who.clone(), anybody.clone(), 0..PIECES).prop_map(|(who, to, thing)| Step::Sell { who, to, thing }),
        2 => (who.clone(), 0..3usize).prop_map(|(who, sale)| Step::Buy { who, sale }),
        1 => (who.clone(), 0..4usize).prop_map(|(who, transfer)| Step::Reject { who, transfer }),
        1 => (who.clone(), 0..4usize).prop_map(|(who, transfer)| Step::Withdraw { who, transfer }),
        2 => (who.clone(), anybody.clone(), 0..3usize, countries, any::<bool>()).prop_map(
            |(who, to, parent, countries, sublicense)| Step::Grant { who, to, parent, countries, sublicense }
        ),
        2 => (who.clone(), 0..3usize).prop_map(|(who, licence)| Step::Take { who, licence }),
        1 => (who, 0..3usize).prop_map(|(who, licence)| Step::Revoke { who, licence }),
    ]
}

/// A ledger with a history to refer to.
struct Trade {
    world: World,
    /// Captured events with their recorders.
    events: Vec<(&'static str, Value)>,
    /// Sender and receiver of each offer.
    transfers: Vec<(&'static str, &'static str)>,
    /// Seller and buyer of each offer of title.
    sales: Vec<(&'static str, &'static str)>,
    /// Whole names of the licences that were granted.
    licences: Vec<String>,
}

impl Trade {
    fn new() -> Self {
        let mut world = World::established();
        world.submit(EXPORTER, "rights:RegisterRight", &super::rights::right()).expect("a new right");
        Self { world, events: Vec::new(), transfers: Vec::new(), sales: Vec::new(), licences: Vec::new() }
    }

    fn capture(&mut self, who: &'static str, event: Value) -> Answer {
        let answer = self.world.capture(who, std::slice::from_ref(&event));
        if answer.is_ok() {
            self.events.push((who, event));
        }
        answer
    }

    /// The member chosen by number, or the one that holds the thing; its maker when nobody does.
    fn by_holder(&mut self, who: &Option<usize>, thing: &str) -> &'static str {
        let holder = |world: &mut World| world.read_item(thing).ok()?["holder"].as_str().map(str::to_owned);
        match who {
            Some(who) => ACTORS[*who],
            None => {
                let holder = holder(&mut self.world).unwrap_or_default();
                ACTORS.into_iter().find(|actor| *actor == holder).unwrap_or(EXPORTER)
            }
        }
    }

    /// The member chosen by number, or one of the two sides of an offer.
    fn by_side(
        &self,
        who: &Option<usize>,
        transfer: usize,
        side: fn(&(&'static str, &'static str)) -> &'static str,
    ) -> &'static str {
        who.map_or_else(|| self.transfers.get(transfer).map_or(EXPORTER, side), |who| ACTORS[who])
    }

    /// The whole name of a custody transfer by its number.
    fn transfer_name(&self, transfer: usize) -> String {
        let from = self.transfers.get(transfer).map_or(EXPORTER, |(from, _)| from);
        format!("{from}/t-{transfer}")
    }

    fn attempt(&mut self, step: &Step) -> Answer {
        match step {
            Step::Grant { .. } | Step::Take { .. } | Step::Revoke { .. } => self.attempt_with_licences(step),
            Step::Sell { who, to, thing: number } => {
                let (who, to) = (self.by_holder(who, &thing(*number)), ACTORS[*to]);
                let title_id = format!("s-{}", self.sales.len());
                let request = json!({ "title_id": title_id, "items": [thing(*number)], "buyer": to });
                let answer = self.world.submit(who, "title:OfferTitle", &request);
                if answer.is_ok() {
                    self.sales.push((who, to));
                }
                answer
            }
            Step::Buy { who, sale } => {
                let (from, to) = self.sales.get(*sale).copied().unwrap_or((EXPORTER, IMPORTER));
                let request = json!({ "title_id": format!("{from}/s-{sale}") });
                self.world.submit(who.map_or(to, |who| ACTORS[who]), "title:AcceptTitle", &request)
            }
            Step::Offer { .. } | Step::Accept { .. } | Step::Reject { .. } | Step::Withdraw { .. } => {
                self.attempt_with_custody(step)
            }
            _ => self.attempt_with_events(step),
        }
    }

    fn attempt_with_events(&mut self, step: &Step) -> Answer {
        let at = |hour: &u32| json!(format!("2025-12-01T{hour:02}:00:00Z"));
        match step {
            Step::Commission { who, piece, hour } => {
                let who = who.map_or(EXPORTER, |who| ACTORS[who]);
                self.capture(who, object_event("ADD", "commissioning", &[thing(*piece)]).with("eventTime", at(hour)))
            }
            Step::Observe { who, thing: number, step, hour } => {
                let who = self.by_holder(who, &thing(*number));
                self.capture(who, object_event("OBSERVE", step, &[thing(*number)]).with("eventTime", at(hour)))
            }
            Step::Pack { who, unit, thing: number, hour } => {
                let who = self.by_holder(who, &thing(*number));
                let event = aggregation("ADD", "packing", &pallet(*unit), &[thing(*number)]);
                self.capture(who, event.with("eventTime", at(hour)))
            }
            Step::Unpack { who, unit, thing: number, hour } => {
                let who = self.by_holder(who, &pallet(*unit));
                let event = aggregation("DELETE", "unpacking", &pallet(*unit), &[thing(*number)]);
                self.capture(who, event.with("eventTime", at(hour)))
            }
            Step::TakeBack { who, event } => {
                let (recorder, event) = self.events.get(*event).cloned().unwrap_or((EXPORTER, json!({})));
                let declaration = json!({ "declarationTime": "2025-12-02T00:00:00Z", "reason": "incorrect_data" });
                let who = who.map_or(recorder, |who| ACTORS[who]);
                self.world.capture(who, &[event.with("errorDeclaration", declaration)])
            }
            other => unreachable!("{other:?} is no event"),
        }
    }

    fn attempt_with_custody(&mut self, step: &Step) -> Answer {
        match step {
            Step::Offer { who, to, thing: number } => {
                let (who, to) = (self.by_holder(who, &thing(*number)), ACTORS[*to]);
                let request = json!({
                    "transfer_id": format!("t-{}", self.transfers.len()), "items": [thing(*number)], "to": to,
                    "condition": "good",
                });
                let answer = self.world.submit(who, "custody:Offer", &request);
                if answer.is_ok() {
                    self.transfers.push((who, to));
                }
                answer
            }
            Step::Accept { who, transfer } => {
                let who = self.by_side(who, *transfer, |(_, to)| to);
                self.world.submit(who, "custody:Accept", &json!({ "transfer_id": self.transfer_name(*transfer) }))
            }
            Step::Reject { who, transfer } => {
                let who = self.by_side(who, *transfer, |(_, to)| to);
                let request = json!({ "transfer_id": self.transfer_name(*transfer), "reason": "wet" });
                self.world.submit(who, "custody:Reject", &request)
            }
            Step::Withdraw { who, transfer } => {
                let who = self.by_side(who, *transfer, |(from, _)| from);
                let request = json!({ "transfer_id": self.transfer_name(*transfer), "reason": "mistake" });
                self.world.submit(who, "custody:Withdraw", &request)
            }
            other => unreachable!("{other:?} does not move custody"),
        }
    }

    fn attempt_with_licences(&mut self, step: &Step) -> Answer {
        match step {
            Step::Grant { who, to, parent, countries, sublicense } => {
                let mut request = super::rights::licence()
                    .with("licence_id", format!("l-{}", self.licences.len()))
                    .with("right_id", super::rights::RIGHT)
                    .with("licensee", ACTORS[*to])
                    .with("territories", countries.clone())
                    .with("may_sublicense", *sublicense);
                let mut rightful = EXPORTER;
                if let Some(parent) = parent.checked_sub(1) {
                    let unknown = || format!("{EXPORTER}/none");
                    let parent_id = self.licences.get(parent).cloned().unwrap_or_else(unknown);
                    let question = json!({ "licence_id": parent_id });
                    let licensee = self.world.evaluate(BANK, "rights:ReadLicence", &question).unwrap_or_default();
                    let licensee = licensee["licensee"].as_str().unwrap_or_default();
                    rightful = ACTORS.into_iter().find(|actor| *actor == licensee).unwrap_or(EXPORTER);
                    request = request.with("parent_licence_id", parent_id);
                }
                let answer =
                    self.world.submit(who.map_or(rightful, |who| ACTORS[who]), "rights:GrantLicence", &request)?;
                self.licences.extend(answer["licence_id"].as_str().map(str::to_owned));
                Ok(answer)
            }
            Step::Take { who, licence } => {
                let named = self.licences.get(*licence).map_or("none", String::as_str).to_owned();
                let question = json!({ "licence_id": named });
                let licensee = self.world.evaluate(BANK, "rights:ReadLicence", &question).unwrap_or_default();
                let licensee = licensee["licensee"].as_str().unwrap_or(EXPORTER).to_owned();
                let who = who.map_or(licensee.as_str(), |who| ACTORS[who]);
                self.world.submit(who, "rights:AcceptLicence", &question)
            }
            Step::Revoke { who, licence } => {
                let named = self.licences.get(*licence).map_or("none", String::as_str);
                let request = json!({ "licence_id": named, "reason": "unpaid" });
                self.world.submit(who.map_or(EXPORTER, |who| ACTORS[who]), "rights:RevokeLicence", &request)
            }
            other => unreachable!("{other:?} is about no licence"),
        }
    }
}

/// A piece or a unit, by number.
fn thing(number: usize) -> String {
    match u32::try_from(number.saturating_sub(PIECES)) {
        Ok(unit) if number >= PIECES => pallet(unit),
        _ => piece(&number.to_string()),
    }
}

/// How many sequences are tried. Default: 24, which take seconds; `PROPTEST_CASES` for more.
#[expect(clippy::disallowed_methods, reason = "it decides how long a test runs and no ledger state")]
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(24)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: cases(),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn no_sequence_of_transactions_breaks_a_law(steps in prop::collection::vec(step(), 1..STEPS_MAX)) {
        let mut trade = Trade::new();
        for step in &steps {
            let before = trade.world.ledger.height();
            let known: BTreeMap<ItemId, Item> = read(trade.world.ledger.table(&ITEMS)).unwrap_or_default().into_iter().collect();
            let recorded = trade.events.len();
            let answer = trade.attempt(step);
            if let (Step::Observe { .. } | Step::Pack { .. } | Step::Unpack { .. }, Some((who, _))) =
                (step, trade.events.get(recorded))
            {
                let strange = strangers_change_nothing(&trade.world, &known, who);
                strange.map_err(|broken| TestCaseError::fail(format!("after {step:?}: {broken}")))?;
            }
            let grown = trade.world.ledger.height() - before;
            prop_assert_eq!(grown, u64::from(answer.is_ok()), "a refusal writes nothing: {:?}", step);
            laws(&trade.world).map_err(|broken| TestCaseError::fail(format!("after {step:?}: {broken}")))?;
        }
    }
}

/// The first law that the ledger breaks.
fn laws(world: &World) -> Result<(), String> {
    let items: BTreeMap<ItemId, Item> = read(world.ledger.table(&ITEMS))?.into_iter().collect();
    units_and_contents_agree(&items)?;
    timelines_end_in_what_is_now(world, &items)?;
    open_transfers_bind_their_items(world, &items)?;
    alarms_are_listed(world)?;
    licences_lie_within_what_they_are_granted_under(world)
}

/// What a member records that has no part in a thing changes nothing about it.
fn strangers_change_nothing(world: &World, known: &BTreeMap<ItemId, Item>, who: &str) -> Result<(), String> {
    for (item_id, now) in read(world.ledger.table(&ITEMS))? {
        let Some(before) = known.get(&item_id).filter(|before| **before != now) else { continue };
        let parts = [&before.holder, &before.owner, &before.commissioner, &before.seller_of_record];
        let has_part = parts.into_iter().flatten().any(|party| party.as_str() == who)
            || who == CUSTOMS
            || before.entitlement == Entitlement::Seen
            || is_offered(world, known, before, who)?;
        if !has_part {
            return Err(format!("{who} has no part in {item_id} and changed it"));
        }
    }
    Ok(())
}

/// Whether the thing or a unit around it is offered to the member.
fn is_offered(world: &World, known: &BTreeMap<ItemId, Item>, item: &Item, who: &str) -> Result<bool, String> {
    let transfers: BTreeMap<_, _> = read(world.ledger.table(&TRANSFERS))?.into_iter().collect();
    let mut around = Some(item);
    while let Some(thing) = around {
        let offer = thing.open_transfer.as_ref().and_then(|transfer_id| transfers.get(transfer_id));
        if offer.is_some_and(|offer| offer.to.as_str() == who) {
            return Ok(true);
        }
        around = thing.parent.as_ref().and_then(|unit| known.get(unit));
    }
    Ok(false)
}

fn read<T>(entries: Result<T, fabric_contract::Fault>) -> Result<T, String> {
    entries.map_err(|fault| fault.to_string())
}

/// A child knows its unit and the unit its child; nothing lies in itself, and nothing lies deeper than is followed. One
/// pair of hands holds a unit and all that is in it.
fn units_and_contents_agree(items: &BTreeMap<ItemId, Item>) -> Result<(), String> {
    for (item_id, item) in items {
        for child_id in &item.children {
            let child = items.get(child_id).ok_or(format!("{item_id} holds the unknown {child_id}"))?;
            if child.parent.as_ref() != Some(item_id) {
                return Err(format!("{item_id} holds {child_id}, which lies in {:?}", child.parent));
            }
            if child.holder != item.holder {
                return Err(format!("{:?} holds {item_id} and {:?} holds {child_id} in it", item.holder, child.holder));
            }
        }
        let (mut above, mut levels) = (item.parent.clone(), 0);
        while let Some(unit_id) = above {
            let unit = items.get(&unit_id).ok_or(format!("{item_id} lies in the unknown {unit_id}"))?;
            if levels == 0 && !unit.children.contains(item_id) {
                return Err(format!("{item_id} lies in {unit_id}, which does not hold it"));
            }
            levels += 1;
            if levels > NESTING_MAX {
                return Err(format!("{item_id} lies in itself or too deep"));
            }
            above = unit.parent.clone();
        }
    }
    Ok(())
}

/// Each timeline runs forwards, has as many entries as the item counts, and ends in what the item says.
fn timelines_end_in_what_is_now(world: &World, items: &BTreeMap<ItemId, Item>) -> Result<(), String> {
    fn last<V: Clone + PartialEq + std::fmt::Debug>(
        entries: Vec<((ItemId, u32), TimelineEntry<V>)>,
        what: &str,
        now: impl Fn(&ItemId) -> (Option<V>, u32),
    ) -> Result<(), String> {
        let mut ends: BTreeMap<ItemId, (u32, UtcTime, Option<V>)> = BTreeMap::new();
        for ((item_id, number), entry) in entries {
            let next = ends.get(&item_id).map_or(0, |(number, ..)| number + 1);
            let forwards = ends.get(&item_id).is_none_or(|(_, from, _)| *from <= entry.from);
            if number != next || !forwards {
                return Err(format!("{what} of {item_id}: entry {number} after {:?}", ends.get(&item_id)));
            }
            ends.insert(item_id, (number, entry.from, entry.value));
        }
        for (item_id, (number, _, value)) in ends {
            if (value.clone(), number + 1) != now(&item_id) {
                return Err(format!("{what} of {item_id} ends in {value:?}, now it is {:?}", now(&item_id)));
            }
        }
        Ok(())
    }
    let item = |item_id: &ItemId| items.get(item_id).expect("a timeline belongs to an item");
    let ledger = &world.ledger;
    last(read(ledger.table(&CUSTODY))?, "custody", |id| (item(id).holder.clone(), item(id).entries.custody))?;
    last(read(ledger.table(&TITLE))?, "title", |id| (item(id).owner.clone(), item(id).entries.title))?;
    last(read(ledger.table(&LOCATION))?, "location", |id| (item(id).location.clone(), item(id).entries.location))?;
    last(read(ledger.table(&LICENCE))?, "licence", |id| (item(id).licence_id.clone(), item(id).entries.licence))?;
    last(read(ledger.table(&PACKING))?, "packing", |id| (item(id).parent.clone(), item(id).entries.packing))
}

/// An item is bound by an offer exactly while the offer is open and names it, unless its true maker took it over.
fn open_transfers_bind_their_items(world: &World, items: &BTreeMap<ItemId, Item>) -> Result<(), String> {
    let mut open: BTreeSet<(TransferName, ItemId)> = BTreeSet::new();
    for (transfer_id, transfer) in read(world.ledger.table(&TRANSFERS))? {
        if transfer.state == TransferState::Offered {
            open.extend(transfer.items.iter().map(|item_id| (transfer_id.clone(), item_id.clone())));
        }
    }
    for (item_id, item) in items {
        let Some(transfer_id) = &item.open_transfer else { continue };
        if !open.contains(&(transfer_id.clone(), item_id.clone())) {
            return Err(format!("{item_id} is bound by {transfer_id}, which is not open"));
        }
    }
    Ok(())
}

/// Every alarm has its group and is found by its item, and every one that nobody decided is listed among those that
/// stand, by its weight.
fn alarms_are_listed(world: &World) -> Result<(), String> {
    let groups: BTreeSet<_> = read(world.ledger.table(&ALARM_GROUPS))?.into_iter().map(|(id, _)| id).collect();
    let of_items: BTreeSet<_> = read(world.ledger.table(&ITEM_ALARMS))?.into_iter().map(|(_, id)| id).collect();
    let standing: BTreeSet<_> = read(world.ledger.table(&STANDING_ALARMS))?
        .into_iter()
        .map(|((item_id, weight, _, id), _)| (item_id, weight, id))
        .collect();
    let mut alarms = BTreeSet::new();
    for (alarm_id, alarm) in read(world.ledger.table(&ALARMS))? {
        if !groups.contains(&alarm.group_id) {
            return Err(format!("{alarm_id} has no group"));
        }
        alarms.insert((alarm.item_id, alarm.grade.weight(), alarm_id));
    }
    let ids: BTreeSet<_> = alarms.iter().map(|(_, _, id)| id.clone()).collect();
    if standing != alarms || of_items != ids {
        return Err(format!("{alarms:?} were raised, {standing:?} are listed as standing, {of_items:?} by item"));
    }
    Ok(())
}

/// A licence permits nothing that the right or the licence above it does not.
fn licences_lie_within_what_they_are_granted_under(world: &World) -> Result<(), String> {
    let rights: BTreeMap<_, _> = read(world.ledger.table(&RIGHTS))?.into_iter().collect();
    let licences: BTreeMap<_, _> = read(world.ledger.table(&LICENCES))?.into_iter().collect();
    for (licence_id, licence) in &licences {
        let right = rights.get(&licence.right_id).ok_or(format!("{licence_id} is for an unknown right"))?;
        if !licence.territories.is_within(&right.territories) {
            return Err(format!("{licence_id} reaches beyond the right"));
        }
        let Some(parent_id) = &licence.parent_licence_id else { continue };
        let parent = licences.get(parent_id).ok_or(format!("{licence_id} is under an unknown licence"))?;
        let within = licence.territories.is_within(&parent.territories)
            && licence.acts.is_within(&parent.acts)
            && parent.period.encloses(&licence.period);
        if !within || licence.licensor != parent.licensee || licence.depth != parent.depth + 1 {
            return Err(format!("{licence_id} is not within {parent_id}"));
        }
    }
    Ok(())
}
