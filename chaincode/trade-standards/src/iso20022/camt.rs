//! From elements to entries: the two shapes of each element that banks use, and the sum over a batch.

use super::error::CamtError;
use super::limits::CamtLimits;
use super::message::{
    BatchCheck, CamtAccount, CamtEntry, CamtKind, CamtMessage, CamtReferences, CamtStatement, CamtTransaction,
    CreditDebit, CreditorReferenceText, EntryStatus,
};
use super::xml::{self, Element};
use crate::identifier::{Iban, Uetr};
use crate::money::{Amount, CurrencyCode};

/// Reads a `camt.053` or `camt.054` message within the default [`CamtLimits`].
///
/// # Errors
/// [`CamtError`] naming the first rule that is broken.
pub fn parse_camt(bytes: &[u8]) -> Result<CamtMessage, CamtError> {
    parse_camt_with(bytes, &CamtLimits::default())
}

/// As [`parse_camt`], with other bounds.
///
/// # Errors
/// As [`parse_camt`].
pub fn parse_camt_with(bytes: &[u8], limits: &CamtLimits) -> Result<CamtMessage, CamtError> {
    if bytes.len() > limits.bytes_max {
        return Err(CamtError::TooLarge { what: "bytes", max: limits.bytes_max });
    }
    let text = std::str::from_utf8(bytes).map_err(|_| CamtError::NotUtf8)?;
    let root = xml::read(text.strip_prefix('\u{feff}').unwrap_or(text), limits)?;
    let (kind, body, part) = body(&root)?;
    let mut budget = Budget { limits, entries: 0, transactions: 0 };
    let statements = body.all(part).map(|node| statement(node, &mut budget)).collect::<Result<Vec<_>, _>>()?;
    if statements.is_empty() {
        return Err(CamtError::Missing { parent: "the message", element: "Stmt or Ntfctn" });
    }
    let version = root.namespace.as_deref().and_then(|uri| uri.rsplit(':').next()).unwrap_or_default();
    let message_id = body.text_at(&["GrpHdr", "MsgId"]);
    Ok(CamtMessage { kind, version: version.to_owned(), message_id, statements })
}

/// What is left of the bounds on counts.
struct Budget<'a> {
    limits: &'a CamtLimits,
    entries: usize,
    transactions: usize,
}

fn body(root: &Element) -> Result<(CamtKind, &Element, &'static str), CamtError> {
    let unknown = |name: &str| CamtError::UnknownMessage { found: name.chars().take(64).collect() };
    if root.name != "Document" {
        return Err(unknown(&root.name));
    }
    let message = root.children.first().ok_or_else(|| unknown("nothing"))?;
    match message.name.as_str() {
        "BkToCstmrStmt" => Ok((CamtKind::Statement, message, "Stmt")),
        "BkToCstmrDbtCdtNtfctn" => Ok((CamtKind::Notification, message, "Ntfctn")),
        other => Err(unknown(other)),
    }
}

fn statement(node: &Element, budget: &mut Budget<'_>) -> Result<CamtStatement, CamtError> {
    let account = match (node.text_at(&["Acct", "Id", "IBAN"]), node.text_at(&["Acct", "Id", "Othr", "Id"])) {
        (Some(text), _) => Some(Iban::parse(&text).map_or(CamtAccount::Other(text), CamtAccount::Iban)),
        (None, Some(text)) => Some(CamtAccount::Other(text)),
        (None, None) => None,
    };
    let entries = node.all("Ntry").map(|node| entry(node, budget)).collect::<Result<_, _>>()?;
    Ok(CamtStatement { id: node.text_at(&["Id"]), account, entries })
}

