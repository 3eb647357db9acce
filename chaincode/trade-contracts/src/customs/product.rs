//! What makers state about their trade items: the HS code with which declarations are compared.

use fabric_contract::{Context, Part};
use trade_model::Refusal;
use trade_model::common::Attested;
use trade_model::customs::{
    CODES_STATED, ClassifyProduct, CustomsEvent, CustomsRejection, ProductClassification, ReadClassification,
};
use trade_model::governance::Members;
use trade_standards::identifier::Gtin;

use crate::announce::announce;
use crate::authorship;
use crate::caller::{self, Caller};

/// States the HS code of a trade item; a later statement takes the place of an earlier one.
///
/// # Errors
/// The member whose company prefix the trade item has, only.
pub fn classify(ctx: &mut Context<'_>, request: ClassifyProduct) -> Result<ProductClassification, Refusal> {
    let mut caller = Caller::of::<ClassifyProduct>(ctx)?;
    if caller.members.company_of_gtin(&request.gtin).is_none_or(|company| company.msp_id != *caller.msp_id()) {
        return Err(CustomsRejection::ProductOfAnother { gtin: request.gtin }.into());
    }
    let key = (Part(request.gtin.clone()), Part(caller.msp_id().clone()));
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
    let members = caller::members(ctx)?;
    let Some((record, authenticated)) = of_company(ctx, &members, &request.gtin)? else {
        return Err(CustomsRejection::ClassificationUnknown { gtin: request.gtin }.into());
    };
    Ok(Attested { record, authenticated })
}

/// What the maker of a trade item states, when it is the maker that stated it.
pub(super) fn stated(
    ctx: &mut Context<'_>,
    members: &Members,
    gtin: &Gtin,
) -> Result<Option<ProductClassification>, Refusal> {
    let found = of_company(ctx, members, gtin)?;
    Ok(found.filter(|(_, authenticated)| *authenticated).map(|(record, _)| record))
}

/// What the company of a trade item states, and whether that company has made the statement.
fn of_company(
    ctx: &mut Context<'_>,
    members: &Members,
    gtin: &Gtin,
) -> Result<Option<(ProductClassification, bool)>, Refusal> {
    let Some(company) = members.company_of_gtin(gtin).map(|company| &company.msp_id) else { return Ok(None) };
    let key = (Part(gtin.clone()), Part(company.clone()));
    let Some(record) = CODES_STATED.find(ctx, &key)? else { return Ok(None) };
    let authenticated = authorship::is_authentic(ctx, &CODES_STATED, &key, &record, company)?;
    Ok(Some((record, authenticated)))
}
