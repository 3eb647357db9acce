//! Serial numbers that a company has issued (GS1 AI 21), and whether a thing's lies outside of them.

use fabric_contract::{Context, Part};
use trade_model::Refusal;
use trade_model::governance::Members;
use trade_model::item::{
    IssueSerials, IssuedSerials, ItemEvent, ItemRejection, ReadSerials, SERIAL_RANGES_MAX, SERIALS, SerialPage,
};
use trade_standards::identifier::{Gtin, MspId};

use crate::announce::announce;
use crate::authorship;
use crate::caller::{self, Caller};
use crate::ledger;

/// Issues a range of serial numbers.
///
/// # Errors
/// The company of the trade item only; at most [`SERIAL_RANGES_MAX`] ranges, each with its own beginning.
pub fn issue(ctx: &mut Context<'_>, request: IssueSerials) -> Result<IssuedSerials, Refusal> {
    let caller = Caller::of::<IssueSerials>(ctx)?;
    let company = caller.members.company_of_gtin(&request.gtin);
    if company.is_none_or(|company| company.msp_id != *caller.msp_id()) {
        return Err(ItemRejection::NotTheCompany { gtin: request.gtin }.into());
    }
    let key = (Part(caller.msp_id().clone()), Part(request.gtin.clone()), request.range.from().clone());
    ledger::must_be_new(ctx, &SERIALS, &key, |(_, _, from)| ItemRejection::SerialsIssued { from })?;
    if ranges(ctx, caller.msp_id(), &request.gtin)?.len() >= SERIAL_RANGES_MAX {
        return Err(ItemRejection::TooManySerialRanges { max: SERIAL_RANGES_MAX }.into());
    }

    let issued = IssuedSerials {
        company: caller.msp_id().clone(),
        gtin: request.gtin,
        range: request.range,
        issued: caller.stamp(),
    };
    authorship::put(ctx, &caller, (&SERIALS, &key), &issued, &[caller.msp_id()])?;
    announce(ctx, ItemEvent::SerialsIssued { gtin: issued.gtin.clone(), from: issued.range.from().clone() })?;
    Ok(issued)
}

/// The ranges that the company of a trade item has issued.
///
/// # Errors
/// None of its own: without ranges, the page is empty.
pub fn read(ctx: &mut Context<'_>, request: ReadSerials) -> Result<SerialPage, Refusal> {
    let members = caller::members(ctx)?;
    Ok(SerialPage { issued: issued(ctx, &members, &request.gtin)? })
}

/// The ranges that the company of a trade item has issued; none when nobody has named its prefix.
pub(super) fn issued(ctx: &mut Context<'_>, members: &Members, gtin: &Gtin) -> Result<Vec<IssuedSerials>, Refusal> {
    match members.company_of_gtin(gtin) {
        Some(company) => ranges(ctx, &company.msp_id, gtin),
        None => Ok(Vec::new()),
    }
}

/// The ranges that the company itself has issued.
fn ranges(ctx: &mut Context<'_>, company: &MspId, gtin: &Gtin) -> Result<Vec<IssuedSerials>, Refusal> {
    let prefix = (Part(company.clone()), Part(gtin.clone()));
    let mut found = Vec::new();
    for (key, issued) in SERIALS.scan(ctx, &prefix, SERIAL_RANGES_MAX)?.entries {
        if authorship::is_authentic(ctx, &SERIALS, &key, &issued, company)? {
            found.push(issued);
        }
    }
    Ok(found)
}
