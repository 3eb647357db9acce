//! Invoices, bank entries and settlements.

use trade_model::payment::{
    IssueInvoice, ReadEntry, ReadEntryOpening, ReadInvoice, ReadInvoiceOpening, ReadSettlement, RecordEntry, Settle,
    ShareEntryOpening, ShareInvoiceOpening,
};

use super::Route;
use super::build::{id, read, write};

pub(super) static ROUTES: &[Route] = &[
    write::<IssueInvoice>("issueInvoice", "/v1/invoices", "Issues an invoice whose total is only committed", &[], 201),
    write::<ShareInvoiceOpening>(
        "shareInvoiceOpening",
        "/v1/invoices/{id}/opening",
        "Gives the buyer what opens the total",
        &[id("id", "invoice_id", "Id of the invoice")],
        201,
    ),
    read::<ReadInvoiceOpening>(
        "readInvoiceOpening",
        "/v1/invoices/{id}/opening",
        "What opens the total, for seller and buyer",
        &[id("id", "invoice_id", "Id of the invoice")],
    ),
    read::<ReadInvoice>(
        "readInvoice",
        "/v1/invoices/{id}",
        "One invoice",
        &[id("id", "invoice_id", "Id of the invoice")],
    ),
    write::<RecordEntry>(
        "recordEntry",
        "/v1/statement-entries",
        "Reports an entry of a customer's account whose amount is only committed",
        &[],
        201,
    ),
    write::<ShareEntryOpening>(
        "shareEntryOpening",
        "/v1/statement-entries/{id}/opening",
        "Gives the account holder what opens the amount",
        &[id("id", "entry_id", "Id of the entry")],
        201,
    ),
    read::<ReadEntryOpening>(
        "readEntryOpening",
        "/v1/statement-entries/{id}/opening",
        "What opens the amount, for bank and account holder",
        &[id("id", "entry_id", "Id of the entry")],
    ),
    read::<ReadEntry>(
        "readEntry",
        "/v1/statement-entries/{id}",
        "One entry",
        &[id("id", "entry_id", "Id of the entry")],
    ),
    write::<Settle>("settle", "/v1/settlements", "Shows that an entry pays an invoice within tolerance", &[], 201),
    read::<ReadSettlement>(
        "readSettlement",
        "/v1/settlements/{id}",
        "The settlement of an invoice",
        &[id("id", "invoice_id", "Id of the invoice")],
    ),
];
