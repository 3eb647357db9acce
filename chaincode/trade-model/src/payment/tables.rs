//! Where invoices, accounts, bank entries and settlements stand on the ledger.

use fabric_contract::{Part, Table};
use trade_standards::identifier::MspId;
use trade_standards::money::CurrencyCode;

use super::{
    Account, AccountAcceptance, AccountEnd, BankEntry, CreditAcceptance, CreditNote, EntryName, EntryReversal, Invoice,
    InvoiceAnswer, InvoiceName, InvoiceWithdrawal, Settlement, SettlementDispute, SettlementLimit, WithdrawalConsent,
};
use crate::common::{DocumentedOpening, InvoiceId, Text};
use crate::tables::Tables;

/// The key of an account: holder, bank.
pub type AccountKey = (Part<MspId>, Part<MspId>);

/// The key of a credit note: seller, number of the invoice, number of the credit note from 1.
pub type CreditKey = (Part<MspId>, InvoiceId, u32);

/// Invoices by their name.
pub const INVOICES: Table<InvoiceName, Invoice> = Table::new("invoice");
/// The opening of an invoice's total, in private collections only.
pub const INVOICE_OPENINGS: Table<InvoiceName, DocumentedOpening> = Table::new("invoice-opening");
/// What buyers say, by the invoice's name.
pub const INVOICE_ANSWERS: Table<InvoiceName, InvoiceAnswer> = Table::new("invoice-answer");
/// What sellers withdraw, by the invoice's name.
pub const INVOICE_WITHDRAWALS: Table<InvoiceName, InvoiceWithdrawal> = Table::new("invoice-withdrawal");
/// Buyers' consent to that, by the invoice's name.
pub const WITHDRAWAL_CONSENTS: Table<InvoiceName, WithdrawalConsent> = Table::new("invoice-withdrawal-consent");
/// Credit notes, by seller, number of the invoice, and number of the credit note from 1.
pub const CREDITS: Table<CreditKey, CreditNote> = Table::new("credit");
/// The opening of a credit note's amount, in private collections only.
pub const CREDIT_OPENINGS: Table<CreditKey, DocumentedOpening> = Table::new("credit-opening");
/// Buyers' consent to credit notes, by the credit note's key.
pub const CREDIT_ACCEPTANCES: Table<CreditKey, CreditAcceptance> = Table::new("credit-acceptance");
/// Which banks holders have named.
pub const ACCOUNTS: Table<AccountKey, Account> = Table::new("account");
/// Which of them have accepted.
pub const ACCOUNT_ACCEPTANCES: Table<AccountKey, AccountAcceptance> = Table::new("account-acceptance");
/// Which accounts were ended.
pub const ACCOUNT_ENDS: Table<AccountKey, AccountEnd> = Table::new("account-end");
/// Bank entries by their name.
pub const ENTRIES: Table<EntryName, BankEntry> = Table::new("entry");
/// The opening of an entry's amount, in private collections only.
pub const ENTRY_OPENINGS: Table<EntryName, DocumentedOpening> = Table::new("entry-opening");
/// Index: which entry a bank's reference and detail number stand for.
pub const ENTRIES_BY_REFERENCE: Table<(Part<MspId>, Part<Text<35>>, u32), EntryName> = Table::new("entry-reference");
/// What banks have taken back, by the entry's name.
pub const ENTRY_REVERSALS: Table<EntryName, EntryReversal> = Table::new("entry-reversal");
/// Index: which invoice an entry settled, and which of its settlements that is.
pub const ENTRY_USES: Table<EntryName, (InvoiceName, u32)> = Table::new("entry-use");
/// Settlements by seller, number of the invoice, and number of the settlement from 1.
pub const SETTLEMENTS: Table<(Part<MspId>, InvoiceId, u32), Settlement> = Table::new("settlement");
/// What waits for a second person, by seller, number of the invoice, and the organization that would settle.
pub const SETTLEMENT_PROPOSALS: Table<(Part<MspId>, InvoiceId, Part<MspId>), Settlement> =
    Table::new("settlement-proposal");
/// What sellers say against settlements by buyers, by the settlement's key.
pub const SETTLEMENT_DISPUTES: Table<(Part<MspId>, InvoiceId, u32), SettlementDispute> =
    Table::new("settlement-dispute");
/// Limits for settling alone, by organization and currency.
pub const SETTLEMENT_LIMITS: Table<(Part<MspId>, Part<CurrencyCode>), SettlementLimit> = Table::new("settlement-limit");

pub(crate) fn tables(all: &mut Tables<'_>) {
    all.public(&INVOICES);
    all.private(&INVOICE_OPENINGS);
    all.public(&INVOICE_ANSWERS);
    all.public(&INVOICE_WITHDRAWALS);
    all.public(&WITHDRAWAL_CONSENTS);
    all.public(&CREDITS);
    all.private(&CREDIT_OPENINGS);
    all.public(&CREDIT_ACCEPTANCES);
    all.public(&ACCOUNTS);
    all.public(&ACCOUNT_ACCEPTANCES);
    all.public(&ACCOUNT_ENDS);
    all.public(&ENTRIES);
    all.private(&ENTRY_OPENINGS);
    all.public(&ENTRIES_BY_REFERENCE);
    all.public(&ENTRY_REVERSALS);
    all.public(&ENTRY_USES);
    all.public(&SETTLEMENTS);
    all.public(&SETTLEMENT_PROPOSALS);
    all.public(&SETTLEMENT_DISPUTES);
    all.public(&SETTLEMENT_LIMITS);
}
