//! Where invoices, accounts, bank entries and settlements stand on the ledger.

use fabric_contract::{Part, Table};
use trade_standards::identifier::MspId;
use trade_standards::money::CurrencyCode;

use super::{
    Account, AccountAcceptance, AccountEnd, BankEntry, CreditAcceptance, CreditNote, EntryName, EntryReversal, Invoice,
    InvoiceAnswer, InvoiceName, InvoiceWithdrawal, Settlement, SettlementDispute, SettlementLimit, WithdrawalConsent,
};
use crate::authorship::{Authored, Said};
use crate::common::{DocumentedOpening, InvoiceId, Text};
use crate::tables::Tables;

/// The key of an account: holder, bank.
pub type AccountKey = (Part<MspId>, Part<MspId>);

/// The key of a credit note: seller, number of the invoice, number of the credit note from 1.
pub type CreditKey = (Part<MspId>, InvoiceId, u32);

/// Invoices by their name.
pub const INVOICES: Authored<InvoiceName, Invoice> =
    Authored::new("invoice", |_, it| vec![Said::by(&it.seller, &it.issued, it)]);
/// The opening of an invoice's total, in private collections only.
pub const INVOICE_OPENINGS: Table<InvoiceName, DocumentedOpening> = Table::new("invoice-opening");
/// What buyers say, by the invoice's name.
pub const INVOICE_ANSWERS: Authored<InvoiceName, InvoiceAnswer> =
    Authored::new("invoice-answer", |_, it| vec![Said::by_signer(&it.answered, it)]);
/// What sellers withdraw, by the invoice's name.
pub const INVOICE_WITHDRAWALS: Authored<InvoiceName, InvoiceWithdrawal> =
    Authored::new("invoice-withdrawal", |name, it| vec![Said::by(&name.owner, &it.withdrawn, it)]);
/// Buyers' consent to that, by the invoice's name.
pub const WITHDRAWAL_CONSENTS: Authored<InvoiceName, WithdrawalConsent> =
    Authored::new("invoice-withdrawal-consent", |_, it| vec![Said::by_signer(&it.consented, it)]);
/// Credit notes, by seller, number of the invoice, and number of the credit note from 1.
pub const CREDITS: Authored<CreditKey, CreditNote> =
    Authored::new("credit", |(seller, ..), it| vec![Said::by(&seller.0, &it.issued, it)]);
/// The opening of a credit note's amount, in private collections only.
pub const CREDIT_OPENINGS: Table<CreditKey, DocumentedOpening> = Table::new("credit-opening");
/// Buyers' consent to credit notes, by the credit note's key.
pub const CREDIT_ACCEPTANCES: Authored<CreditKey, CreditAcceptance> =
    Authored::new("credit-acceptance", |_, it| vec![Said::by_signer(&it.accepted, it)]);
/// Which banks holders have named.
pub const ACCOUNTS: Authored<AccountKey, Account> =
    Authored::new("account", |_, it| vec![Said::by(&it.holder, &it.named, it)]);
/// Which of them have accepted.
pub const ACCOUNT_ACCEPTANCES: Authored<AccountKey, AccountAcceptance> =
    Authored::new("account-acceptance", |_, it| vec![Said::by(&it.bank, &it.accepted, it)]);
/// Which accounts were ended.
pub const ACCOUNT_ENDS: Authored<AccountKey, AccountEnd> =
    Authored::new("account-end", |_, it| vec![Said::by_signer(&it.ended, it)]);
/// Bank entries by their name.
pub const ENTRIES: Authored<EntryName, BankEntry> =
    Authored::new("entry", |_, it| vec![Said::by(&it.bank, &it.recorded, it)]);
/// The opening of an entry's amount, in private collections only.
pub const ENTRY_OPENINGS: Table<EntryName, DocumentedOpening> = Table::new("entry-opening");
/// Index: which entry a bank's reference and detail number stand for.
pub const ENTRIES_BY_REFERENCE: Table<(Part<MspId>, Part<Text<35>>, u32), EntryName> = Table::new("entry-reference");
/// What banks have taken back, by the entry's name.
pub const ENTRY_REVERSALS: Authored<EntryName, EntryReversal> =
    Authored::new("entry-reversal", |name, it| vec![Said::by(&name.owner, &it.reversed, it)]);
/// Index: which invoice an entry settled, and which of its settlements that is.
pub const ENTRY_USES: Table<EntryName, (InvoiceName, u32)> = Table::new("entry-use");
/// Settlements by seller, number of the invoice, and number of the settlement from 1.
pub const SETTLEMENTS: Authored<(Part<MspId>, InvoiceId, u32), Settlement> =
    Authored::new("settlement", |_, it| vec![Said::by_signer(&it.settled, it)]);
/// What waits for a second person, by seller, number of the invoice, and the organization that would settle.
pub const SETTLEMENT_PROPOSALS: Authored<(Part<MspId>, InvoiceId, Part<MspId>), Settlement> =
    Authored::new("settlement-proposal", |(_, _, by), it| vec![Said::by(&by.0, &it.settled, it)]);
/// What sellers say against settlements by buyers, by the settlement's key.
pub const SETTLEMENT_DISPUTES: Authored<(Part<MspId>, InvoiceId, u32), SettlementDispute> =
    Authored::new("settlement-dispute", |(seller, ..), it| vec![Said::by(&seller.0, &it.disputed, it)]);
/// Limits for settling alone, by organization and currency.
pub const SETTLEMENT_LIMITS: Authored<(Part<MspId>, Part<CurrencyCode>), SettlementLimit> =
    Authored::new("settlement-limit", |_, it| vec![Said::by(&it.organization, &it.set, it)]);

pub(crate) fn tables(all: &mut Tables<'_>) {
    all.authored(&INVOICES);
    all.private(&INVOICE_OPENINGS);
    all.authored(&INVOICE_ANSWERS);
    all.authored(&INVOICE_WITHDRAWALS);
    all.authored(&WITHDRAWAL_CONSENTS);
    all.authored(&CREDITS);
    all.private(&CREDIT_OPENINGS);
    all.authored(&CREDIT_ACCEPTANCES);
    all.authored(&ACCOUNTS);
    all.authored(&ACCOUNT_ACCEPTANCES);
    all.authored(&ACCOUNT_ENDS);
    all.authored(&ENTRIES);
    all.private(&ENTRY_OPENINGS);
    all.public(&ENTRIES_BY_REFERENCE);
    all.authored(&ENTRY_REVERSALS);
    all.public(&ENTRY_USES);
    all.authored(&SETTLEMENTS);
    all.authored(&SETTLEMENT_PROPOSALS);
    all.authored(&SETTLEMENT_DISPUTES);
    all.authored(&SETTLEMENT_LIMITS);
}
