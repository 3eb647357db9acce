//! Records by the names that requests give them: an id without a party is the caller's own record.

use fabric_contract::Context;
use trade_model::common::{Scoped, ScopedRef};
use trade_model::rejection::{CallerRejection, Rejection};
use trade_standards::identifier::MspId;

/// The whole name of a record that the caller names.
///
/// # Errors
/// [`CallerRejection::CallerNotEnrolled`] when the name is short and the caller is none that could have records.
pub(crate) fn whole<Id>(ctx: &Context<'_>, reference: ScopedRef<Id>) -> Result<Scoped<Id>, Rejection> {
    if let ScopedRef::Of(scoped) = reference {
        return Ok(scoped);
    }
    let msp_id = &ctx.creator().msp_id;
    let caller = MspId::parse(msp_id).map_err(|_| CallerRejection::CallerNotEnrolled { msp_id: msp_id.clone() })?;
    Ok(reference.of(&caller))
}
