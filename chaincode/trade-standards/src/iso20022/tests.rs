//! Messages of banks, and messages that must be refused.

use super::*;
use crate::identifier::Iban;
use crate::money::Amount;

/// The bytes of a message by others, or `None` when a test may do without.
fn shared(name: &str) -> Result<Option<Vec<u8>>, Box<dyn std::error::Error>> {
    let path = shared_data::find(&format!("iso20022/{name}"))?;
    Ok(path.map(std::fs::read).transpose()?)
}

#[test]
fn a_swiss_credit_notification_is_read() -> Result<(), Box<dyn std::error::Error>> {
    let name = "200519_camt.054-Credit_P_CH2909000000250094239_1110092691_0_2019042421291293.xml";
    let Some(bytes) = shared(name)? else { return Ok(()) };
    let message = parse_camt(&bytes)?;
    assert_eq!((message.kind, message.version.as_str()), (CamtKind::Notification, "camt.054.001.04"));
    let statement = &message.statements[0];
    assert_eq!(statement.account, Some(CamtAccount::Iban(Iban::parse("CH2909000000250094239")?)));
    let entry = &statement.entries[0];
    assert_eq!(entry.amount.to_string(), "1500.00 CHF");
    assert_eq!((entry.direction, entry.reversal, &entry.status), (CreditDebit::Credit, false, &EntryStatus::Booked));
    assert_eq!((entry.booking_date.as_deref(), entry.value_date.as_deref()), (Some("2019-04-24"), Some("2019-04-25")));
    assert_eq!(entry.servicer_reference.as_deref(), Some("074820002ZZ9J42U"));
    assert_eq!(entry.batch_check, BatchCheck::Agrees);
    assert_eq!(entry.transactions[0].references.end_to_end_id, None);
    Ok(())
}

#[test]
fn a_swiss_debit_notification_is_read() -> Result<(), Box<dyn std::error::Error>> {
    let name = "200519_camt.054-Debit_P_CH2909000000250094239_1110092692_0_2019042401501580.xml";
    let Some(bytes) = shared(name)? else { return Ok(()) };
    let message = parse_camt(&bytes)?;
    let entry = message.entries().next().ok_or("no entry")?;
    assert_eq!((entry.amount.minor.get(), entry.direction), (91_300, CreditDebit::Debit));
    let references = &entry.transactions[0].references;
    assert_eq!(references.end_to_end_id.as_deref(), Some("20190424001255000100006"));
    assert_eq!(references.payment_information_id.as_deref(), Some("30003101"));
    Ok(())
}

#[test]
fn a_finnish_notification_of_version_02_is_read() -> Result<(), Box<dyn std::error::Error>> {
    let Some(bytes) = shared("FI_camt_054_sample.xml")? else { return Ok(()) };
    let message = parse_camt(&bytes)?;
    let entries: Vec<&CamtEntry> = message.entries().collect();
    assert_eq!(entries.len(), 6);
    let amounts: Vec<String> = entries.iter().map(|entry| entry.amount.to_major()).collect();
    assert_eq!(amounts, ["2000.00", "500.00", "3000.00", "4230.05", "1000.00", "100.00"]);
    assert!(entries[0].is_batch());
    assert!(entries.iter().all(|entry| entry.batch_check == BatchCheck::Agrees));
    let references = &entries[0].transactions[0].references.creditor_references;
    let texts: Vec<(&str, bool)> = references.iter().map(|found| (found.text.as_str(), found.is_rf)).collect();
    assert_eq!(texts, [("3900", false), ("12344", false)]);
    assert_eq!(entries[0].transactions[0].debtor_name.as_deref(), Some("PAYERS NAME1"));
    let invoice = &entries[3].transactions[2].references.document_numbers;
    assert_eq!(invoice, &["217827182718"]);
    let foreign = &entries[4].transactions[1];
    assert_eq!(foreign.instructed_amount.as_ref().map(Amount::to_string).as_deref(), Some("79255 JPY"));
    assert_eq!(foreign.amount.as_ref().map(Amount::to_string).as_deref(), Some("500.00 EUR"));
    let error = entries[5];
    assert_eq!((error.reversal, &error.status), (true, &EntryStatus::Information));
    assert_eq!(error.reverses(), Some(CreditDebit::Debit));
    Ok(())
}