fn entry(node: &Element, budget: &mut Budget<'_>) -> Result<CamtEntry, CamtError> {
    budget.entries += 1;
    if budget.entries > budget.limits.entries_max {
        return Err(CamtError::TooLarge { what: "entries", max: budget.limits.entries_max });
    }
    let amount_node = once(node, "Amt")?.ok_or(CamtError::Missing { parent: "Ntry", element: "Amt" })?;
    let direction = once(node, "CdtDbtInd")?.ok_or(CamtError::Missing { parent: "Ntry", element: "CdtDbtInd" })?;
    let amount = amount(amount_node)?;
    let direction = credit_debit(direction)?;
    let mut transactions = Vec::new();
    let mut announced: Option<u64> = None;
    for details in node.all("NtryDtls") {
        if let Some(count) = details.text_at(&["Btch", "NbOfTxs"]) {
            announced = Some(announced.unwrap_or(0).saturating_add(transaction_count(&count)?));
        }
        for details in details.all("TxDtls") {
            budget.transactions += 1;
            if budget.transactions > budget.limits.transactions_max {
                return Err(CamtError::TooLarge { what: "transactions", max: budget.limits.transactions_max });
            }
            transactions.push(transaction(details)?);
        }
    }
    let batch_check = batch_check(&amount, direction, &transactions);
    Ok(CamtEntry {
        entry_reference: node.text_at(&["NtryRef"]),
        amount,
        direction,
        reversal: reversal(node)?,
        status: status(node)?,
        booking_date: date(node, "BookgDt")?,
        value_date: date(node, "ValDt")?,
        servicer_reference: node.text_at(&["AcctSvcrRef"]),
        announced_transactions: announced,
        transactions,
        batch_check,
    })
}

fn transaction(node: &Element) -> Result<CamtTransaction, CamtError> {
    // Since version 04 the amount stands in the transaction itself, before that in its amount details.
    let amount_node = once(node, "Amt")?.or(node.at(&["AmtDtls", "TxAmt", "Amt"]));
    let remittance = node.all("RmtInf").flat_map(|info| info.all("Ustrd"));
    Ok(CamtTransaction {
        amount: amount_node.map(amount).transpose()?,
        instructed_amount: node.at(&["AmtDtls", "InstdAmt", "Amt"]).map(amount).transpose()?,
        direction: once(node, "CdtDbtInd")?.map(credit_debit).transpose()?,
        references: references(node),
        debtor_name: party(node, "Dbtr"),
        creditor_name: party(node, "Cdtr"),
        remittance_text: remittance.map(|line| line.text.clone()).filter(|line| !line.is_empty()).collect(),
    })
}

fn references(node: &Element) -> CamtReferences {
    let text = |name| node.text_at(&["Refs", name]);
    let uetr_text = text("UETR");
    let uetr = uetr_text.as_deref().and_then(|text| Uetr::parse(text).ok());
    let structured = || node.all("RmtInf").flat_map(|info| info.all("Strd"));
    let creditor_references = structured().filter_map(|strd| strd.text_at(&["CdtrRefInf", "Ref"]));
    let document_numbers = structured().flat_map(|strd| strd.all("RfrdDocInf")).filter_map(|doc| doc.text_at(&["Nb"]));
    CamtReferences {
        message_id: text("MsgId"),
        payment_information_id: text("PmtInfId"),
        instruction_id: text("InstrId"),
        end_to_end_id: text("EndToEndId").filter(|id| id != "NOTPROVIDED"),
        transaction_id: text("TxId"),
        uetr_text: if uetr.is_some() { None } else { uetr_text },
        uetr,
        servicer_reference: text("AcctSvcrRef"),
        creditor_references: creditor_references.map(CreditorReferenceText::new).collect(),
        document_numbers: document_numbers.collect(),
    }
}

/// A party's name: directly below it up to version 07, inside `Pty` from version 08 on.
fn party(node: &Element, role: &str) -> Option<String> {
    node.text_at(&["RltdPties", role, "Nm"]).or_else(|| node.text_at(&["RltdPties", role, "Pty", "Nm"]))
}

