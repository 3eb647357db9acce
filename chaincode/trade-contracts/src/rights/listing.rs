//! Reading rights and licences.

use fabric_contract::{Context, Part};
use trade_model::Refusal;
use trade_model::common::{Cursor, PageSize};
use trade_model::rights::{
    LICENCES_HELD, LICENCES_OF, LICENCES_OFFERED, LicenceName, LicencePage, LicenceView, ReadLicence,
    ReadLicenceOffers, ReadLicences, ReadRight, RightView, Whole,
};

use super::{chain, facts};
use crate::caller::now;
use crate::named;

/// A right, with what others have said about it and what it counts for now.
///
/// # Errors
/// `rights.right_unknown`.
pub fn read_right(ctx: &mut Context<'_>, request: ReadRight) -> Result<RightView, Refusal> {
    let right_id = named::whole(ctx, request.right_id)?;
    let now = now(ctx)?;
    let right = facts::find_right(ctx, &right_id)?;
    let known = facts::facts(ctx, right, now)?;
    facts::view(ctx, known, now)
}

/// A licence, with what its licensee said and where it stands now.
///
/// # Errors
/// `rights.licence_unknown`.
pub fn read_licence(ctx: &mut Context<'_>, request: ReadLicence) -> Result<LicenceView, Refusal> {
    let licence_id = named::whole(ctx, request.licence_id)?;
    read(ctx, &licence_id)
}

/// The licences that a member has accepted, the newest first; those under one right when it is named.
///
/// # Errors
/// `request.cursor_malformed` for a cursor of another list.
pub fn read_licences(ctx: &mut Context<'_>, request: ReadLicences) -> Result<LicencePage, Refusal> {
    let (size, after) = (size(request.limit), bookmark(request.after.as_ref()));
    let licensee = Part(request.licensee);
    let (found, next): (Vec<LicenceName>, _) = match request.right_id {
        Some(right_id) => {
            let own = (Whole(named::whole(ctx, right_id)?), licensee);
            let page = LICENCES_OF.page(ctx, &own, size, after)?;
            (page.entries.into_iter().map(|(_, id)| id).collect(), page.bookmark)
        }
        None => {
            let page = LICENCES_HELD.page(ctx, &licensee, size, after)?;
            (page.entries.into_iter().map(|(_, id)| id).collect(), page.bookmark)
        }
    };
    page(ctx, found, next)
}

/// The licences that a member was granted and has not replied to, by licensor, the newest first. One licensor's flood
/// is passed over by naming another.
///
/// # Errors
/// `request.cursor_malformed` for a cursor of another list.
pub fn read_licence_offers(ctx: &mut Context<'_>, request: ReadLicenceOffers) -> Result<LicencePage, Refusal> {
    let (size, after) = (size(request.limit), bookmark(request.after.as_ref()));
    let licensee = Part(request.licensee);
    let found = match request.licensor {
        Some(licensor) => LICENCES_OFFERED.page(ctx, &(licensee, Part(licensor)), size, after)?,
        None => LICENCES_OFFERED.page(ctx, &licensee, size, after)?,
    };
    page(ctx, found.entries.into_iter().map(|(_, id)| id).collect(), found.bookmark)
}

fn read(ctx: &mut Context<'_>, licence_id: &LicenceName) -> Result<LicenceView, Refusal> {
    let licence = chain::find_licence(ctx, licence_id)?;
    let right = facts::find_right(ctx, &licence.right_id)?;
    let known = chain::known(ctx, &right, licence)?;
    let now = now(ctx)?;
    chain::view(ctx, known, now)
}

fn page(ctx: &mut Context<'_>, found: Vec<LicenceName>, next: Option<String>) -> Result<LicencePage, Refusal> {
    let licences = found.iter().map(|licence_id| read(ctx, licence_id)).collect::<Result<Vec<_>, _>>()?;
    Ok(LicencePage { licences, next: next.map(Cursor::of_bookmark) })
}

fn size(limit: Option<PageSize>) -> u32 {
    limit.unwrap_or_default().get()
}

fn bookmark(after: Option<&Cursor>) -> &str {
    after.map(Cursor::bookmark).unwrap_or_default()
}
