//! Orders to disclose as the ledger holds them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trade_standards::identifier::MspId;
use trade_standards::time::UtcTime;

use super::OrderName;
use crate::common::{Digest256, Person, Remark, Stamp};
use crate::payment::{EntryName, InvoiceName};

/// The private record that is to be opened. The declared value is none of them: its importer opens it to the authority
/// with the declaration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", content = "of", rename_all = "snake_case", deny_unknown_fields)]
#[serde(expecting = "an object with the kind of a record (invoice, entry, credit) and which one it is (of)")]
pub enum DisclosureSubject {
    /// The total of an invoice, by its whole name.
    Invoice(InvoiceName),
    /// The amount of a bank's entry, by its whole name.
    Entry(EntryName),
    /// The amount of a credit note.
    Credit {
        /// The invoice, by its whole name.
        invoice_id: InvoiceName,
        /// Which of its credit notes, from 1.
        number: u32,
    },
}

/// An authority's order to open a private record to it: the answer of `disclosure:Order`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DisclosureOrder {
    /// Its name: the authority and its id.
    pub order_id: OrderName,
    /// The authority.
    pub authority: MspId,
    /// What is to be opened.
    pub subject: DisclosureSubject,
    /// Who is to open it: one of the two parties of the record.
    pub from: MspId,
    /// On what ground: a case, a court's decision.
    pub ground: Remark,
    /// Who ordered it when.
    pub ordered: Stamp,
    /// The person that ordered it, as it is told from the one that approves.
    pub person: Person,
}

/// A second officer's consent to an order: the answer of `disclosure:ApproveOrder`. The order is in force by it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderApproval {
    /// The order.
    pub order_id: OrderName,
    /// SHA-256 of the order that is approved.
    pub order_sha256: Digest256,
    /// Who approved when.
    pub approved: Stamp,
    /// Until when the member is to comply: nobody need do so before the approval.
    pub comply_by: UtcTime,
}

/// An order and what became of it: the answer of `disclosure:ReadOrder`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DisclosureStanding {
    /// The order.
    #[serde(flatten)]
    pub record: DisclosureOrder,
    /// Whether the peer of the authority endorsed it. Without that, others may have made it in the authority's name.
    pub authenticated: bool,
    /// The second officer's consent; without it, nobody need comply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<OrderApproval>,
    /// Whether the authority and the one that was to disclose hold the same opening.
    pub disclosed: bool,
    /// Whether the order is in force, the time to comply has passed, and nothing is disclosed.
    pub overdue: bool,
}
