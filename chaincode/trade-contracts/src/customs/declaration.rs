//! Filing a declaration: the goods in public, the value as a commitment with a proof that it lies in a tariff band.

use fabric_contract::Context;
use serde_json::json;
use trade_model::customs::{
    DECLARATION_ITEMS_MAX, Declaration, DeclarationOpening, DeclarationState, FileDeclaration, ReadDeclaration, Tariff,
    TariffBand,
};
use trade_model::party::Role;
use trade_model::rejection::Rejection;
use trade_proofs::ProofContext;

use super::{keys, tariff};
use crate::announce::announce;
use crate::caller::Caller;
use crate::proofs::{self, Place};
use crate::{Refusal, form, rights};

/// Files a declaration; the caller's enterprise is the importer.
///
/// # Errors
/// Sellers only; the tariff must be in force, the band must fit the goods, and the proof must hold for this declaration.
pub fn file(ctx: &mut Context<'_>, request: FileDeclaration) -> Result<Declaration, Refusal> {
    let mut caller = Caller::with_role(ctx, &[Role::Seller])?;
    check_form(&request)?;
    let items = form::objects("items", &request.items, DECLARATION_ITEMS_MAX)?;
    let key = keys::declaration(&request.declaration_id)?;
    if ctx.get(&key)?.is_some() {
        return Err(Rejection::DeclarationExists { declaration_id: request.declaration_id }.into());
    }
    caller.follow(tariff::published_at(ctx, &request.tariff_id)?);
    follow_basis(ctx, &mut caller, &request)?;
    let tariff = tariff::in_force(ctx, &request.tariff_id, caller.now.date())?;
    let band = check_tariff(&tariff, &request)?;
    let declaration = Declaration {
        declaration_id: request.declaration_id,
        importer: caller.msp_id().clone(),
        authority: tariff.authority.clone(),
        tariff_id: request.tariff_id,
        tariff_version: request.tariff_version,
        band_id: request.band_id,
        items,
        hs_code: request.hs_code,
        origin: request.origin,
        destination: request.destination,
        quantity: request.quantity,
        unit: request.unit,
        currency: request.currency,
        right_id: request.right_id,
        licence_id: request.licence_id,
        value_commitment: request.value_commitment,
        value_proof: request.value_proof,
        value_opened: false,
        state: DeclarationState::Filed,
        filed_at: caller.now,
        transaction_id: caller.tx_id,
        decisions: 0,
    };
    check_proof(ctx, &declaration, band)?;
    let commitment = proofs::commitment("value_commitment", &declaration.value_commitment)?;
    let opening: Option<DeclarationOpening> = proofs::opening(ctx, "value_commitment", &commitment)?;

    let declaration = Declaration { value_opened: opening.is_some(), ..declaration };
    if let Some(opening) = opening {
        let opening_key = keys::declaration_opening(&declaration.declaration_id)?;
        for party in [&declaration.importer, &declaration.authority] {
            ctx.private(&party.implicit_collection()).put_json(&opening_key, &opening)?;
        }
    }
    ctx.put_json(&key, &declaration)?;
    announce(ctx, "customs.declaration_filed", &json!({ "declaration_id": declaration.declaration_id }))?;
    Ok(declaration)
}

/// A declaration by its id.
///
/// # Errors
/// [`Rejection::DeclarationUnknown`].
pub fn read(ctx: &mut Context<'_>, request: ReadDeclaration) -> Result<Declaration, Refusal> {
    find(ctx, &request.declaration_id)
}

pub(super) fn find(ctx: &mut Context<'_>, declaration_id: &str) -> Result<Declaration, Refusal> {
    let declaration = ctx.get_json::<Declaration>(&keys::declaration(declaration_id)?)?;
    Ok(declaration.ok_or_else(|| Rejection::DeclarationUnknown { declaration_id: declaration_id.to_owned() })?)
}

/// Whether the proof of a declaration holds for the bounds of its band.
pub(super) fn check_proof(ctx: &Context<'_>, declaration: &Declaration, band: &TariffBand) -> Result<(), Rejection> {
    let commitment = proofs::commitment("value_commitment", &declaration.value_commitment)?;
    let proof = proofs::proof("value_proof", &declaration.value_proof)?;
    let context = proof_context(ctx, declaration)?;
    proofs::check_range("value_proof", &context, commitment, tariff::bounds(band)?, &proof)
}

fn proof_context(ctx: &Context<'_>, declaration: &Declaration) -> Result<ProofContext, Rejection> {
    let place = Place { channel: ctx.channel_id(), chaincode: ctx.chaincode() };
    let Declaration { importer, declaration_id, tariff_id, tariff_version, band_id, currency, .. } = declaration;
    proofs::declared_value(place, importer, declaration_id, tariff_id, *tariff_version, band_id, currency)
        .map_err(proofs::place_error("value_proof"))
}

fn check_form(request: &FileDeclaration) -> Result<(), Rejection> {
    form::id("declaration_id", &request.declaration_id)?;
    form::hs_code("hs_code", &request.hs_code)?;
    form::quantity("quantity", &request.quantity)?;
    form::currency("currency", &request.currency)?;
    let unit_holds = (1..=3).contains(&request.unit.len())
        && request.unit.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    if !unit_holds {
        return Err(Rejection::UnitMalformed);
    }
    if request.licence_id.is_some() && request.right_id.is_none() {
        return Err(Rejection::LicenceWithoutRight);
    }
    Ok(())
}

/// Right and licence must exist, and the filing comes after what the ledger says about them, revocations above all;
/// whether they cover the import is for the assessment.
fn follow_basis(ctx: &mut Context<'_>, caller: &mut Caller, request: &FileDeclaration) -> Result<(), Refusal> {
    if let Some(right_id) = &request.right_id {
        caller.follow(rights::find_right(ctx, right_id)?.registered_at);
    }
    if let Some(licence_id) = &request.licence_id {
        rights::find_licence(ctx, licence_id)?;
        for licence in rights::chain(ctx, licence_id)?.0 {
            caller.follow(licence.granted_at);
            if let Some(revocation) = licence.revoked {
                caller.follow(revocation.at);
            }
        }
    }
    Ok(())
}

/// The band, when tariff and declaration fit together.
fn check_tariff<'t>(tariff: &'t Tariff, request: &FileDeclaration) -> Result<&'t TariffBand, Rejection> {
    if tariff.version != request.tariff_version {
        return Err(Rejection::TariffNotInForce { tariff_id: tariff.tariff_id.clone(), in_force: tariff.version });
    }
    if tariff.jurisdiction != request.destination {
        return Err(Rejection::DestinationDiffers);
    }
    if tariff.currency != request.currency {
        return Err(Rejection::DeclarationCurrencyDiffers);
    }
    let band_id = request.band_id.clone();
    let Some(band) = tariff.bands.iter().find(|band| band.band_id == band_id) else {
        return Err(Rejection::BandUnknown { band_id });
    };
    if request.hs_code.starts_with(&band.hs_prefix) { Ok(band) } else { Err(Rejection::BandForOtherGoods { band_id }) }
}
