//! The rules of the contract `payment`.

use trade_standards::identifier::MspId;
use trade_standards::money::CurrencyCode;
use trade_standards::time::{Date, UtcTime};

use super::{EntryName, InvoiceName};
use crate::rejection::rejections;

rejections! {
    /// The rules of the contract `payment`.
    PaymentRejection;

    /// The invoice's id is taken.
    InvoiceExists { invoice_id: InvoiceName } = 409, "payment.invoice_exists", "The invoice's id is taken",
        "{invoice_id} exists already";
    /// There is no such invoice.
    InvoiceUnknown { invoice_id: InvoiceName } = 404, "payment.invoice_unknown", "The invoice is not known",
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
    EntryExists { entry_id: EntryName } = 409, "payment.entry_exists", "The entry's id is taken",
        "{entry_id} exists already";
    /// The bank has reported this entry before.
    EntryReportedBefore { entry_id: EntryName } = 409, "payment.entry_reported_before", "The bank has reported this entry before",
        "the same bank reference and detail number stand in the entry {entry_id}";
    /// There is no such entry.
    EntryUnknown { entry_id: EntryName } = 404, "payment.entry_unknown", "The entry is not known",
        "there is no entry {entry_id}";
    /// Only the seller withdraws or credits its invoice, shares its openings, and disputes its settlement.
    NotTheSeller { invoice_id: InvoiceName } = 403, "payment.not_the_seller", "The invoice belongs to another seller",
        "only the seller of {invoice_id} can do this";
    /// Only the buyer answers an invoice.
    NotTheBuyer { invoice_id: InvoiceName } = 403, "payment.not_the_buyer", "The invoice is for another buyer",
        "only the buyer of {invoice_id} can do this";
    /// Only seller and buyer settle.
    NotSellerOrBuyer { invoice_id: InvoiceName } = 403, "payment.not_seller_or_buyer", "The invoice is between others",
        "only seller and buyer of {invoice_id} can settle it";
    /// Seller and buyer have not agreed on anything in this currency.
    NoAgreement { buyer: MspId, currency: CurrencyCode } = 422, "payment.no_agreement", "Seller and buyer have no agreement",
        "no agreement in {currency} with {buyer} is in force now; both sign one before an invoice is issued";
    /// The invoice is due sooner than was agreed.
    DueTooSoon { earliest: Date } = 422, "payment.due_too_soon", "The invoice is due sooner than was agreed",
        "by the agreement with the buyer, due_on is {earliest} or later";
    /// The buyer has accepted the invoice.
    InvoiceAccepted { invoice_id: InvoiceName } = 409, "payment.invoice_accepted", "The invoice is accepted already",
        "{invoice_id} was accepted by its buyer";
    /// The buyer has not accepted the invoice.
    InvoiceNotAccepted { invoice_id: InvoiceName } = 409, "payment.invoice_not_accepted", "The buyer has not accepted the invoice",
        "{invoice_id} must be accepted by its buyer first; unanswered, it is settled only by exactly what is open, with its reference";
    /// The invoice is void, or is to be.
    InvoiceWithdrawn { invoice_id: InvoiceName } = 409, "payment.invoice_withdrawn", "The invoice is withdrawn",
        "the seller of {invoice_id} has withdrawn it";
    /// Nothing waits for the buyer's consent.
    NothingToConsent { invoice_id: InvoiceName } = 409, "payment.nothing_to_consent", "No withdrawal waits for consent",
        "the seller of {invoice_id} does not propose to withdraw it";
    /// There is no such credit note.
    CreditUnknown { invoice_id: InvoiceName, number: u32 } = 404, "payment.credit_unknown", "The credit note is not known",
        "{invoice_id} has no credit note {number}";
    /// The invoice has as many credit notes as it can have.
    TooManyCredits { invoice_id: InvoiceName } = 409, "payment.too_many_credits", "Too many credit notes",
        "{invoice_id} has as many credit notes as it can have";
    /// The buyer does not hold the opening of the credit note's amount.
    CreditNotOpened { invoice_id: InvoiceName, number: u32 } = 409, "payment.credit_not_opened", "The credit note is not opened to the buyer",
        "the opening of credit note {number} of {invoice_id} must be shared with its buyer first";
    /// The credit note is accepted, or another one has taken its place.
    CreditOutdated { invoice_id: InvoiceName, number: u32 } = 409, "payment.credit_outdated", "The credit note waits for no consent",
        "credit note {number} of {invoice_id} is accepted, followed by another one, or not the seller's";
    /// A bank cannot be named that is none.
    BankUnknown { msp_id: MspId } = 422, "payment.bank_unknown", "This is no bank",
        "{msp_id} is no other member with the role bank";
    /// The account is open already, or named.
    AccountNamed { bank: MspId } = 409, "payment.account_named", "The bank is named already",
        "{bank} was named and the account is not ended";
    /// The holder has not named the bank.
    AccountNotNamed { holder: MspId, bank: MspId } = 409, "payment.account_not_named", "The holder has not named the bank",
        "{holder} has not named {bank}, or the account is ended";
    /// The bank has accepted before.
    AccountOpen { holder: MspId } = 409, "payment.account_open", "The account is open already",
        "the account of {holder} was accepted before";
    /// The bank does not report for the holder.
    AccountNotOpen { holder: MspId, bank: MspId } = 403, "payment.account_not_open", "The bank does not keep this account",
        "{holder} has not named {bank} as its bank, or the bank has not accepted";
    /// There is no such account.
    AccountUnknown { holder: MspId, bank: MspId } = 404, "payment.account_unknown", "The account is not known",
        "{holder} has never named {bank}";
    /// Only holder and bank end an account.
    NotTheirAccount { holder: MspId, bank: MspId } = 403, "payment.not_their_account", "The account is of others",
        "only {holder} and {bank} can end this account";
    /// A proof of the amount where the holder checks it, or none where nobody does.
    AmountProofUnfit = 400, "payment.amount_proof_unfit", "Account and proof do not fit",
        "amount_proof is given exactly for an entry on the bank's own account";
    /// There is nobody to share an opening with.
    OwnAccount { entry_id: EntryName } = 422, "payment.own_account", "The account is the bank's own",
        "{entry_id} is on the bank's own account, so nobody else is to hold its opening";
    /// The entry was taken back.
    EntryReversed { entry_id: EntryName } = 409, "payment.entry_reversed", "The bank has taken the entry back",
        "{entry_id} was reversed by its bank";
    /// The entry that is said to reverse another one does not.
    NotAReversal { entry_id: EntryName } = 422, "payment.not_a_reversal", "The other entry reverses nothing here",
        "{entry_id} is no reversal on the same account and in the same currency";
    /// Only the bank shares the opening of an entry.
    NotTheBank { entry_id: EntryName } = 403, "payment.not_the_bank", "The entry is another bank's",
        "only the bank that recorded {entry_id} can do this";
    /// The entry is not on the seller's account, nor, where the buyer settles, on the buyer's.
    EntryOfAnother { entry_id: EntryName } = 403, "payment.entry_of_another", "The entry is on another account",
        "{entry_id} is not on the seller's account, nor on that of a buyer that settles itself";
    /// The entry is not money received.
    EntryNotCredit { entry_id: EntryName } = 422, "payment.entry_not_credit", "The entry is not money received",
        "{entry_id} is a debit or a reversal";
    /// The entry of the buyer's account is not money paid.
    EntryNotDebit { entry_id: EntryName } = 422, "payment.entry_not_debit", "The entry is not money paid",
        "{entry_id} is a credit or a reversal";
    /// The bank does not say that the seller was paid.
    PayeeNotNamed { entry_id: EntryName, seller: MspId } = 422, "payment.payee_not_named", "The bank does not say who was paid",
        "{entry_id} does not name {seller} as its counterparty";
    /// The buyer's own word does not show that it has paid.
    OwnWord { entry_id: EntryName } = 422, "payment.own_word", "The buyer is its own bank",
        "{entry_id} is the buyer's own report, so it settles nothing that the buyer owes";
    /// The seller still has time to settle by a credit on its own account.
    SellerHasTime { until: UtcTime } = 409, "payment.seller_has_time", "The seller still has time to settle",
        "the buyer settles by its own bank's entry after {until}";
    /// There is no settlement that the seller could dispute.
    NothingToDispute { invoice_id: InvoiceName } = 409, "payment.nothing_to_dispute", "There is nothing to dispute",
        "no settlement that the buyer made by itself counts for {invoice_id}";
    /// After the seller's dispute, only money on the seller's account settles.
    DebitDisputed { invoice_id: InvoiceName } = 409, "payment.debit_disputed", "The seller has disputed such a payment",
        "the seller of {invoice_id} has disputed a settlement by the buyer's bank, so an entry of its own bank is needed";
    /// The seller was silent too long.
    DisputeTooLate { until: UtcTime } = 409, "payment.dispute_too_late", "The time to dispute is over",
        "the settlement could be disputed until {until}";
    /// Invoice and entry are in different currencies.
    PaymentCurrencyDiffers = 422, "payment.currency_differs", "Invoice and payment differ in currency",
        "a payment settles only an invoice of its own currency";
    /// The entry quotes another creditor reference.
    ReferenceDiffers { entry_id: EntryName } = 422, "payment.reference_differs", "The payment quotes another reference",
        "{entry_id} quotes a creditor reference that is not the invoice's";
    /// The buyer may not say by itself what a payment is for.
    ReferenceMissing { invoice_id: InvoiceName, entry_id: EntryName } = 422, "payment.reference_missing", "The payment does not quote the invoice",
        "{entry_id} quotes nothing of {invoice_id}, so only the seller can say that it pays it";
    /// The two are said to differ, and their agreement allows no difference.
    NoTolerance { invoice_id: InvoiceName } = 422, "payment.no_tolerance", "No difference was agreed on",
        "the agreement of {invoice_id} allows no difference, so the reason can only be none";
    /// Proof and reason do not fit.
    ShareProofUnfit = 400, "payment.share_proof_unfit", "Reason and proofs do not fit",
        "share_proof is given exactly when tolerance_reason is another one than none";
    /// A proof that the total is within a limit, where there is none.
    NoSettlementLimit { msp_id: MspId } = 422, "payment.no_settlement_limit", "There is no limit",
        "{msp_id} has no settlement limit in this currency that the person may use alone";
    /// There is no limit to be read.
    SettlementLimitUnknown { msp_id: MspId } = 404, "payment.settlement_limit_unknown", "The limit is not known",
        "{msp_id} has set no settlement limit in this currency";
    /// No settlement with this entry waits for a second person.
    NothingToApprove { invoice_id: InvoiceName } = 409, "payment.nothing_to_approve", "No such settlement waits for an approval",
        "the caller's organization proposed no settlement of {invoice_id} with this entry";
    /// The invoice was settled and reopened too often.
    TooManySettlements { invoice_id: InvoiceName } = 409, "payment.too_many_settlements", "Too many settlements",
        "{invoice_id} was settled and reopened as often as it can be";
    /// The invoice is settled already.
    InvoiceSettled { invoice_id: InvoiceName } = 409, "payment.invoice_settled", "The invoice is settled already",
        "{invoice_id} was settled before";
    /// The entry may have been made by others in the bank's name.
    EntryUnauthenticated { entry_id: EntryName } = 409, "payment.entry_unauthenticated", "The bank has not endorsed the entry",
        "{entry_id} was recorded without the peer of the bank it speaks for";
    /// The invoice may have been made by others in the seller's name.
    InvoiceUnauthenticated { invoice_id: InvoiceName } = 409, "payment.invoice_unauthenticated", "The seller has not endorsed the invoice",
        "{invoice_id} was issued without the peer of the seller it speaks for";
    /// The buyer does not hold the opening of the invoice's total.
    InvoiceNotOpened { invoice_id: InvoiceName } = 409, "payment.invoice_not_opened", "The total is not opened to the buyer",
        "the opening of {invoice_id} must be shared with its buyer first";
    /// The account holder does not hold the opening of the entry's amount.
    EntryNotOpened { entry_id: EntryName } = 409, "payment.entry_not_opened", "The amount is not opened to the account holder",
        "the bank must share the opening of {entry_id} with the account holder first";
    /// The entry has settled another invoice.
    EntryUsed { entry_id: EntryName } = 409, "payment.entry_used", "The payment was used before",
        "{entry_id} has settled another invoice";
    /// There is no settlement of that invoice.
    SettlementUnknown { invoice_id: InvoiceName } = 404, "payment.settlement_unknown", "The invoice is not settled",
        "there is no settlement of {invoice_id}";
}
