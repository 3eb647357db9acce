//! Messages as banks and enterprise systems write them, and what must be refused.

use std::{error::Error, fs};

use trade_standards::iso20022::parse_camt;

use super::*;
use crate::{Cell, Format, Options};

type TestResult = Result<(), Box<dyn Error>>;

fn rows_within(bytes: &[u8], limits: &Limits) -> Result<Vec<Row>, FileError> {
    let mut rows = Vec::new();
    crate::read(Format::Iso20022, bytes, &Options::default(), limits, &mut |row| {
        rows.push(row);
        ControlFlow::Continue(())
    })?;
    Ok(rows)
}

fn rows(text: &str) -> Result<Vec<Row>, FileError> {
    rows_within(text.as_bytes(), &Limits::default())
}

fn cell<'a>(row: &'a Row, name: &str) -> Option<&'a Cell> {
    row.header.find(name).ok().and_then(|place| row.cells.get(place))
}

/// The cells of these columns, as a report shows them.
fn shown<const N: usize>(row: &Row, names: [&str; N]) -> [String; N] {
    names.map(|name| cell(row, name).map_or_else(|| "(no column)".to_owned(), Cell::shown))
}

/// A document with one message.
fn document(message: &str, inside: &str) -> String {
    format!(r#"<?xml version="1.0"?><Document xmlns="urn:x"><{message}>{inside}</{message}></Document>"#)
}

fn notification(entries: &str) -> String {
    let account =
        "<Id>N1</Id><Acct><Id><IBAN>DE89370400440532013000</IBAN></Id></Acct><Bal><Amt Ccy=\"USD\">1</Amt></Bal>";
    let inside = format!("<GrpHdr><MsgId>M1</MsgId></GrpHdr><Ntfctn>{account}{entries}</Ntfctn>");
    document("BkToCstmrDbtCdtNtfctn", &inside)
}

/// An entry of 100 euros with this inside.
fn entry(inside: &str) -> String {
    format!(
        "<Ntry><NtryRef>7</NtryRef><Amt Ccy=\"EUR\">100.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>\
         <BookgDt><DtTm>2026-03-01T10:00:00+01:00</DtTm></BookgDt><ValDt><Dt>2026-03-02Z</Dt></ValDt>\
         <AcctSvcrRef>REF-1</AcctSvcrRef>{inside}</Ntry>"
    )
}

#[test]
fn each_payment_of_an_entry_is_a_row_and_so_is_an_entry_that_names_none() -> TestResult {
    let payments = "<TxDtls><Refs><EndToEndId>INV-1</EndToEndId></Refs><Amt Ccy=\"EUR\">120.00</Amt>\
        <RltdPties><Dbtr><Pty><Nm>M&amp;S &#x41;</Nm></Pty></Dbtr></RltdPties>\
        <RmtInf><Ustrd>Invoice</Ustrd><Ustrd>1 of 2</Ustrd></RmtInf></TxDtls>\
        <TxDtls><Refs><EndToEndId>not provided</EndToEndId></Refs><AmtDtls><TxAmt><Amt Ccy=\"SEK\">20</Amt></TxAmt></AmtDtls>\
        <CdtDbtInd>DBIT</CdtDbtInd></TxDtls>";
    let single = entry("<RvslInd>true</RvslInd><AddtlNtryInf>Interest</AddtlNtryInf>");
    let rows = rows(&notification(&(entry(&format!("<NtryDtls>{payments}</NtryDtls>")) + &single)))?;
    assert_eq!(rows.iter().map(|row| row.line).collect::<Vec<_>>(), [1, 2, 3]);
    let names = ["entry_id", "detail_number", "end_to_end_id", "amount", "currency", "direction", "reversal"];
    let of_rows: Vec<_> = rows.iter().map(|row| shown(row, names)).collect();
    assert_eq!(of_rows[0], ["REF-1", "0", "INV-1", "120.00", "EUR", "credit", ""]);
    assert_eq!(of_rows[1], ["REF-1.1", "1", "", "20", "SEK", "debit", ""]);
    assert_eq!(of_rows[2], ["REF-1", "0", "", "100.00", "EUR", "credit", "true"]);
    let names = ["message_id", "statement_id", "account", "entry_reference", "entry_amount", "entry_currency"];
    for row in &rows {
        assert_eq!(shown(row, names), ["M1", "N1", "DE89370400440532013000", "7", "100.00", "EUR"]);
        assert_eq!(shown(row, ["booked_on", "value_on", "status"]), ["2026-03-01", "2026-03-02", "BOOK"]);
        assert_eq!(row.fault, None);
    }
    assert_eq!(shown(&rows[0], ["debtor_name", "remittance_text"]), ["M&S A", "Invoice 1 of 2"]);
    assert_eq!(shown(&rows[2], ["additional_information", "requested_on"]), ["Interest", "(no column)"]);
    Ok(())
}

#[test]
fn what_is_not_booked_is_a_fault_of_its_row() -> TestResult {
    let others = entry("").replace("BOOK", "PDNG") + &entry("").replace("<Cd>BOOK</Cd>", "INFO") + &entry("");
    let codes: Vec<_> =
        rows(&notification(&others))?.into_iter().map(|row| row.fault.map(|fault| fault.code)).collect();
    let not_booked = Some("import.entry_not_booked".to_owned());
    assert_eq!(codes, [not_booked.clone(), not_booked, None]);
    Ok(())
}

#[test]
fn orders_and_transfers_have_their_own_columns() -> TestResult {
    let order = |day: &str| {
        let payment = |id: &str| {
            format!(
                "<CdtTrfTxInf><PmtId><InstrId>I{id}</InstrId><EndToEndId>E{id}</EndToEndId></PmtId>\
                 <Amt><InstdAmt Ccy=\"CHF\">6.20</InstdAmt></Amt><Cdtr><Nm>Maria</Nm></Cdtr>\
                 <CdtrAcct><Id><Othr><Id>014295803</Id></Othr></Id></CdtrAcct>\
                 <RmtInf><Strd><RfrdDocInf><Nb>2026/7</Nb></RfrdDocInf></Strd></RmtInf></CdtTrfTxInf>"
            )
        };
        format!(
            "<PmtInf><PmtInfId>P</PmtInfId><ReqdExctnDt>{day}</ReqdExctnDt><Dbtr><Nm>Robert</Nm></Dbtr>\
             <DbtrAcct><Id><IBAN>CH03</IBAN></Id></DbtrAcct>{}{}</PmtInf>",
            payment("1"),
            payment("2")
        )
    };
    let inside = format!("<GrpHdr><MsgId>M</MsgId></GrpHdr>{}{}", order("2026-07-28"), order("<Dt>2026-07-29</Dt>"));
    let orders = rows(&document("CstmrCdtTrfInitn", &inside))?;
    let names = ["instruction_id", "end_to_end_id", "amount", "currency", "creditor_account", "document_number"];
    assert_eq!(shown(&orders[1], names), ["I2", "E2", "6.20", "CHF", "014295803", "2026/7"]);
    let days: Vec<_> = orders.iter().map(|row| shown(row, ["requested_on", "debtor_account", "status"])).collect();
    assert_eq!(
        (&days[0][0], &days[3]),
        (&"2026-07-28".to_owned(), &["2026-07-29", "CH03", "(no column)"].map(str::to_owned))
    );

    let transfer = "<GrpHdr><MsgId>M</MsgId><IntrBkSttlmDt>2026-07-30</IntrBkSttlmDt></GrpHdr><CdtTrfTxInf>\
        <PmtId><TxId>T1</TxId><UETR>255ae394-9965-4438-ac86-f406feada396</UETR></PmtId>\
        <IntrBkSttlmAmt Ccy=\"EUR\">99.00</IntrBkSttlmAmt><InstdAmt Ccy=\"USD\">110.00</InstdAmt>\
        <Dbtr><Nm>Robert</Nm></Dbtr></CdtTrfTxInf>";
    let transfers = rows(&document("FIToFICstmrCdtTrf", transfer))?;
    let names = ["transaction_id", "settled_on", "amount", "currency", "instructed_amount", "instructed_currency"];
    assert_eq!(shown(&transfers[0], names), ["T1", "2026-07-30", "99.00", "EUR", "110.00", "USD"]);
    assert_eq!(shown(&transfers[0], ["debtor_name", "booked_on"]), ["Robert", "(no column)"]);
    Ok(())
}

#[test]
fn supplementary_data_are_columns_under_their_own_names() -> TestResult {
    let supplement = |inside: &str| {
        format!(
            "<TxDtls><SplmtryData><PlcAndNm>x</PlcAndNm><Envlp><a:Trade>{inside}</a:Trade></Envlp></SplmtryData></TxDtls>"
        )
    };
    let payments = supplement("<a:holder>AMSP</a:holder><a:commitment>00ff</a:commitment>")
        + &supplement("<seal/>")
        + &supplement("<seal>1</seal><seal>2</seal>");
    let text = notification(&entry(&format!("<NtryDtls>{payments}</NtryDtls>")));
    let rows = rows(&text)?;
    let names = ["holder", "commitment", "seal"];
    assert_eq!(shown(&rows[0], names), ["AMSP", "00ff", ""]);
    assert_eq!(shown(&rows[1], names), ["", "", ""]);
    assert_eq!(cell(&rows[2], "seal"), Some(&Cell::Nested(serde_json::json!(["1", "2"]))), "which one is not guessed");
    let narrow = Limits { columns: 2, ..Limits::default() };
    assert_eq!(rows_within(text.as_bytes(), &narrow), Err(FileError::TooManyColumns { line: 3, most: 2 }));
    Ok(())
}

#[test]
fn what_stands_twice_is_not_guessed() -> TestResult {
    let twice = entry("<Amt Ccy=\"EUR\">1.00</Amt><Amt Ccy=\"EUR\">2.00</Amt>");
    let rows = rows(&notification(&twice))?;
    assert_eq!(cell(&rows[0], "amount"), Some(&Cell::Nested(serde_json::json!(["100.00", "1.00"]))));
    Ok(())
}

#[test]
fn an_envelope_a_prefix_and_the_declared_encoding_are_taken() -> TestResult {
    let text = notification(&entry("<AddtlNtryInf>Z\u{fc}rich</AddtlNtryInf>"));
    let prefixed = text.replace("<Document xmlns=", "<n:Document xmlns:n=").replace("</Document", "</n:Document");
    let wrapped =
        text.replace("<Document", "<BizMsgEnvlp><AppHdr><BizMsgIdr>B</BizMsgIdr></AppHdr><Document") + "</BizMsgEnvlp>";
    let declared = |encoding: &str| text.replace("?>", &format!(" encoding='{encoding}'?>"));
    let latin: Vec<u8> = declared("ISO-8859-1").chars().map(|character| character as u8).collect();
    let wide = |text: String| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_le_bytes).collect() };
    for bytes in [
        prefixed.into_bytes(),
        wrapped.into_bytes(),
        format!("\u{feff}{}", declared("UTF-8")).into_bytes(),
        latin,
        wide(declared("UTF-16")),
        wide(format!("\u{feff}{text}")),
    ] {
        let rows = rows_within(&bytes, &Limits::default())?;
        assert_eq!(shown(&rows[0], ["additional_information", "message_id"]), ["Z\u{fc}rich", "M1"]);
    }
    let refused = rows_within(declared("EBCDIC").as_bytes(), &Limits::default());
    assert!(matches!(&refused, Err(FileError::Iso20022(text)) if text.contains("`ebcdic`")), "{refused:?}");
    Ok(())
}

