//! The columns that payments have, and where messages have what stands in them.

use std::{collections::BTreeSet, sync::LazyLock};

use super::{
    kind::Kind::{self, Entries, Orders, Transfers},
    payment::{Payment, cell},
};
use crate::Cell;

/// A column.
#[derive(Clone, Copy)]
pub(super) struct Column {
    pub(super) name: &'static str,
    kinds: &'static [Kind],
    form: Form,
    /// The first of them at which something stands counts; see [`Payment::at`].
    places: &'static [&'static str],
}

/// What becomes of the text.
#[derive(Clone, Copy)]
enum Form {
    /// It stays as it is.
    Text,
    /// Several texts become one, with a blank between them.
    Lines,
    /// An id. What banks write when there is none is none.
    Id,
    /// The currency that stands beside an amount.
    Currency,
    /// Of a day with a time or a zone, the day.
    Day,
    /// `CRDT` and `DBIT` become `credit` and `debit`.
    Direction,
    /// `true` or `false`.
    Flag,
    /// Which payment of its entry it is, from 0.
    Number,
    /// An id, and behind it, unless it is the first payment of its entry, a point and its number.
    NumberedId,
}

const ALL: &[Kind] = &[Entries, Orders, Transfers];

const fn column(name: &'static str, kinds: &'static [Kind], form: Form, places: &'static [&'static str]) -> Column {
    Column { name, kinds, form, places }
}

/// A payment's own amount, or that of an entry which names no payments.
const AMOUNT: &[&str] = &["./IntrBkSttlmAmt", "./Amt", "./Amt/InstdAmt", "./Amt/EqvtAmt/Amt", "./AmtDtls/TxAmt/Amt"];
const CURRENCY: &[&str] =
    &["./IntrBkSttlmAmt", "./Amt", "./Amt/InstdAmt", "./Amt/EqvtAmt/Amt", "./AmtDtls/TxAmt/Amt", "Ntry/Amt"];
const INSTRUCTED: &[&str] = &["./AmtDtls/InstdAmt/Amt", "./InstdAmt"];
const SERVICER_REFERENCE: &[&str] = &["Ntry/AcctSvcrRef", "./Refs/AcctSvcrRef"];

/// Whether an entry is booked.
pub(super) const STATUS: &Column =
    &column("status", &[Entries], Form::Text, &["Ntry/Sts", "Ntry/Sts/Cd", "Ntry/Sts/Prtry"]);

/// All of them, in the order of the README's table.
static COLUMNS: &[Column] = &[
    column("message_id", ALL, Form::Text, &["GrpHdr/MsgId"]),
    column("statement_id", &[Entries], Form::Text, &["Stmt/Id", "Ntfctn/Id", "Rpt/Id"]),
    column("account", &[Entries], Form::Text, &["Acct/Id/IBAN", "Acct/Id/Othr/Id"]),
    column("entry_reference", &[Entries], Form::Id, &["Ntry/NtryRef"]),
    column("account_servicer_reference", &[Entries], Form::Id, SERVICER_REFERENCE),
    column("detail_number", &[Entries], Form::Number, &["Ntry"]),
    column("entry_id", &[Entries], Form::NumberedId, SERVICER_REFERENCE),
    *STATUS,
    column("direction", &[Entries], Form::Direction, &["./CdtDbtInd", "Ntry/CdtDbtInd"]),
    column("reversal", &[Entries], Form::Flag, &["Ntry/RvslInd"]),
    column("booked_on", &[Entries], Form::Day, &["Ntry/BookgDt/Dt", "Ntry/BookgDt/DtTm"]),
    column("value_on", &[Entries], Form::Day, &["Ntry/ValDt/Dt", "Ntry/ValDt/DtTm"]),
    column("entry_amount", &[Entries], Form::Text, &["Ntry/Amt"]),
    column("entry_currency", &[Entries], Form::Currency, &["Ntry/Amt"]),
    column("payment_information_id", &[Entries, Orders], Form::Id, &["./Refs/PmtInfId", "PmtInf/PmtInfId"]),
    column(
        "requested_on",
        &[Orders],
        Form::Day,
        &["PmtInf/ReqdExctnDt", "PmtInf/ReqdExctnDt/Dt", "PmtInf/ReqdExctnDt/DtTm"],
    ),
    column("settled_on", &[Transfers], Form::Day, &["./IntrBkSttlmDt", "GrpHdr/IntrBkSttlmDt"]),
    column("amount", ALL, Form::Text, AMOUNT),
    column("currency", ALL, Form::Currency, CURRENCY),
    column("instructed_amount", &[Entries, Transfers], Form::Text, INSTRUCTED),
    column("instructed_currency", &[Entries, Transfers], Form::Currency, INSTRUCTED),
    column("instruction_id", ALL, Form::Id, &["./Refs/InstrId", "./PmtId/InstrId"]),
    column("end_to_end_id", ALL, Form::Id, &["./Refs/EndToEndId", "./PmtId/EndToEndId"]),
    column("transaction_id", &[Entries, Transfers], Form::Id, &["./Refs/TxId", "./PmtId/TxId"]),
    column("uetr", ALL, Form::Text, &["./Refs/UETR", "./PmtId/UETR"]),
    column(
        "debtor_name",
        ALL,
        Form::Text,
        &["./RltdPties/Dbtr/Nm", "./RltdPties/Dbtr/Pty/Nm", "./Dbtr/Nm", "PmtInf/Dbtr/Nm"],
    ),
    column(
        "debtor_account",
        ALL,
        Form::Text,
        &[
            "./RltdPties/DbtrAcct/Id/IBAN",
            "./RltdPties/DbtrAcct/Id/Othr/Id",
            "./DbtrAcct/Id/IBAN",
            "./DbtrAcct/Id/Othr/Id",
            "PmtInf/DbtrAcct/Id/IBAN",
            "PmtInf/DbtrAcct/Id/Othr/Id",
        ],
    ),
    column("creditor_name", ALL, Form::Text, &["./RltdPties/Cdtr/Nm", "./RltdPties/Cdtr/Pty/Nm", "./Cdtr/Nm"]),
    column(
        "creditor_account",
        ALL,
        Form::Text,
        &[
            "./RltdPties/CdtrAcct/Id/IBAN",
            "./RltdPties/CdtrAcct/Id/Othr/Id",
            "./CdtrAcct/Id/IBAN",
            "./CdtrAcct/Id/Othr/Id",
        ],
    ),
    column("creditor_reference", ALL, Form::Text, &["./RmtInf/Strd/CdtrRefInf/Ref"]),
    column("document_number", ALL, Form::Text, &["./RmtInf/Strd/RfrdDocInf/Nb"]),
    column("remittance_text", ALL, Form::Lines, &["./RmtInf/Ustrd"]),
    column("additional_information", &[Entries], Form::Text, &["./AddtlTxInf", "./AddtlNtryInf"]),
];