/// The transactions' sum against the entry. A transaction of the other direction is taken away.
fn batch_check(amount: &Amount, direction: CreditDebit, transactions: &[CamtTransaction]) -> BatchCheck {
    if transactions.iter().all(|transaction| transaction.amount.is_none()) {
        return BatchCheck::NotStated;
    }
    let mut sum = 0i128;
    for transaction in transactions {
        match &transaction.amount {
            Some(part) if part.currency == amount.currency => {
                let same_way = transaction.direction.is_none_or(|found| found == direction);
                sum += if same_way { i128::from(part.minor.get()) } else { -i128::from(part.minor.get()) };
            }
            _ => return BatchCheck::NotComparable,
        }
    }
    if sum == i128::from(amount.minor.get()) { BatchCheck::Agrees } else { BatchCheck::Differs }
}

fn amount(node: &Element) -> Result<Amount, CamtError> {
    let value = |reason: String| CamtError::Value { element: "Amt", reason };
    let code = node.currency.as_deref().ok_or(CamtError::Missing { parent: "Amt", element: "Ccy" })?;
    let currency = CurrencyCode::parse(code).map_err(|error| value(error.to_string()))?;
    Amount::from_major(&node.text, currency).map_err(|error| value(error.to_string()))
}

fn credit_debit(node: &Element) -> Result<CreditDebit, CamtError> {
    match node.text.as_str() {
        "CRDT" => Ok(CreditDebit::Credit),
        "DBIT" => Ok(CreditDebit::Debit),
        _ => Err(CamtError::Value { element: "CdtDbtInd", reason: "neither CRDT nor DBIT".to_owned() }),
    }
}

fn reversal(node: &Element) -> Result<bool, CamtError> {
    match once(node, "RvslInd")?.map(|node| node.text.as_str()) {
        None | Some("false" | "0") => Ok(false),
        Some("true" | "1") => Ok(true),
        Some(_) => Err(CamtError::Value { element: "RvslInd", reason: "neither true nor false".to_owned() }),
    }
}

/// `<Sts>BOOK</Sts>` up to version 07, `<Sts><Cd>BOOK</Cd></Sts>` from version 08 on.
fn status(node: &Element) -> Result<EntryStatus, CamtError> {
    let missing = CamtError::Missing { parent: "Ntry", element: "Sts" };
    let status = once(node, "Sts")?.ok_or(missing.clone())?;
    let inner = || status.text_at(&["Cd"]).or_else(|| status.text_at(&["Prtry"]));
    let text = if status.text.is_empty() { inner().ok_or(missing)? } else { status.text.clone() };
    Ok(match text.as_str() {
        "BOOK" => EntryStatus::Booked,
        "PDNG" => EntryStatus::Pending,
        "INFO" => EntryStatus::Information,
        _ => EntryStatus::Other(text),
    })
}

/// `Dt`, or the date part of `DtTm`.
fn date(node: &Element, element: &'static str) -> Result<Option<String>, CamtError> {
    let Some(node) = once(node, element)? else {
        return Ok(None);
    };
    let Some(text) = node.text_at(&["Dt"]).or_else(|| node.text_at(&["DtTm"])) else {
        return Ok(None);
    };
    let day = text.get(..10).filter(|_| text.len() == 10 || text.as_bytes().get(10) == Some(&b'T'));
    let format = time::macros::format_description!("[year]-[month]-[day]");
    match day.filter(|day| time::Date::parse(day, &format).is_ok()) {
        Some(day) => Ok(Some(day.to_owned())),
        None => Err(CamtError::Value { element, reason: "not a date of the form YYYY-MM-DD".to_owned() }),
    }
}

fn transaction_count(text: &str) -> Result<u64, CamtError> {
    let holds = (1..=15).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    let count = if holds { text.parse().ok() } else { None };
    count.ok_or(CamtError::Value { element: "NbOfTxs", reason: "not a number of up to 15 digits".to_owned() })
}

/// The only child of that name.
fn once<'a>(node: &'a Element, name: &'static str) -> Result<Option<&'a Element>, CamtError> {
    let mut found = node.all(name);
    match (found.next(), found.next()) {
        (first, None) => Ok(first),
        _ => Err(CamtError::Repeated { element: name }),
    }
}
