//! Filing a declaration: the goods in public, the value as a commitment with a proof that it lies in a tariff band.
//!
//! Authority and tariff are found from destination and procedure. The tariff that the request names is the one for
//! which the value is proved; it is refused when it is not the one that was found.

use std::collections::BTreeSet;

use fabric_contract::Context;
use trade_claims::{Claim as _, DeclaredValue};
use trade_model::Refusal;
use trade_model::common::{DeclarationId, ItemId, Scoped};
use trade_model::customs::{
    CustomsEvent, CustomsRejection, DECLARATIONS, Declaration, DeclarationState, FileDeclaration, Tariff, TariffBand,
};
use trade_model::governance::Members;
use trade_model::rejection::Rejection;
use trade_model::rights::{LicenceName, RightName};
use trade_standards::identifier::{CountryCode, Gtin, MspId};

use super::consignment::PRODUCTS_MAX;
use super::hold::Holds;
use super::reservation::{self, Claim};
use super::{codes, consignment, declaration, tariff};
use crate::announce::announce;
use crate::authorship;
use crate::caller::Caller;
use crate::item::offers::Offers;
use crate::item::registry::Registry;
use crate::{ledger, private, rights};

/// Files a declaration; the caller is the importer.
///
/// # Errors
/// Sellers only; the tariff must be the one of the destination and in force, the band must fit the goods, and the proof
/// must hold for this declaration. No authority may hold the goods, and no other declaration may have them.
pub fn file(ctx: &mut Context<'_>, request: FileDeclaration) -> Result<Declaration, Refusal> {
    let mut caller = Caller::of::<FileDeclaration>(ctx)?;
    if request.licence_id.is_some() && request.right_id.is_none() {
        return Err(CustomsRejection::LicenceWithoutRight.into());
    }
    let declaration_id = Scoped::new(caller.msp_id().clone(), request.declaration_id.clone());
    ledger::must_be_new(ctx, &DECLARATIONS, &declaration_id, |declaration_id| CustomsRejection::DeclarationExists {
        declaration_id,
    })?;
    let authority = authority_of(&caller.members, &request.destination)?;
    if authority == *caller.msp_id() {
        return Err(CustomsRejection::OwnAuthority { country: request.destination }.into());
    }
    let applies = tariff::of_place(ctx, &request.destination, request.procedure)?;
    if applies != request.tariff_id {
        return Err(CustomsRejection::TariffNotOfDestination { applies }.into());
    }
    caller.follow(tariff::published_at(ctx, &request.tariff_id)?);
    let right_id = request.right_id.clone().map(|right_id| right_id.of(caller.msp_id()));
    let licence_id = request.licence_id.clone().map(|licence_id| licence_id.of(caller.msp_id()));
    follow_basis(ctx, &mut caller, right_id.as_ref(), licence_id.as_ref())?;
    let mut registry = Registry::default();
    let things = consignment::things(ctx, &mut registry, &request.items)?;
    caller.follow(registry.last_recorded_at());
    let tariff = tariff::in_force(ctx, &request.tariff_id, caller.now.date())?;
    let place = (&authority, &request.destination, request.procedure);
    tariff::check_authentic(ctx, &tariff, place)?;
    let band = check_tariff(&tariff, &request)?;
    let claim = DeclaredValue::of_request(caller.msp_id(), &request, band);
    claim.verify(declaration::deployment(ctx), &request.value_proof)?;
    Holds::at(caller.now).refuse(ctx, &caller.members, &mut registry, &things)?;
    if consignment::products(ctx, &mut registry, &things)?.len() > PRODUCTS_MAX {
        return Err(CustomsRejection::TooManyProducts { max: PRODUCTS_MAX }.into());
    }
    let claims = claims(ctx, &mut registry, &caller, things)?;
    reservation::check(ctx, (&mut registry, &caller), &declaration_id, &request.destination, &claims)?;
    let products = products_of(ctx, &mut registry, &claims)?;

    let declaration = filed(&caller, request, (declaration_id, authority), (right_id, licence_id));
    reservation::reserve(ctx, &declaration.declaration_id, &declaration.destination, claims)?;
    codes::note_declared(ctx, &declaration, &products)?;
    write(ctx, &caller, &declaration)?;
    Ok(declaration)
}

