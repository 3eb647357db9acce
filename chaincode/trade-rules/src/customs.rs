//! Deciding: rules of a tariff applied to stored facts. Pure, so that anybody can replay a decision for any day.

use std::collections::BTreeSet;

use trade_model::customs::{
    CustomsCheck, CustomsRule, DecisionInputs, Finding, FindingReason, FindingResult, Outcome, Tariff,
};
use trade_model::item::Origin;
use trade_model::rights::{Act, LicenceReason};
use trade_standards::identifier::Gtin;
use trade_standards::time::Date;

use crate::licence::{Question, judge};

/// What every applicable rule says, in the tariff's order, and what follows: the gravest of them, `clear` without any.
pub fn decide(tariff: &Tariff, inputs: &DecisionInputs, on: Date) -> (Outcome, Vec<Finding>) {
    let licence = licence_reasons(inputs, on);
    let applicable =
        tariff.rules.iter().filter(|rule| rule.hs_prefix.as_ref().is_none_or(|prefix| prefix.covers(&inputs.hs_code)));
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
            (Vec::new(), vec![FindingReason::NoProductKnown])
        }
        check => match licence {
            Some(reasons) => (of_check(reasons, check), Vec::new()),
            None => (Vec::new(), vec![FindingReason::NoRightDeclared]),
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
type Reasons = (Vec<FindingReason>, Vec<FindingReason>);

fn value_in_band(tariff: &Tariff, inputs: &DecisionInputs) -> Reasons {
    if !inputs.proof_holds {
        return (vec![FindingReason::ProofDoesNotHold], Vec::new());
    }
    if tariff.currency != inputs.currency {
        return (Vec::new(), vec![FindingReason::CurrencyDiffers]);
    }
    let mut for_goods = tariff.bands.iter().filter(|band| band.hs_prefix.covers(&inputs.hs_code));
    let proved_enough = for_goods
        .any(|band| band.value_min_minor <= inputs.proved_min_minor && inputs.proved_max_minor <= band.value_max_minor);
    let unknown = if proved_enough { Vec::new() } else { vec![FindingReason::NoBandEnclosesTheProvedRange] };
    (Vec::new(), unknown)
}

fn no_open_alarm(inputs: &DecisionInputs) -> Reasons {
    let mut open = Vec::new();
    for item in &inputs.items {
        open.extend(item.open_alarms.iter().map(|alarm_id| FindingReason::OpenAlarm { alarm_id: alarm_id.clone() }));
        if item.more_open_alarms {
            open.push(FindingReason::MoreOpenAlarms { item_id: item.item_id.clone() });
        }
    }
    (open, Vec::new())
}

fn origin_known(inputs: &DecisionInputs) -> Reasons {
    let unknown = inputs.items.iter().filter(|item| item.origin.is_none_or(|origin| origin == Origin::Unknown));
    (Vec::new(), unknown.map(|item| FindingReason::OriginUnknown { item_id: item.item_id.clone() }).collect())
}

fn custody(inputs: &DecisionInputs) -> Reasons {
    let (held, without): (Vec<_>, Vec<_>) = inputs.items.iter().partition(|item| item.holder.is_some());
    let strangers = held.into_iter().filter(|item| !item.holder_in_consignment);
    (
        strangers.map(|item| FindingReason::HeldByStranger { item_id: item.item_id.clone() }).collect(),
        without.into_iter().map(|item| FindingReason::HolderUnknown { item_id: item.item_id.clone() }).collect(),
    )
}

/// The trade items of the consignment.
fn products(inputs: &DecisionInputs) -> BTreeSet<&Gtin> {
    inputs.items.iter().filter_map(|item| item.gtin.as_ref()).collect()
}

/// Why the import is not covered, over all products; `None` when no right is declared.
fn licence_reasons(inputs: &DecisionInputs, on: Date) -> Option<BTreeSet<LicenceReason>> {
    let right = inputs.right.as_ref()?;
    let mut reasons: BTreeSet<LicenceReason> = inputs.chain_problem.into_iter().collect();
    let products = products(inputs);
    let at = (on == inputs.accepted_at.date()).then_some(inputs.accepted_at);
    let asked: Vec<Option<&Gtin>> =
        if products.is_empty() { vec![None] } else { products.into_iter().map(Some).collect() };
    for product in asked {
        let party = &inputs.importer;
        let question =
            Question { party, act: Act::Import, product, territory: &inputs.destination, channel: None, on, at };
        reasons.extend(judge(right, &inputs.licences, &question));
    }
    Some(reasons)
}

/// The reasons that a check is about.
fn of_check(reasons: &BTreeSet<LicenceReason>, check: CustomsCheck) -> Vec<FindingReason> {
    let about_it = reasons.iter().filter(|reason| check_of(**reason) == check);
    about_it.map(|reason| FindingReason::NotCovered { reason: *reason }).collect()
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
        | LicenceReason::NotAccepted
        | LicenceReason::ExclusiveToAnother
        | LicenceReason::Revoked => CustomsCheck::LicenceChain,
    }
}
