//! Sharing what opens a commitment, and reading it back.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trade_standards::identifier::MspId;

use super::{EntryRef, InvoiceRef, ReadEntry, ReadInvoice};
use crate::common::{DocumentedOpening, Duty, Role, Shared};
use crate::transaction::{Kind, Lookup, Required, Transaction, transactions};

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
    evaluate "payment:ReadInvoiceOpening", ReadInvoiceOpening => DocumentedOpening;
    evaluate "payment:ReadEntryOpening", ReadEntryOpening => DocumentedOpening;
}

impl Transaction for ShareInvoiceOpening {
    const NAME: &'static str = "payment:ShareInvoiceOpening";
    const KIND: Kind = Kind::Submit;
    const DUTY: Option<Duty> = Some(Duty::Clerk);
    const ROLES: &'static [Role] = Role::TRADERS;
    type Answer = Shared;
    type Private = Required<DocumentedOpening>;

    /// The buyer.
    fn receiver(&self, caller: &MspId) -> Option<Lookup> {
        let invoice = ReadInvoice { invoice_id: self.invoice_id.clone().of(caller).into() };
        Some(Lookup::new(&invoice, "/buyer"))
    }
}

impl Transaction for ShareEntryOpening {
    const NAME: &'static str = "payment:ShareEntryOpening";
    const KIND: Kind = Kind::Submit;
    const DUTY: Option<Duty> = Some(Duty::Treasurer);
    const ROLES: &'static [Role] = &[Role::Bank];
    type Answer = Shared;
    type Private = Required<DocumentedOpening>;

    /// The account holder.
    fn receiver(&self, caller: &MspId) -> Option<Lookup> {
        let entry = ReadEntry { entry_id: self.entry_id.clone().of(caller).into() };
        Some(Lookup::new(&entry, "/account_holder"))
    }
}
