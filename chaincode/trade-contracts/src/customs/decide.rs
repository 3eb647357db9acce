//! Deciding: rules of a tariff applied to stored facts. Pure, so that anybody can replay a decision for any day.

use std::collections::BTreeSet;

use trade_model::customs::{CustomsCheck, CustomsRule, DecisionInputs, Finding, FindingResult, Outcome, Tariff};
use trade_model::item::Origin;
use trade_model::rights::{Act, LicenceReason};
use trade_standards::time::Date;

use super::tariff::bounds;
use crate::rights::judge::{Question, judge};

/// What every applicable rule says, in the tariff's order, and what follows: the gravest of them, `clear` without any.
pub(super) fn decide(tariff: &Tariff, inputs: &DecisionInputs, on: Date) -> (Outcome, Vec<Finding>) {
    let licence = licence_reasons(inputs, on);
    let applicable = tariff.rules.iter().filter(|rule| inputs.hs_code.starts_with(&rule.hs_prefix));
    let findings: Vec<Finding> = applicable.map(|rule| find(tariff, rule, inputs, licence.as_ref())).collect();
    let outcome = findings.iter().map(|finding| finding.outcome).max().unwrap_or(Outcome::Clear);
    (outcome, findings)
}

fn find(
    tariff: &Tariff,
    rule: &CustomsRule,
    inputs: &DecisionInputs,
    licence: Option<&BTreeSet<LicenceReason>>,
) -> Finding {
    let (broken, unknown) = match rule.check {
        CustomsCheck::ValueInBand => value_in_band(tariff, inputs),
        CustomsCheck::NoOpenAlarm => no_open_alarm(inputs),
        CustomsCheck::OriginKnown => origin_known(inputs),
        CustomsCheck::Custody => custody(inputs),
        CustomsCheck::LicenceProduct if products(inputs).is_empty() => {
            (Vec::new(), vec!["no_product_known".to_owned()])
        }
        check => match licence {
            Some(reasons) => (of_check(reasons, check), Vec::new()),
            None => (Vec::new(), vec!["no_right_declared".to_owned()]),
        },
    };
    let (result, outcome, reasons) = match (broken.is_empty(), unknown.is_empty()) {
        (false, _) => (FindingResult::Broken, rule.when_broken, broken),
        (true, false) => (FindingResult::Unknown, rule.when_unknown, unknown),
        (true, true) => (FindingResult::Met, Outcome::Clear, Vec::new()),
    };
    Finding { rule_id: rule.rule_id.clone(), check: rule.check, result, outcome, reasons }
}

/// Reasons why a check is broken, and reasons why it cannot be told.
type Reasons = (Vec<String>, Vec<String>);

fn value_in_band(tariff: &Tariff, inputs: &DecisionInputs) -> Reasons {
    if !inputs.proof_holds {
        return (vec!["proof_does_not_hold".to_owned()], Vec::new());
    }
    if tariff.currency != inputs.currency {
        return (Vec::new(), vec!["currency_differs".to_owned()]);
    }
    let proved = (inputs.proved_min_minor.parse::<u64>().ok(), inputs.proved_max_minor.parse::<u64>().ok());
    let (Some(least), Some(greatest)) = proved else {
        return (vec!["proof_does_not_hold".to_owned()], Vec::new());
    };
    let for_goods = tariff.bands.iter().filter(|band| inputs.hs_code.starts_with(&band.hs_prefix));
    let encloses = |(lower, upper): (u64, u64)| lower <= least && greatest <= upper;
    let proved_enough = for_goods.filter_map(|band| bounds(band).ok()).any(encloses);
    let unknown = if proved_enough { Vec::new() } else { vec!["no_band_encloses_the_proved_range".to_owned()] };
    (Vec::new(), unknown)
}

fn no_open_alarm(inputs: &DecisionInputs) -> Reasons {
    let mut open = Vec::new();
    for item in &inputs.items {
        open.extend(item.open_alarms.iter().map(|alarm_id| format!("open_alarm:{alarm_id}")));
        if item.open_alarm_count as usize > item.open_alarms.len() {
            open.push(format!("more_open_alarms:{}", item.item_id));
        }
    }
    (open, Vec::new())
}

