//! Filing a declaration: the goods in public, the value as a commitment with a proof that it lies in a tariff band.

use fabric_contract::Context;
use trade_claims::{Claim, DeclaredValue, Deployment};
use trade_model::Refusal;
use trade_model::common::{Committed, DeclarationId, Opening, Shared};
use trade_model::customs::{
    CustomsEvent, CustomsRejection, DECLARATION_OPENINGS, DECLARATIONS, Declaration, DeclarationState, FileDeclaration,
    ReadDeclaration, ReadValueOpening, ShareValueOpening, Tariff, TariffBand,
};
use trade_model::rejection::Rejection;
use trade_model::rights::{LicenceName, RightName};

use super::{authenticity, tariff};
use crate::announce::announce;
use crate::authorship;
use crate::caller::Caller;
use crate::{ledger, private, rights};

/// Files a declaration; the caller is the importer.
///
/// # Errors
/// Sellers only; the tariff must be in force, the band must fit the goods, and the proof must hold for this
/// declaration.
pub fn file(ctx: &mut Context<'_>, request: FileDeclaration) -> Result<Declaration, Refusal> {
    let mut caller = Caller::of::<FileDeclaration>(ctx)?;
    if request.licence_id.is_some() && request.right_id.is_none() {
        return Err(CustomsRejection::LicenceWithoutRight.into());
    }
    ledger::must_be_new(ctx, &DECLARATIONS, &request.declaration_id, |declaration_id| {
        CustomsRejection::DeclarationExists { declaration_id }
    })?;
    caller.follow(tariff::published_at(ctx, &request.tariff_id)?);
    let right_id = request.right_id.clone().map(|right_id| right_id.of(caller.msp_id()));
    let licence_id = request.licence_id.clone().map(|licence_id| licence_id.of(caller.msp_id()));
    follow_basis(ctx, &mut caller, right_id.as_ref(), licence_id.as_ref())?;
    let tariff = tariff::in_force(ctx, &request.tariff_id, caller.now.date())?;
    let band = check_tariff(&tariff, &request)?;
    let claim = DeclaredValue::of_request(caller.msp_id(), &request, band);
    claim.verify(deployment(ctx), &request.value_proof)?;

    let declaration = Declaration {
        declaration_id: request.declaration_id,
        importer: caller.msp_id().clone(),
        authority: tariff.authority.clone(),
        tariff_id: request.tariff_id,
        tariff_version: request.tariff_version,
        band_id: request.band_id,
        items: request.items,
        hs_code: request.hs_code,
        origin: request.origin,
        destination: request.destination,
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
    };
    let declaration_id = &declaration.declaration_id;
    let record = format!("declaration {declaration_id}");
    private::claim(ctx, &declaration.importer, &declaration.value_commitment, "/value_commitment", &record)?;
    // Not the importer as well: an importer whose peer is away must not be able to hold up an interception.
    let owners = [&declaration.authority];
    authorship::put(ctx, &caller, (&DECLARATIONS, declaration_id), &declaration, &owners)?;
    announce(ctx, CustomsEvent::DeclarationFiled { declaration_id: declaration_id.clone() })?;
    Ok(declaration)
}

/// Gives the authority what opens the declared value; the caller is the importer.
///
/// # Errors
/// The importer only; the private input must open the declaration's commitment.
pub fn share_value_opening(ctx: &mut Context<'_>, request: ShareValueOpening) -> Result<Shared, Refusal> {
    let mut caller = Caller::of::<ShareValueOpening>(ctx)?;
    let filed = find(ctx, &request.declaration_id)?;
    if filed.importer != *caller.msp_id() {
        return Err(CustomsRejection::NotTheImporter { declaration_id: filed.declaration_id }.into());
    }
    caller.follow(filed.filed.at);
    let opening = private::input::<ShareValueOpening>(ctx)?;
    private::check_opens(&opening, &filed.value_commitment)?;
    let parties = [&filed.importer, &filed.authority];
    private::share(ctx, &DECLARATION_OPENINGS, &filed.declaration_id, &opening, parties)?;
    announce(ctx, CustomsEvent::ValueOpeningShared { declaration_id: filed.declaration_id })?;
    Ok(Shared { with: filed.authority, shared: caller.stamp() })
}

/// What opens a declared value, for its importer and the authority.
///
/// # Errors
/// The two parties only; [`CustomsRejection::ValueNotOpened`] before the importer has shared it.
pub fn read_value_opening(ctx: &mut Context<'_>, request: ReadValueOpening) -> Result<Opening, Refusal> {
    let filed = find(ctx, &request.declaration_id)?;
    let parties = [&filed.importer, &filed.authority];
    let shared = private::own(ctx, &DECLARATION_OPENINGS, &filed.declaration_id, parties)?;
    Ok(shared.ok_or(CustomsRejection::ValueNotOpened { declaration_id: filed.declaration_id })?)
}

/// A declaration by its id.
///
/// # Errors
/// [`CustomsRejection::DeclarationUnknown`].
pub fn read_declaration(ctx: &mut Context<'_>, request: ReadDeclaration) -> Result<Committed<Declaration>, Refusal> {
    let record = find(ctx, &request.declaration_id)?;
    let authenticated = authenticity::of_declaration(ctx, &record)?;
    let parties = [&record.importer, &record.authority];
    let opening_shared = private::is_shared(ctx, &DECLARATION_OPENINGS, &record.declaration_id, parties)?;
    Ok(Committed { record, authenticated, opening_shared })
}

pub(super) fn find(ctx: &mut Context<'_>, declaration_id: &DeclarationId) -> Result<Declaration, Refusal> {
    ledger::require(ctx, &DECLARATIONS, declaration_id, |declaration_id| CustomsRejection::DeclarationUnknown {
        declaration_id,
    })
}

/// Whether the proof of a declaration holds for the bounds of its band.
pub(super) fn proof_holds(ctx: &Context<'_>, declaration: &Declaration, band: &TariffBand) -> bool {
    DeclaredValue::of_record(declaration, band).verify(deployment(ctx), &declaration.value_proof).is_ok()
}

fn deployment<'c>(ctx: &'c Context<'_>) -> Deployment<'c> {
    Deployment { channel: ctx.channel_id(), chaincode: ctx.chaincode() }
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
    if tariff.jurisdiction != request.destination {
        return Err(CustomsRejection::DestinationDiffers.into());
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
