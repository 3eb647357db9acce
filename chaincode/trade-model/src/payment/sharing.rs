//! Sharing what opens a commitment, and reading it back.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trade_standards::identifier::MspId;

use super::{EntryRef, InvoiceRef, ReadEntry, ReadInvoice};
use crate::common::{DocumentedOpening, Role, Shared};
use crate::transaction::{Lookup, transactions};

/// `payment:ShareInvoiceOpening` (submit): the seller gives the buyer what opens the total.
///
/// The transient field `private` holds a [`DocumentedOpening`]; it goes to the seller's and the buyer's own
/// collections, and their peers alone see it. It must open what the invoice says, so sharing again changes nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShareInvoiceOpening {
    /// The invoice.
    pub invoice_id: InvoiceRef,
}

/// `payment:ShareEntryOpening` (submit): the bank gives the account holder what opens the amount.
///
/// The transient field `private` holds a [`DocumentedOpening`]; it goes to the bank's and the account holder's own
/// collections, as with [`ShareInvoiceOpening`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShareEntryOpening {
    /// The entry.
    pub entry_id: EntryRef,
}

/// Asks `payment:ReadInvoiceOpening` (evaluate): seller and buyer read what opens the total, each at its own peer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadInvoiceOpening {
    /// The invoice.
    pub invoice_id: InvoiceRef,
}

/// Asks `payment:ReadEntryOpening` (evaluate): bank and account holder read what opens the amount, each at its own
/// peer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadEntryOpening {
    /// The entry.
    pub entry_id: EntryRef,
}

transactions! {
    submit(Clerk) "payment:ShareInvoiceOpening" by Role::TRADERS,
        ShareInvoiceOpening, private DocumentedOpening, to ShareInvoiceOpening::buyer => Shared;
    submit(Treasurer) "payment:ShareEntryOpening" by &[Role::Bank],
        ShareEntryOpening, private DocumentedOpening, to ShareEntryOpening::account_holder => Shared;
    evaluate "payment:ReadInvoiceOpening", ReadInvoiceOpening => DocumentedOpening;
    evaluate "payment:ReadEntryOpening", ReadEntryOpening => DocumentedOpening;
}

impl ShareInvoiceOpening {
    fn buyer(&self, caller: &MspId) -> Lookup {
        buyer(&self.invoice_id, caller)
    }
}

impl ShareEntryOpening {
    fn account_holder(&self, caller: &MspId) -> Lookup {
        let entry = ReadEntry { entry_id: self.entry_id.clone().of(caller).into() };
        Lookup::new(&entry, "/account_holder")
    }
}

/// Where the buyer of an invoice stands.
pub(super) fn buyer(invoice_id: &InvoiceRef, caller: &MspId) -> Lookup {
    let invoice = ReadInvoice { invoice_id: invoice_id.clone().of(caller).into() };
    Lookup::new(&invoice, "/buyer")
}