#[test]
fn a_finnish_statement_is_read() -> Result<(), Box<dyn std::error::Error>> {
    let Some(bytes) = shared("FI_camt_053_sample.xml")? else { return Ok(()) };
    let message = parse_camt(&bytes)?;
    assert_eq!(message.kind, CamtKind::Statement);
    assert!(message.entries().count() > 5);
    Ok(())
}

#[test]
fn other_messages_are_refused_by_name() -> Result<(), Box<dyn std::error::Error>> {
    for name in ["musterfile_pain.001_Nov2020.xml", "valid_pacs_v11.xml"] {
        let Some(bytes) = shared(name)? else { return Ok(()) };
        assert_eq!(parse_camt(&bytes).map_err(|error| error.code()).map(|_| ()), Err("camt_unknown_message"), "{name}");
    }
    Ok(())
}

/// A notification with one entry.
fn message(entry: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?>\n<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.054.001.08\"><BkToCstmrDbtCdtNtfctn>\
         <GrpHdr><MsgId>M1</MsgId></GrpHdr><Ntfctn><Id>N1</Id><Acct><Id><Othr><Id>12-345</Id></Othr></Id></Acct>\
         <Ntry>{entry}</Ntry></Ntfctn></BkToCstmrDbtCdtNtfctn></Document>"
    )
}

const ENTRY: &str = "<Amt Ccy=\"EUR\">100.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>\
    <BookgDt><DtTm>2026-03-01T10:00:00+01:00</DtTm></BookgDt>";

fn read(entry: &str) -> Result<CamtEntry, CamtError> {
    Ok(parse_camt(message(entry).as_bytes())?.statements.remove(0).entries.remove(0))
}

#[test]
fn the_shapes_of_version_08_are_read() -> Result<(), CamtError> {
    let entry = read(&format!(
        "{ENTRY}<NtryDtls><Btch><NbOfTxs>2</NbOfTxs></Btch>\
         <TxDtls><Refs><EndToEndId>NOTPROVIDED</EndToEndId><UETR>255ae394-9965-4438-ac86-f406feada396</UETR></Refs>\
         <Amt Ccy=\"EUR\">120</Amt><CdtDbtInd>CRDT</CdtDbtInd>\
         <RltdPties><Dbtr><Pty><Nm>M&amp;S &#x41;</Nm></Pty></Dbtr></RltdPties>\
         <RmtInf><Ustrd>Invoice 7</Ustrd><Strd><CdtrRefInf><Ref>RF18539007547034</Ref></CdtrRefInf></Strd></RmtInf></TxDtls>\
         <TxDtls><Refs><UETR>255AE394</UETR></Refs><Amt Ccy=\"EUR\">20.0</Amt><CdtDbtInd>DBIT</CdtDbtInd></TxDtls></NtryDtls>"
    ))?;
    assert_eq!((entry.booking_date.as_deref(), &entry.status), (Some("2026-03-01"), &EntryStatus::Booked));
    assert_eq!((entry.batch_check, entry.announced_transactions), (BatchCheck::Agrees, Some(2)));
    let [first, second] = entry.transactions.as_slice() else { panic!("{entry:?}") };
    assert_eq!(first.references.end_to_end_id, None);
    assert!(first.references.uetr.is_some() && first.references.creditor_references[0].as_rf().is_some());
    assert_eq!(first.debtor_name.as_deref(), Some("M&S A"));
    assert_eq!(first.remittance_text, ["Invoice 7"]);
    assert_eq!((&second.references.uetr, second.references.uetr_text.as_deref()), (&None, Some("255AE394")));
    Ok(())
}

#[test]
fn a_batch_is_compared_with_its_entry() -> Result<(), CamtError> {
    let table = [
        ("<TxDtls><Amt Ccy=\"EUR\">100.00</Amt></TxDtls>", BatchCheck::Agrees),
        ("<TxDtls><Amt Ccy=\"EUR\">99.99</Amt></TxDtls>", BatchCheck::Differs),
        ("<TxDtls><Amt Ccy=\"USD\">100.00</Amt></TxDtls>", BatchCheck::NotComparable),
        ("<TxDtls><Amt Ccy=\"EUR\">100.00</Amt></TxDtls><TxDtls></TxDtls>", BatchCheck::NotComparable),
        ("<TxDtls/>", BatchCheck::NotStated),
        ("", BatchCheck::NotStated),
    ];
    for (transactions, expected) in table {
        let entry = read(&format!("{ENTRY}<NtryDtls>{transactions}</NtryDtls>"))?;
        assert_eq!(entry.batch_check, expected, "{transactions}");
    }
    Ok(())
}

