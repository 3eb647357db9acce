//! Keys of the customs contract.

use fabric_contract::{CompositeKey, KeyError};

/// What all versions of a tariff share, and the number of the newest.
pub(crate) fn tariff(tariff_id: &str) -> Result<CompositeKey, KeyError> {
    CompositeKey::new("tariff", &[tariff_id])
}

/// One version of a tariff.
pub(crate) fn tariff_version(tariff_id: &str, version: u32) -> Result<CompositeKey, KeyError> {
    CompositeKey::new("tariff-version", &[tariff_id, &format!("{version:08}")])
}

/// A declaration.
pub(crate) fn declaration(declaration_id: &str) -> Result<CompositeKey, KeyError> {
    CompositeKey::new("declaration", &[declaration_id])
}

/// The opening of a declaration's value, in private collections only.
pub(crate) fn declaration_opening(declaration_id: &str) -> Result<CompositeKey, KeyError> {
    CompositeKey::new("declaration-opening", &[declaration_id])
}

/// A decision on a declaration, by its number from 1.
pub(crate) fn decision(declaration_id: &str, number: u32) -> Result<CompositeKey, KeyError> {
    CompositeKey::new("decision", &[declaration_id, &format!("{number:08}")])
}
