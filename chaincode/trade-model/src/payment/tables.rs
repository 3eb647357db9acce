//! Where invoices, bank entries and settlements stand on the ledger.

use fabric_contract::{Part, Table};
use trade_standards::identifier::MspId;

use super::{BankEntry, Invoice, Settlement};
use crate::common::{DocumentedOpening, EntryId, InvoiceId, Text};
use crate::tables::Tables;

/// Invoices by their id.
pub const INVOICES: Table<InvoiceId, Invoice> = Table::new("invoice");
/// The opening of an invoice's total, in private collections only.
pub const INVOICE_OPENINGS: Table<InvoiceId, DocumentedOpening> = Table::new("invoice-opening");
/// Bank entries by their id.
pub const ENTRIES: Table<EntryId, BankEntry> = Table::new("entry");
/// The opening of an entry's amount, in private collections only.
pub const ENTRY_OPENINGS: Table<EntryId, DocumentedOpening> = Table::new("entry-opening");
/// Index: which entry a bank's reference and detail number stand for.
pub const ENTRIES_BY_REFERENCE: Table<(Part<MspId>, Part<Text<35>>, u32), EntryId> = Table::new("entry-reference");
/// Settlements by the invoice's id.
pub const SETTLEMENTS: Table<InvoiceId, Settlement> = Table::new("settlement");

pub(crate) fn tables(all: &mut Tables<'_>) {
    all.public(&INVOICES);
    all.private(&INVOICE_OPENINGS);
    all.public(&ENTRIES);
    all.private(&ENTRY_OPENINGS);
    all.public(&ENTRIES_BY_REFERENCE);
    all.public(&SETTLEMENTS);
}