#[test]
fn other_files_and_hostile_ones_are_refused_by_name() {
    let whole = notification(&entry(""));
    let deep = format!("{}{}", "<a>".repeat(40), "</a>".repeat(40));
    for (text, reason) in [
        ("plain".to_owned(), "near byte"),
        (whole[..whole.len() - 1].to_owned(), "near byte"),
        (document("FIToFIPmtStsRpt", "<GrpHdr/>"), "but `FIToFIPmtStsRpt`"),
        ("<Invoice/>".to_owned(), "but `Invoice`"),
        (format!("<X>{}{}</X>", document("CstmrCdtTrfInitn", "<GrpHdr/>"), document("BkToCstmrStmt", "")), "several"),
        (whole.replace("?>", "?><!DOCTYPE Document [<!ENTITY a \"b\">]>"), "type declarations"),
        (whole.replace("M1", "&b;"), "unknown entity"),
        (whole.replace("<NtryRef>", &format!("{deep}<NtryRef>")), "nesting"),
        (whole.replace("<MsgId>", &format!("{}<MsgId>", "<a/>".repeat(501))), "more than 500 elements"),
        (whole.replace("M1", &"x".repeat(33_000)), "bytes of one text"),
        (entry(""), "one root element"),
        (notification(&format!("<Ntry><Ntry>{}</Ntry></Ntry>", entry(""))), "another one of its name"),
    ] {
        let text = text.replace("</Document><?xml version=\"1.0\"?>", "</Document>");
        let text = text.replace("<X><?xml version=\"1.0\"?>", "<X>");
        let refused = rows(&text).expect_err(reason);
        assert!(matches!(&refused, FileError::Iso20022(own) if own.contains(reason)), "{reason}: {refused}");
    }
    assert!((0..whole.len()).all(|end| rows(&whole[..end]).is_err()), "a message that was cut is none");
    let limits = |rows, bytes| Limits { rows, bytes, ..Limits::default() };
    let two = notification(&entry("").repeat(2));
    assert_eq!(rows_within(two.as_bytes(), &limits(1, 10_000)), Err(FileError::TooManyRows(1)));
    assert_eq!(rows_within(two.as_bytes(), &limits(2, 100)), Err(FileError::TooLarge(100)));
}

