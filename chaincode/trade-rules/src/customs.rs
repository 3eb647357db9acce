//! Deciding: rules of a tariff applied to stored facts. Pure, so that anybody can replay a decision for any day.

mod consignment;
mod reasons;
mod rights;

use trade_model::customs::{
    ActKind, CustomsCheck, CustomsRule, DecisionInputs, Finding, FindingReason, FindingResult, InspectionResult,
    Outcome, Tariff,
};
use trade_standards::time::Date;

use self::consignment::{custody, no_open_alarm, origin_known, quantity};
use self::reasons::Reasons;
use self::rights::{Protection, has_products};

pub use self::rights::{covering, in_question};

/// What every applicable rule says, in the tariff's order, and what follows: the gravest of them, `clear` without any.
pub fn decide(tariff: &Tariff, inputs: &DecisionInputs, on: Date) -> (Outcome, Vec<Finding>) {
    let protection = Protection::of(inputs, on);
    let applicable =
        tariff.rules.iter().filter(|rule| rule.hs_prefix.as_ref().is_none_or(|prefix| prefix.covers(&inputs.hs_code)));
    let findings: Vec<Finding> = applicable.map(|rule| find(tariff, rule, inputs, &protection)).collect();
    let outcome = findings.iter().map(|finding| finding.outcome).max().unwrap_or(Outcome::Clear);
    (outcome, findings)
}

fn find(tariff: &Tariff, rule: &CustomsRule, inputs: &DecisionInputs, protection: &Protection) -> Finding {
    let (broken, unknown) = match rule.check {
        CustomsCheck::ValueInBand => value_in_band(tariff, inputs),
        CustomsCheck::NoOpenAlarm => no_open_alarm(inputs),
        CustomsCheck::OriginKnown => origin_known(inputs),
        CustomsCheck::Custody => custody(inputs),
        CustomsCheck::Quantity => quantity(inputs),
        CustomsCheck::HsCode => hs_code(inputs),
        CustomsCheck::NoOtherDeclaration => no_other_declaration(inputs),
        CustomsCheck::Documents => documents(inputs),
        CustomsCheck::Inspection => inspection(inputs),
        CustomsCheck::LicenceProduct if !has_products(inputs) => (Vec::new(), vec![FindingReason::NoProductKnown]),
        check @ (CustomsCheck::LicenceChain
        | CustomsCheck::LicenceTerritory
        | CustomsCheck::LicencePeriod
        | CustomsCheck::LicenceProduct) => protection.find(check),
    };
    let (result, outcome, reasons) = match (broken.is_empty(), unknown.is_empty()) {
        (false, _) => (FindingResult::Broken, rule.when_broken, broken),
        (true, false) => (FindingResult::Unknown, rule.when_unknown, unknown),
        (true, true) => (FindingResult::Met, Outcome::Clear, Vec::new()),
    };
    Finding { rule_id: rule.rule_id.clone(), check: rule.check, result, outcome, reasons }
}

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

fn hs_code(inputs: &DecisionInputs) -> Reasons {
    let differs = inputs.other_codes.iter().map(|other| FindingReason::HsCodeDiffers {
        gtin: other.gtin.clone(),
        hs_code: other.hs_code.clone(),
        declaration_id: other.declaration_id.clone(),
        stated_by: other.stated_by.clone(),
    });
    (differs.collect(), Vec::new())
}

fn no_other_declaration(inputs: &DecisionInputs) -> Reasons {
    let reason = |other: &trade_model::customs::OtherDeclaration| {
        let (item_id, declaration_id) = (other.item_id.clone(), other.declaration_id.clone());
        match other.stopped {
            true => FindingReason::StoppedBefore { item_id, declaration_id },
            false => FindingReason::DeclaredByAnother { item_id, declaration_id },
        }
    };
    (inputs.other_declarations.iter().map(reason).collect(), Vec::new())
}

/// Documents that were asked for and not provided: nobody can tell what they would say.
fn documents(inputs: &DecisionInputs) -> Reasons {
    let provided = |place: (u32, u32)| {
        inputs.acts.iter().any(|act| {
            matches!(act.kind, ActKind::DocumentProvided { request, document, .. } if (request, document) == place)
        })
    };
    let mut missing = Vec::new();
    for act in &inputs.acts {
        let ActKind::DocumentsRequested { documents } = &act.kind else { continue };
        let asked = (1..).take(documents.len()).map(|document| (act.number, document));
        let open = asked.filter(|place| !provided(*place));
        missing.extend(open.map(|(request, document)| FindingReason::DocumentMissing { request, document }));
    }
    (Vec::new(), missing)
}

fn inspection(inputs: &DecisionInputs) -> Reasons {
    let last = inputs.acts.iter().rev().find_map(|act| match act.kind {
        ActKind::Inspected { result, .. } => Some((act.number, result)),
        _ => None,
    });
    match last {
        Some((act, InspectionResult::Differs)) => (vec![FindingReason::InspectionDiffers { act }], Vec::new()),
        _ => (Vec::new(), Vec::new()),
    }
}
