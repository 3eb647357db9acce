//! The keys of records about a declaration.

use trade_model::common::{DeclarationId, Scoped};
use trade_model::customs::DeclarationPart;

/// The key of one of several records about a declaration.
pub(super) fn part(declaration_id: &Scoped<DeclarationId>, number: u32) -> DeclarationPart {
    let (importer, id) = declaration_id.parts();
    (importer, id, number)
}