fn origin_known(inputs: &DecisionInputs) -> Reasons {
    let unknown = inputs.items.iter().filter(|item| item.origin.is_none_or(|origin| origin == Origin::Unknown));
    (Vec::new(), unknown.map(|item| format!("origin_unknown:{}", item.item_id)).collect())
}

fn custody(inputs: &DecisionInputs) -> Reasons {
    let held = inputs.items.iter().filter(|item| item.holder.is_some());
    let strangers =
        held.filter(|item| !item.holder_in_consignment).map(|item| format!("held_by_stranger:{}", item.item_id));
    let nobody =
        inputs.items.iter().filter(|item| item.holder.is_none()).map(|item| format!("holder_unknown:{}", item.item_id));
    (strangers.collect(), nobody.collect())
}

/// The trade items of the consignment.
fn products(inputs: &DecisionInputs) -> BTreeSet<&str> {
    inputs.items.iter().filter_map(|item| item.gtin.as_deref()).collect()
}

/// Why the import is not covered, over all products; `None` when no right is declared.
fn licence_reasons(inputs: &DecisionInputs, on: Date) -> Option<BTreeSet<LicenceReason>> {
    let right = inputs.right.as_ref()?;
    let mut reasons: BTreeSet<LicenceReason> = inputs.chain_problem.into_iter().collect();
    let products = products(inputs);
    let at = (on == inputs.accepted_at.date()).then_some(inputs.accepted_at);
    let asked: Vec<Option<&str>> =
        if products.is_empty() { vec![None] } else { products.into_iter().map(Some).collect() };
    for product in asked {
        let party = &inputs.importer;
        let question =
            Question { party, act: Act::Import, product, territory: &inputs.destination, channel: None, on, at };
        reasons.extend(judge(right, &inputs.licences, &question));
    }
    Some(reasons)
}

/// The reasons that a check is about, as stable codes.
fn of_check(reasons: &BTreeSet<LicenceReason>, check: CustomsCheck) -> Vec<String> {
    reasons.iter().filter(|reason| check_of(**reason) == check).map(|reason| code(*reason).to_owned()).collect()
}

fn check_of(reason: LicenceReason) -> CustomsCheck {
    match reason {
        LicenceReason::RightNotInTerritory | LicenceReason::OutsideTerritory => CustomsCheck::LicenceTerritory,
        LicenceReason::RightNotInForce | LicenceReason::OutsidePeriod => CustomsCheck::LicencePeriod,
        LicenceReason::RightNotForProduct
        | LicenceReason::ProductNotCovered
        | LicenceReason::ChannelNotCovered
        | LicenceReason::ActNotPermitted => CustomsCheck::LicenceProduct,
        LicenceReason::NoLicence
        | LicenceReason::LicenceOfAnother
        | LicenceReason::LicenceForAnotherRight
        | LicenceReason::ChainBroken
        | LicenceReason::Revoked => CustomsCheck::LicenceChain,
    }
}

fn code(reason: LicenceReason) -> &'static str {
    match reason {
        LicenceReason::RightNotInForce => "right_not_in_force",
        LicenceReason::RightNotInTerritory => "right_not_in_territory",
        LicenceReason::RightNotForProduct => "right_not_for_product",
        LicenceReason::NoLicence => "no_licence",
        LicenceReason::LicenceOfAnother => "licence_of_another",
        LicenceReason::LicenceForAnotherRight => "licence_for_another_right",
        LicenceReason::ChainBroken => "chain_broken",
        LicenceReason::Revoked => "licence_revoked",
        LicenceReason::OutsidePeriod => "licence_outside_period",
        LicenceReason::OutsideTerritory => "licence_outside_territory",
        LicenceReason::ProductNotCovered => "product_not_covered",
        LicenceReason::ChannelNotCovered => "channel_not_covered",
        LicenceReason::ActNotPermitted => "act_not_permitted",
    }
}
