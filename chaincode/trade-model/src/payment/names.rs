//! What invoices and bank entries are called: by the party that chose the id, and the id.

use crate::common::{EntryId, InvoiceId, Scoped, ScopedRef};

/// The name of an invoice: its seller and the seller's number.
pub type InvoiceName = Scoped<InvoiceId>;
/// An invoice as a request names it.
pub type InvoiceRef = ScopedRef<InvoiceId>;
/// The name of a bank entry: the bank and the bank's id.
pub type EntryName = Scoped<EntryId>;
/// A bank entry as a request names it.
pub type EntryRef = ScopedRef<EntryId>;