#[test]
fn a_message_with_more_elements_than_are_kept_at_once_is_read() -> TestResult {
    let payments = "<TxDtls><Refs><EndToEndId>E</EndToEndId></Refs></TxDtls>".repeat(10_000);
    let junk = "<Bal><Amt Ccy=\"EUR\">1</Amt></Bal>".repeat(120_000);
    let rows = rows(&notification(&(junk + &entry(&format!("<NtryDtls>{payments}</NtryDtls>")))))?;
    assert_eq!((rows.len(), shown(&rows[9_999], ["detail_number"])), (10_000, ["9999".to_owned()]));
    Ok(())
}

#[test]
fn the_messages_of_others_have_as_many_rows_as_payments() -> TestResult {
    let Some(folder) = shared_data::find("iso20022")? else { return Ok(()) };
    let mut read = 0;
    for file in fs::read_dir(folder)? {
        let path = file?.path();
        let (name, bytes) = (path.display().to_string(), fs::read(&path)?);
        let Ok(message) = parse_camt(&bytes) else { continue };
        let payments = message.entries().map(|entry| entry.transactions.len().max(1)).sum::<usize>();
        let rows = rows_within(&bytes, &Limits::default())?;
        assert_eq!(rows.len(), payments, "{name}");
        let amounts = rows.iter().filter(|row| shown(row, ["entry_amount"]) != [""]).count();
        assert_eq!(amounts, payments, "{name}");
        read += 1;
    }
    assert!(read >= 4, "{read} messages were found");
    let orders = fs::read(shared_data::find("iso20022/musterfile_pain.001_Nov2020.xml")?.ok_or("it was there")?)?;
    let rows = rows_within(&orders, &Limits::default())?;
    let amounts: Vec<_> = rows.iter().map(|row| shown(row, ["amount", "currency"]).join(" ")).collect();
    let of_its_payments =
        ["6.20", "1.80", "12.00", "5.00", "2.00", "1", "4", "6"].map(|amount| format!("{amount} CHF"));
    assert_eq!(amounts, of_its_payments, "its header says that they are seven");
    assert_eq!(shown(&rows[0], ["requested_on", "remittance_text"]), ["2020-07-28", "Rechnung 1122"]);
    Ok(())
}