#[test]
fn broken_messages_are_refused_by_name() {
    let table = [
        (ENTRY.replace("EUR", "XYZ"), "camt_value"),
        (ENTRY.replace("100.00", "1e2"), "camt_value"),
        (ENTRY.replace("100.00", "-1"), "camt_value"),
        (ENTRY.replace("100.00", "0.001"), "camt_value"),
        (ENTRY.replace(" Ccy=\"EUR\"", ""), "camt_missing"),
        (ENTRY.replace("CRDT", "IN"), "camt_value"),
        (ENTRY.replace("<CdtDbtInd>CRDT</CdtDbtInd>", ""), "camt_missing"),
        (ENTRY.replace("<Sts><Cd>BOOK</Cd></Sts>", ""), "camt_missing"),
        (ENTRY.replace("2026-03-01T", "2026-02-30T"), "camt_value"),
        (ENTRY.replace("2026-03-01T10:00:00+01:00", "2026-03-01x"), "camt_value"),
        (format!("{ENTRY}<Amt Ccy=\"EUR\">1</Amt>"), "camt_repeated"),
        (format!("{ENTRY}<RvslInd>maybe</RvslInd>"), "camt_value"),
        (format!("{ENTRY}<NtryDtls><Btch><NbOfTxs>many</NbOfTxs></Btch></NtryDtls>"), "camt_value"),
        (format!("{ENTRY}<AcctSvcrRef>&unknown;</AcctSvcrRef>"), "camt_xml"),
        (format!("{ENTRY}<AcctSvcrRef>"), "camt_xml"),
        (format!("{ENTRY}<AcctSvcrRef>{}</AcctSvcrRef>", "x".repeat(4096)), "camt_too_large"),
        (format!("{ENTRY}{}{}", "<a>".repeat(40), "</a>".repeat(40)), "camt_too_large"),
    ];
    for (entry, code) in table {
        assert_eq!(read(&entry).map_err(|error| error.code()).map(|_| ()), Err(code), "{entry}");
    }
    let whole = message(ENTRY);
    let table = [
        (whole.replace("?>", "?><!DOCTYPE Document [<!ENTITY a \"b\">]>"), "camt_xml"),
        (whole.replace("<Document", "<Paper").replace("</Document", "</Paper"), "camt_unknown_message"),
        (String::new(), "camt_xml"),
        ("plain".to_owned(), "camt_xml"),
        (format!("{whole}{whole}"), "camt_xml"),
        ("<Document/>".to_owned(), "camt_unknown_message"),
        ("<Document><BkToCstmrStmt/></Document>".to_owned(), "camt_missing"),
    ];
    for (text, code) in table {
        assert_eq!(parse_camt(text.as_bytes()).map_err(|error| error.code()).map(|_| ()), Err(code), "{text}");
    }
    assert_eq!(parse_camt(b"\xff").map_err(|error| error.code()).map(|_| ()), Err("camt_not_utf8"));
}

#[test]
fn a_message_cut_anywhere_is_refused_and_nothing_panics() {
    let whole = message(ENTRY);
    for end in 0..whole.len() {
        assert!(parse_camt(&whole.as_bytes()[..end]).is_err(), "cut at {end}");
    }
}

#[test]
fn counts_are_bounded() {
    let text = message(&format!("{ENTRY}<NtryDtls><TxDtls/><TxDtls/></NtryDtls>"));
    let limits = CamtLimits::default();
    let code = |limits: CamtLimits| parse_camt_with(text.as_bytes(), &limits).map(|_| ()).map_err(|error| error.code());
    assert_eq!(code(limits), Ok(()));
    for limits in [
        CamtLimits { bytes_max: 10, ..limits },
        CamtLimits { entries_max: 0, ..limits },
        CamtLimits { transactions_max: 1, ..limits },
        CamtLimits { elements_max: 5, ..limits },
        CamtLimits { depth_max: 3, ..limits },
    ] {
        assert_eq!(code(limits), Err("camt_too_large"), "{limits:?}");
    }
}
