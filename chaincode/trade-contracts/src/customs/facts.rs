//! The facts of a decision as the ledger has them now.

use std::collections::BTreeSet;

use fabric_contract::Context;
use trade_model::Refusal;
use trade_model::common::{AlarmId, ItemId};
use trade_model::customs::{CustomsRejection, DecisionInputs, Declaration, InputItem, Tariff};
use trade_model::governance::Members;
use trade_model::item::Item;
use trade_model::rights::RightName;
use trade_rules::customs::in_question;
use trade_standards::identifier::Gtin;

use super::consignment::PRODUCTS_MAX;
use super::keeper::Keepers;
use super::{acts, codes, consignment, declaration, exhaustion, protection, reservation};
use crate::item;
use crate::item::offers::Offers;
use crate::item::registry::Registry;

/// Most alarms of one item that a decision names.
const ALARMS_NAMED_MAX: usize = 5;
/// Most things whose title line is followed.
const FOLLOWED_MAX: usize = 2_000;

/// The facts as they are now. What the declarant said is among them as what it is: a statement to be compared.
pub(super) fn gather(
    ctx: &mut Context<'_>,
    registry: &mut Registry,
    members: &Members,
    filed: &Declaration,
    tariff: &Tariff,
    things: &[ItemId],
) -> Result<DecisionInputs, Refusal> {
    let band = tariff.bands.iter().find(|band| band.band_id == filed.band_id);
    let band = band.ok_or_else(|| CustomsRejection::BandUnknown { band_id: filed.band_id.clone() })?;
    let mut products = consignment::products(ctx, registry, things)?;
    // More can be packed after the filing, which refuses them. What is not looked at must not pass.
    let beyond = products.iter().nth(PRODUCTS_MAX).cloned();
    let more_products = beyond.map(|beyond| products.split_off(&beyond)).is_some();
    let mut inputs = DecisionInputs {
        importer: filed.importer.clone(),
        hs_code: filed.hs_code.clone(),
        origin: filed.origin.clone(),
        destination: filed.destination.clone(),
        currency: filed.currency.clone(),
        accepted_at: filed.filed.at,
        proved_min_minor: band.value_min_minor,
        proved_max_minor: band.value_max_minor,
        proof_holds: declaration::proof_holds(ctx, filed, band),
        quantity: filed.quantity,
        unit: filed.unit.clone(),
        rights: protection::rights(ctx, filed, &products)?,
        more_products,
        other_declarations: reservation::others(ctx, members, filed, things)?,
        other_codes: codes::others(ctx, members, filed, &products)?,
        acts: acts::authentic(ctx, filed)?,
        items: items(ctx, registry, members, filed, things)?,
    };
    exhaust(ctx, registry, members, filed, &mut inputs)?;
    Ok(inputs)
}

fn items(
    ctx: &mut Context<'_>,
    registry: &mut Registry,
    members: &Members,
    filed: &Declaration,
    things: &[ItemId],
) -> Result<Vec<InputItem>, Refusal> {
    // As of the filing: whether an offer has lapsed since must not depend on when an officer looks.
    let mut offers = Offers::of(&filed.importer, filed.filed.at);
    let mut keepers = Keepers::of(filed);
    let mut facts = Vec::with_capacity(things.len());
    for item_id in things {
        let item = registry.find(ctx, item_id)?.cloned();
        let alarms = item::standing_alarms(ctx, item_id, ALARMS_NAMED_MAX)?;
        let kept = match &item {
            Some(item) => keepers.keep(ctx, item)?,
            None => false,
        };
        let within = kept || offers.has(ctx, registry, item_id)?;
        facts.push(input_item(item_id, item.as_ref(), alarms, members, within));
    }
    facts.sort_by(|a, b| a.item_id.cmp(&b.item_id));
    Ok(facts)
}

fn input_item(
    item_id: &ItemId,
    item: Option<&Item>,
    (open_alarms, all): (Vec<AlarmId>, bool),
    members: &Members,
    holder_in_consignment: bool,
) -> InputItem {
    let maker = item.and_then(|item| members.find(item.commissioner.as_ref()?));
    InputItem {
        item_id: item_id.clone(),
        gtin: item.and_then(|item| item.gtin.clone()),
        kind: item.map(|item| item.kind),
        contents: item.map_or(0, |item| u32::try_from(item.children.len()).unwrap_or(u32::MAX)),
        maker_country: maker.map(|maker| maker.country.clone()),
        exhausted: Vec::new(),
        origin: item.map(|item| item.origin),
        holder_in_consignment,
        holder: item.and_then(|item| item.holder.clone()),
        open_alarms,
        more_open_alarms: !all,
    }
}

/// Follows the title lines of the things that need it: those under rights that nothing else covers.
fn exhaust(
    ctx: &mut Context<'_>,
    registry: &mut Registry,
    members: &Members,
    filed: &Declaration,
    inputs: &mut DecisionInputs,
) -> Result<(), Refusal> {
    let in_question: BTreeSet<(RightName, Gtin)> = in_question(inputs, filed.filed.at.date());
    let rights = inputs.rights.clone();
    let mut followed = 0;
    for fact in &mut inputs.items {
        let Some(gtin) = fact.gtin.clone() else { continue };
        for right in &rights {
            let right_id = right.right.right.right_id.clone();
            if followed >= FOLLOWED_MAX || !in_question.contains(&(right_id.clone(), gtin.clone())) {
                continue;
            }
            let Some(item) = registry.find(ctx, &fact.item_id)?.cloned() else { continue };
            followed += 1;
            if exhaustion::is_exhausted(ctx, members, filed, right, &item)? {
                fact.exhausted.push(right_id);
            }
        }
    }
    Ok(())
}