/// The record of what the caller declares.
fn filed(
    caller: &Caller,
    request: FileDeclaration,
    (declaration_id, authority): (Scoped<DeclarationId>, MspId),
    (right_id, licence_id): (Option<RightName>, Option<LicenceName>),
) -> Declaration {
    Declaration {
        declaration_id,
        importer: caller.msp_id().clone(),
        authority,
        tariff_id: request.tariff_id,
        tariff_version: request.tariff_version,
        band_id: request.band_id,
        items: request.items,
        hs_code: request.hs_code,
        origin: request.origin,
        destination: request.destination,
        procedure: request.procedure,
        quantity: request.quantity,
        unit: request.unit,
        currency: request.currency,
        right_id,
        licence_id,
        value_commitment: request.value_commitment,
        value_proof: request.value_proof,
        state: DeclarationState::Filed,
        filed: caller.stamp(),
        decisions: 0,
        acts: 0,
        hold: None,
    }
}

fn write(ctx: &mut Context<'_>, caller: &Caller, declaration: &Declaration) -> Result<(), Refusal> {
    let declaration_id = &declaration.declaration_id;
    let record = format!("declaration {declaration_id}");
    private::claim(ctx, &declaration.importer, &declaration.value_commitment, "/value_commitment", &record)?;
    // Not the importer as well: an importer whose peer is away must not be able to hold up an interception.
    let owners = [&declaration.authority];
    authorship::put(ctx, caller, (&DECLARATIONS, declaration_id), declaration, &owners)?;
    announce(ctx, CustomsEvent::DeclarationFiled { declaration_id: declaration_id.clone() })
}

/// The trade items among the things that the caller has standing to declare.
fn products_of(
    ctx: &mut Context<'_>,
    registry: &mut Registry,
    claims: &[(ItemId, Claim)],
) -> Result<BTreeSet<Gtin>, Refusal> {
    let own = claims.iter().filter(|(_, claim)| *claim == Claim::Standing).map(|(item_id, _)| item_id.clone());
    consignment::products(ctx, registry, &own.collect::<Vec<_>>())
}

/// The authority of the destination.
fn authority_of(members: &Members, destination: &CountryCode) -> Result<MspId, CustomsRejection> {
    let authority = members.authority_of(destination).map(|member| member.msp_id.clone());
    authority.ok_or_else(|| CustomsRejection::NoAuthority { country: destination.clone() })
}

/// What the caller is to each of the things.
fn claims(
    ctx: &mut Context<'_>,
    registry: &mut Registry,
    caller: &Caller,
    things: Vec<ItemId>,
) -> Result<Vec<(ItemId, Claim)>, Refusal> {
    let mut offers = Offers::of(caller.msp_id(), caller.now);
    let mut claims = Vec::with_capacity(things.len());
    for item_id in things {
        let known = registry.find(ctx, &item_id)?.is_some();
        let claim = match offers.has_standing(ctx, registry, &item_id)? {
            true => Claim::Standing,
            false if known => Claim::Foreign,
            false => Claim::Unknown,
        };
        claims.push((item_id, claim));
    }
    Ok(claims)
}

/// Right and licence must exist, and the filing comes after what the ledger says about them, revocations above all;
/// whether they cover the import is for the assessment.
fn follow_basis(
    ctx: &mut Context<'_>,
    caller: &mut Caller,
    right_id: Option<&RightName>,
    licence_id: Option<&LicenceName>,
) -> Result<(), Refusal> {
    let Some(right_id) = right_id else { return Ok(()) };
    let right = rights::find_right(ctx, right_id)?;
    let right = rights::facts(ctx, right, caller.now)?;
    caller.follow(right.right.recorded.at);
    for end in &right.ends {
        caller.follow(end.ended.at);
    }
    if let Some(licence_id) = licence_id {
        rights::find_licence(ctx, licence_id)?;
        for licence in rights::chain(ctx, &right.right, licence_id)?.0 {
            caller.follow(licence.reply.map_or(licence.licence.granted.at, |reply| reply.replied.at));
            if let Some(end) = licence.end {
                caller.follow(end.ended.at);
            }
        }
    }
    Ok(())
}

/// The band, when tariff and declaration fit together.
fn check_tariff<'t>(tariff: &'t Tariff, request: &FileDeclaration) -> Result<&'t TariffBand, Rejection> {
    if tariff.version != request.tariff_version {
        let tariff_id = tariff.tariff_id.clone();
        return Err(CustomsRejection::TariffNotInForce { tariff_id, in_force: tariff.version }.into());
    }
    if tariff.currency != request.currency {
        return Err(CustomsRejection::DeclarationCurrencyDiffers.into());
    }
    let band_id = request.band_id.clone();
    let Some(band) = tariff.bands.iter().find(|band| band.band_id == band_id) else {
        return Err(CustomsRejection::BandUnknown { band_id }.into());
    };
    if band.hs_prefix.covers(&request.hs_code) {
        return Ok(band);
    }
    Err(CustomsRejection::BandForOtherGoods { band_id }.into())
}
