//! The rules of the contract `payment`.

use trade_standards::identifier::MspId;

use crate::common::{EntryId, InvoiceId};
use crate::rejection::rejections;

rejections! {
    /// The rules of the contract `payment`.
    PaymentRejection;

    /// The invoice's id is taken.
    InvoiceExists { invoice_id: InvoiceId } = 409, "payment.invoice_exists", "The invoice's id is taken",
        "{invoice_id} exists already";
    /// There is no such invoice.
    InvoiceUnknown { invoice_id: InvoiceId } = 404, "payment.invoice_unknown", "The invoice is not known",
        "there is no invoice {invoice_id}";
    /// Buyer and seller are the same member.
    BuyerIsSeller = 400, "payment.buyer_is_seller", "Buyer and seller are the same",
        "a member cannot invoice itself";
    /// The other side is no member that can pay or be paid.
    PartnerNotEnrolled { msp_id: MspId } = 422, "payment.partner_not_enrolled", "The other side is not enrolled",
        "{msp_id} is not enrolled or is a regulator";
    /// The invoice is due before it is issued.
    DueBeforeIssue = 400, "payment.due_before_issue", "The invoice is due before it is issued",
        "due_on must not lie before issued_on";
    /// The entry's id is taken.
    EntryExists { entry_id: EntryId } = 409, "payment.entry_exists", "The entry's id is taken",
        "{entry_id} exists already";
    /// The bank has reported this entry before.
    EntryReportedBefore { entry_id: EntryId } = 409, "payment.entry_reported_before", "The bank has reported this entry before",
        "the same bank reference and detail number stand in the entry {entry_id}";
    /// There is no such entry.
    EntryUnknown { entry_id: EntryId } = 404, "payment.entry_unknown", "The entry is not known",
        "there is no entry {entry_id}";
    /// Only the seller settles its invoice and shares its opening.
    NotTheSeller { invoice_id: InvoiceId } = 403, "payment.not_the_seller", "The invoice belongs to another seller",
        "only the seller of {invoice_id} can do this";
    /// Only the bank shares the opening of an entry.
    NotTheBank { entry_id: EntryId } = 403, "payment.not_the_bank", "The entry is another bank's",
        "only the bank that recorded {entry_id} can do this";
    /// The entry is on another member's account.
    EntryOfAnother { entry_id: EntryId } = 403, "payment.entry_of_another", "The entry is on another account",
        "{entry_id} is not on the seller's account";
    /// The entry is not money received.
    EntryNotCredit { entry_id: EntryId } = 422, "payment.entry_not_credit", "The entry is not money received",
        "{entry_id} is a debit or a reversal";
    /// Invoice and entry are in different currencies.
    PaymentCurrencyDiffers = 422, "payment.currency_differs", "Invoice and payment differ in currency",
        "a payment settles only an invoice of its own currency";
    /// The entry quotes another creditor reference.
    ReferenceDiffers { entry_id: EntryId } = 422, "payment.reference_differs", "The payment quotes another reference",
        "{entry_id} quotes a creditor reference that is not the invoice's";
    /// The tolerance is greater than the invoice allows.
    ToleranceExceedsInvoice { invoice_id: InvoiceId } = 422, "payment.tolerance_exceeds_invoice", "The tolerance is too great",
        "the tolerance is greater than {invoice_id} allows";
    /// A difference is allowed without a reason, or a reason given for none.
    ToleranceWithoutReason = 400, "payment.tolerance_without_reason", "Tolerance and reason do not fit",
        "a tolerance above 0 needs a reason, a tolerance of 0 has none";
    /// The invoice is settled already.
    InvoiceSettled { invoice_id: InvoiceId } = 409, "payment.invoice_settled", "The invoice is settled already",
        "{invoice_id} was settled before";
    /// The entry may have been made by others in the bank's name.
    EntryUnauthenticated { entry_id: EntryId } = 409, "payment.entry_unauthenticated", "The bank has not endorsed the entry",
        "{entry_id} was recorded without the peer of the bank it speaks for";
    /// The invoice may have been made by others in the seller's name.
    InvoiceUnauthenticated { invoice_id: InvoiceId } = 409, "payment.invoice_unauthenticated", "The seller has not endorsed the invoice",
        "{invoice_id} was issued without the peer of the seller it speaks for";
    /// The buyer does not hold the opening of the invoice's total.
    InvoiceNotOpened { invoice_id: InvoiceId } = 409, "payment.invoice_not_opened", "The total is not opened to the buyer",
        "the opening of {invoice_id} must be shared with its buyer first";
    /// The account holder does not hold the opening of the entry's amount.
    EntryNotOpened { entry_id: EntryId } = 409, "payment.entry_not_opened", "The amount is not opened to the account holder",
        "the bank must share the opening of {entry_id} with the account holder first";
    /// The entry has settled another invoice.
    EntryUsed { entry_id: EntryId } = 409, "payment.entry_used", "The payment was used before",
        "{entry_id} has settled another invoice";
    /// There is no settlement of that invoice.
    SettlementUnknown { invoice_id: InvoiceId } = 404, "payment.settlement_unknown", "The invoice is not settled",
        "there is no settlement of {invoice_id}";
}
