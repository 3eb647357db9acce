//! What makers state about their trade items: the HS code with which declarations are compared.

use fabric_contract::{Context, Part};
use trade_model::Refusal;
use trade_model::common::Attested;
use trade_model::customs::{
    CODES_STATED, ClassifyProduct, CustomsEvent, CustomsRejection, ProductClassification, ReadClassification,
};
use trade_model::governance::Members;
use trade_standards::gs1::ObjectUri;
use trade_standards::identifier::{Gtin, MspId};

use crate::announce::announce;
use crate::caller::{self, Caller};
use crate::{authorship, ledger};

/// States the HS code of a trade item; a later statement takes the place of an earlier one.
///
/// # Errors
/// The member whose company prefix the trade item has, only.
pub fn classify(ctx: &mut Context<'_>, request: ClassifyProduct) -> Result<ProductClassification, Refusal> {
    let mut caller = Caller::of::<ClassifyProduct>(ctx)?;
    if company_of(&caller.members, &request.gtin) != Some(caller.msp_id()) {
        return Err(CustomsRejection::ProductOfAnother { gtin: request.gtin }.into());
    }
    let key = Part(request.gtin.clone());
    if let Some(earlier) = CODES_STATED.find(ctx, &key)? {
        caller.follow(earlier.stated.at);
    }
    let stated = ProductClassification { gtin: request.gtin, hs_code: request.hs_code, stated: caller.stamp() };
    authorship::put(ctx, &caller, (&CODES_STATED, &key), &stated, &[caller.msp_id()])?;
    announce(ctx, CustomsEvent::ProductClassified { gtin: stated.gtin.clone() })?;
    Ok(stated)
}

/// The HS code that the maker of a trade item states.
///
/// # Errors
/// [`CustomsRejection::ClassificationUnknown`].
pub fn read_classification(
    ctx: &mut Context<'_>,
    request: ReadClassification,
) -> Result<Attested<ProductClassification>, Refusal> {
    let gtin = request.gtin;
    let record = ledger::require(ctx, &CODES_STATED, &Part(gtin.clone()), |Part(gtin)| {
        CustomsRejection::ClassificationUnknown { gtin }
    })?;
    let members = caller::members(ctx)?;
    let authenticated = is_authentic(ctx, &members, &record)?;
    Ok(Attested { record, authenticated })
}

/// What the maker of a trade item states, when it is the maker that stated it.
pub(super) fn stated(
    ctx: &mut Context<'_>,
    members: &Members,
    gtin: &Gtin,
) -> Result<Option<ProductClassification>, Refusal> {
    let Some(record) = CODES_STATED.find(ctx, &Part(gtin.clone()))? else { return Ok(None) };
    Ok(if is_authentic(ctx, members, &record)? { Some(record) } else { None })
}

fn is_authentic(ctx: &mut Context<'_>, members: &Members, record: &ProductClassification) -> Result<bool, Refusal> {
    let Some(company) = company_of(members, &record.gtin).cloned() else { return Ok(false) };
    authorship::is_authentic(ctx, &CODES_STATED, &Part(record.gtin.clone()), (record, &record.stated), &company)
}

/// The member that has named the company prefix of a trade item.
fn company_of<'m>(members: &'m Members, gtin: &Gtin) -> Option<&'m MspId> {
    let key = ObjectUri::parse(&format!("https://id.gs1.org/01/{gtin}")).ok()?;
    Some(&members.company_of(key.gs1()?)?.msp_id)
}