impl Column {
    /// Those that a message of this kind has.
    pub(super) fn of(kind: Kind) -> Vec<&'static Self> {
        COLUMNS.iter().filter(|column| column.kinds.contains(&kind)).collect()
    }

    /// Whether a column looks for a part of this name in what stands around payments, or in an entry.
    pub(super) fn names_part(name: &str) -> bool {
        static NAMES: LazyLock<BTreeSet<&'static str>> = LazyLock::new(|| {
            COLUMNS.iter().flat_map(|column| column.places).flat_map(|place| place.split('/').take(2)).collect()
        });
        NAMES.contains(name)
    }

    /// What stands in it.
    pub(super) fn cell(&self, payment: &Payment<'_>) -> Cell {
        if matches!(self.form, Form::Number) {
            return Cell::Number(payment.number.to_string());
        }
        for place in self.places {
            let elements = payment.at(place);
            let texts = elements.into_iter().map(|element| match self.form {
                Form::Currency => element.currency.as_deref().unwrap_or_default(),
                _ => element.text.as_str(),
            });
            let texts: Vec<&str> = texts.filter(|text| !text.is_empty()).collect();
            if !texts.is_empty() {
                return self.form.cell(&texts, payment.number);
            }
        }
        Cell::Empty
    }
}

impl Form {
    fn cell(self, texts: &[&str], number: u64) -> Cell {
        let [text] = texts else {
            return if matches!(self, Self::Lines) { Cell::Text(texts.join(" ")) } else { cell(texts) };
        };
        match self {
            Self::Id | Self::NumberedId if is_no_id(text) => Cell::Empty,
            Self::NumberedId if number > 0 => Cell::Text(format!("{text}.{number}")),
            Self::Day => Cell::of_text(day(text)),
            Self::Direction => Cell::of_text(match *text {
                "CRDT" => "credit",
                "DBIT" => "debit",
                other => other,
            }),
            Self::Flag => match *text {
                "true" | "1" => Cell::Flag(true),
                "false" | "0" => Cell::Flag(false),
                other => Cell::of_text(other),
            },
            Self::Text | Self::Lines | Self::Id | Self::NumberedId | Self::Currency | Self::Number => {
                Cell::of_text(text)
            }
        }
    }
}

/// Whether it is what banks write where an id must stand and there is none.
fn is_no_id(text: &str) -> bool {
    let plain: String = text.chars().filter(|character| !character.is_whitespace()).collect();
    ["NOTPROVIDED", "NONREF"].iter().any(|none| plain.eq_ignore_ascii_case(none))
}

/// `xs:date` may have a zone, `xs:dateTime` has a time.
fn day(text: &str) -> &str {
    text.split_at_checked(10).filter(|(_, rest)| rest.starts_with(['T', 'Z', '+', '-'])).map_or(text, |(day, _)| day)
}
