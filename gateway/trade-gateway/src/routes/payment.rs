//! Invoices, accounts, bank entries and settlements.

use trade_model::payment::{
    AcceptAccount, AcceptCredit, AcceptInvoice, AcceptWithdrawal, ApproveSettlement, DisputeInvoice, DisputeSettlement,
    EndAccount, IssueCredit, IssueInvoice, NameBank, ReadAccount, ReadCredit, ReadCreditOpening, ReadEntry,
    ReadEntryOpening, ReadInvoice, ReadInvoiceOpening, ReadSettlement, ReadSettlementLimit, RecordEntry, ReverseEntry,
    SetSettlementLimit, Settle, ShareCreditOpening, ShareEntryOpening, ShareInvoiceOpening, WithdrawInvoice,
};

use super::build::{NUMBER, id, number, party, partys_id, query, read, write};
use super::{Parameter, Route};

static INVOICE: [Parameter; 2] = [
    party("invoice_id", "MSP id of the seller, or `-` for the caller"),
    partys_id("invoice_id", "Number of the invoice"),
];
static CREDIT: [Parameter; 3] = [
    party("invoice_id", "MSP id of the seller, or `-` for the caller"),
    partys_id("invoice_id", "Number of the invoice"),
    number("number", "Which of its credit notes, from 1"),
];
static ENTRY: [Parameter; 2] =
    [party("entry_id", "MSP id of the bank, or `-` for the caller"), partys_id("entry_id", "Id of the entry")];
static ACCOUNT: [Parameter; 2] =
    [id("holder", "holder", "MSP id of the account holder"), id("bank", "bank", "MSP id of the bank")];

pub(super) static ROUTES: &[Route] = &[
    write::<IssueInvoice>("issueInvoice", "/v1/invoices", "Issues an invoice whose total is only committed", &[], 201),
    write::<ShareInvoiceOpening>(
        "shareInvoiceOpening",
        "/v1/invoices/{party}/{id}/opening",
        "Gives the buyer what opens the total",
        &INVOICE,
        201,
    ),
    read::<ReadInvoiceOpening>(
        "readInvoiceOpening",
        "/v1/invoices/{party}/{id}/opening",
        "What opens the total, for seller and buyer",
        &INVOICE,
    ),
    read::<ReadInvoice>("readInvoice", "/v1/invoices/{party}/{id}", "One invoice and where it stands", &INVOICE),
    write::<AcceptInvoice>("acceptInvoice", "/v1/invoices/{party}/{id}/accept", "The buyer owes it", &INVOICE, 200),
    write::<DisputeInvoice>(
        "disputeInvoice",
        "/v1/invoices/{party}/{id}/dispute",
        "The buyer does not owe it",
        &INVOICE,
        200,
    ),
    write::<WithdrawInvoice>(
        "withdrawInvoice",
        "/v1/invoices/{party}/{id}/withdraw",
        "The seller makes it void, or proposes to where the buyer has accepted it",
        &INVOICE,
        200,
    ),
    write::<AcceptWithdrawal>(
        "acceptWithdrawal",
        "/v1/invoices/{party}/{id}/withdrawal/accept",
        "The buyer consents that what it has accepted is void",
        &INVOICE,
        200,
    ),
    write::<IssueCredit>(
        "issueCredit",
        "/v1/invoices/{party}/{id}/credits",
        "The seller lowers what is open, once the buyer accepts that",
        &INVOICE,
        201,
    ),
    read::<ReadCredit>(
        "readCredit",
        "/v1/invoices/{party}/{id}/credits/{number}",
        "One credit note and where it stands",
        &CREDIT,
    ),
    write::<ShareCreditOpening>(
        "shareCreditOpening",
        "/v1/invoices/{party}/{id}/credits/{number}/opening",
        "Gives the buyer what opens the amount of a credit note",
        &CREDIT,
        201,
    ),
    read::<ReadCreditOpening>(
        "readCreditOpening",
        "/v1/invoices/{party}/{id}/credits/{number}/opening",
        "What opens the amount of a credit note, for seller and buyer",
        &CREDIT,
    ),
    write::<AcceptCredit>(
        "acceptCredit",
        "/v1/invoices/{party}/{id}/credits/{number}/accept",
        "The buyer accepts a credit note",
        &CREDIT,
        200,
    ),
    write::<NameBank>(
        "nameBank",
        "/v1/accounts",
        "Says which bank may report entries of the caller's account",
        &[],
        201,
    ),
    write::<AcceptAccount>(
        "acceptAccount",
        "/v1/account-acceptances",
        "The bank says that it keeps an account",
        &[],
        201,
    ),
    write::<EndAccount>(
        "endAccount",
        "/v1/accounts/{holder}/{bank}/end",
        "Holder or bank says that the bank reports no longer",
        &ACCOUNT,
        200,
    ),
    read::<ReadAccount>("readAccount", "/v1/accounts/{holder}/{bank}", "One account and where it stands", &ACCOUNT),
    write::<RecordEntry>(
        "recordEntry",
        "/v1/statement-entries",
        "Reports an entry of a customer's account whose amount is only committed",
        &[],
        201,
    ),
    write::<ShareEntryOpening>(
        "shareEntryOpening",
        "/v1/statement-entries/{party}/{id}/opening",
        "Gives the account holder what opens the amount",
        &ENTRY,
        201,
    ),
    read::<ReadEntryOpening>(
        "readEntryOpening",
        "/v1/statement-entries/{party}/{id}/opening",
        "What opens the amount, for bank and account holder",
        &ENTRY,
    ),
    write::<ReverseEntry>(
        "reverseEntry",
        "/v1/statement-entries/{party}/{id}/reversal",
        "The bank takes an entry back, and what it settled is open again",
        &ENTRY,
        201,
    ),
    read::<ReadEntry>("readEntry", "/v1/statement-entries/{party}/{id}", "One entry and what became of it", &ENTRY),
    write::<Settle>(
        "settle",
        "/v1/settlements",
        "Shows that an entry pays an invoice within the agreed tolerance",
        &[],
        201,
    ),
    write::<ApproveSettlement>(
        "approveSettlement",
        "/v1/settlements/{party}/{id}/approve",
        "A second person approves a settlement that is proposed",
        &INVOICE,
        200,
    ),
    write::<DisputeSettlement>(
        "disputeSettlement",
        "/v1/settlements/{party}/{id}/dispute",
        "The seller was not paid by what the buyer settled with by itself",
        &INVOICE,
        200,
    ),
    read::<ReadSettlement>(
        "readSettlement",
        "/v1/settlements/{party}/{id}",
        "A settlement of an invoice",
        &[
            party("invoice_id", "MSP id of the seller, or `-` for the caller"),
            partys_id("invoice_id", "Number of the invoice"),
            query("number", NUMBER, "Which one, from 1; the one that counts when left out"),
        ],
    ),
    write::<SetSettlementLimit>(
        "setSettlementLimit",
        "/v1/settlement-limits",
        "Sets up to which total one person of the organization settles alone",
        &[],
        201,
    ),
    read::<ReadSettlementLimit>(
        "readSettlementLimit",
        "/v1/settlement-limits/{organization}/{currency}",
        "Up to which total one person of an organization settles alone",
        &[
            id("organization", "organization", "MSP id of the organization"),
            id("currency", "currency", "ISO 4217 code"),
        ],
    ),
];
