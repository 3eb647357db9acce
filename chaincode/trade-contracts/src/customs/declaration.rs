//! Declarations as importer and authority find them: the goods in public, the value as a commitment that the importer
//! opens to the authority.

use fabric_contract::Context;
use trade_claims::{Claim, DeclaredValue, Deployment};
use trade_model::Refusal;
use trade_model::common::{Committed, DeclarationId, Opening, Scoped, ScopedRef, Shared};
use trade_model::customs::{
    CustomsEvent, CustomsRejection, DECLARATION_OPENINGS, DECLARATIONS, Declaration, ReadDeclaration, ReadValueOpening,
    ShareValueOpening, TariffBand,
};

use super::authenticity;
use crate::announce::announce;
use crate::caller::Caller;
use crate::named::whole;
use crate::{ledger, private};

/// Gives the authority what opens the declared value; the caller is the importer.
///
/// # Errors
/// The importer only; the private input must open the declaration's commitment.
pub fn share_value_opening(ctx: &mut Context<'_>, request: ShareValueOpening) -> Result<Shared, Refusal> {
    let mut caller = Caller::of::<ShareValueOpening>(ctx)?;
    let filed = find(ctx, &request.declaration_id.of(caller.msp_id()))?;
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
    let filed = asked(ctx, request.declaration_id)?;
    let parties = [&filed.importer, &filed.authority];
    let shared = private::own(ctx, &DECLARATION_OPENINGS, &filed.declaration_id, parties)?;
    Ok(shared.ok_or(CustomsRejection::ValueNotOpened { declaration_id: filed.declaration_id })?)
}

/// A declaration by its id.
///
/// # Errors
/// [`CustomsRejection::DeclarationUnknown`].
pub fn read_declaration(ctx: &mut Context<'_>, request: ReadDeclaration) -> Result<Committed<Declaration>, Refusal> {
    let record = asked(ctx, request.declaration_id)?;
    let authenticated = authenticity::of_declaration(ctx, &record)?;
    let parties = [&record.importer, &record.authority];
    let opening_shared = private::is_shared(ctx, &DECLARATION_OPENINGS, &record.declaration_id, parties)?;
    Ok(Committed { record, authenticated, opening_shared })
}

/// The declaration that a reader asks about; the reader may leave its own name out.
pub(super) fn asked(ctx: &mut Context<'_>, declaration_id: ScopedRef<DeclarationId>) -> Result<Declaration, Refusal> {
    let declaration_id = whole(ctx, declaration_id)?;
    find(ctx, &declaration_id)
}

/// A declaration of the importer that calls.
pub(super) fn of_importer(
    ctx: &mut Context<'_>,
    caller: &Caller,
    declaration_id: ScopedRef<DeclarationId>,
) -> Result<Declaration, Refusal> {
    let filed = find(ctx, &declaration_id.of(caller.msp_id()))?;
    if filed.importer != *caller.msp_id() {
        return Err(CustomsRejection::NotTheImporter { declaration_id: filed.declaration_id }.into());
    }
    check_authentic(ctx, &filed)?;
    Ok(filed)
}

/// A declaration that the authority that calls decides about, as its importer filed it and the authority decided so
/// far.
pub(super) fn of_authority(
    ctx: &mut Context<'_>,
    caller: &Caller,
    declaration_id: ScopedRef<DeclarationId>,
) -> Result<Declaration, Refusal> {
    let filed = find(ctx, &declaration_id.of(caller.msp_id()))?;
    if filed.authority != *caller.msp_id() {
        return Err(CustomsRejection::NotTheAuthority { declaration_id: filed.declaration_id }.into());
    }
    check_authentic(ctx, &filed)?;
    Ok(filed)
}

fn check_authentic(ctx: &mut Context<'_>, filed: &Declaration) -> Result<(), Refusal> {
    if authenticity::of_declaration(ctx, filed)? {
        return Ok(());
    }
    Err(CustomsRejection::DeclarationUnauthenticated { declaration_id: filed.declaration_id.clone() }.into())
}

pub(super) fn find(ctx: &mut Context<'_>, declaration_id: &Scoped<DeclarationId>) -> Result<Declaration, Refusal> {
    ledger::require(ctx, &DECLARATIONS, declaration_id, |declaration_id| CustomsRejection::DeclarationUnknown {
        declaration_id,
    })
}

/// Whether the proof of a declaration holds for the bounds of its band.
pub(super) fn proof_holds(ctx: &Context<'_>, declaration: &Declaration, band: &TariffBand) -> bool {
    DeclaredValue::of_record(declaration, band).verify(deployment(ctx), &declaration.value_proof).is_ok()
}

pub(super) fn deployment<'c>(ctx: &'c Context<'_>) -> Deployment<'c> {
    Deployment { channel: ctx.channel_id(), chaincode: ctx.chaincode() }
}
