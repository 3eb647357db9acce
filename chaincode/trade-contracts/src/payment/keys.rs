//! Keys of the payment contract.

use fabric_contract::{CompositeKey, KeyError};

/// An invoice.
pub(crate) fn invoice(invoice_id: &str) -> Result<CompositeKey, KeyError> {
    CompositeKey::new("invoice", &[invoice_id])
}

/// The opening of an invoice's total, in private collections only.
pub(crate) fn invoice_opening(invoice_id: &str) -> Result<CompositeKey, KeyError> {
    CompositeKey::new("invoice-opening", &[invoice_id])
}

/// A booked entry.
pub(crate) fn entry(entry_id: &str) -> Result<CompositeKey, KeyError> {
    CompositeKey::new("entry", &[entry_id])
}

/// The opening of an entry's amount, in private collections only.
pub(crate) fn entry_opening(entry_id: &str) -> Result<CompositeKey, KeyError> {
    CompositeKey::new("entry-opening", &[entry_id])
}

/// Which entry a bank's reference stands for.
pub(crate) fn entry_by_reference(bank: &str, reference: &str, detail_number: u32) -> Result<CompositeKey, KeyError> {
    CompositeKey::new("entry-reference", &[bank, reference, &detail_number.to_string()])
}

/// The settlement of an invoice.
pub(crate) fn settlement(invoice_id: &str) -> Result<CompositeKey, KeyError> {
    CompositeKey::new("settlement", &[invoice_id])
}
