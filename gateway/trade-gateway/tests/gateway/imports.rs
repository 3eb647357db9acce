//! Bulk imports through the gateway's routes.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use fabric_cryptogen::CertificateRequest;
use serde_json::{Value, json};
use trade_gateway::{
    client::{Client, Response},
    operators::Operator,
};
use trade_model::{
    Transaction,
    common::{Duty, Set},
    evidence::Deposit,
};

use crate::{
    TestResult,
    double::{Double, refusal, status},
    organizations::{CUSTOMS, EXPORTER, Gateway, IMPORTER, Organizations},
};

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

const MAPPING: &str = "/v1/import-mappings/deposits";

type Tried<T> = Result<T, Box<dyn std::error::Error>>;

/// Deposits of evidence, one after the other.
fn mapping() -> Value {
    json!({
        "target": "POST /v1/evidence",
        "in_order": true,
        "fields": [
            {"field": "sha256", "column": "Digest", "convert": [{"kind": "trim"}]},
            {"field": "kind", "column": "Kind", "convert": [{"kind": "values", "values": {"Rechnung": "document"}}]},
            {"field": "media_type", "constant": "application/pdf"},
            {"field": "captured_at", "column": "Day", "convert": [
                {"kind": "moment", "format": "DD.MM.YYYY hh:mm", "offset": "+01:00"},
            ]},
            {"field": "tool", "constant": "scanner"},
        ],
    })
}

fn digest(number: u32) -> String {
    format!("{number:064x}")
}

/// A table of so many deposits; the last cell of each is a remark that a spreadsheet would compute.
fn table(count: u32) -> String {
    let row = |number| format!("{};Rechnung;02.11.2026 09:30;=1+{number}\r\n", digest(number));
    "Digest;Kind;Day;Remark\r\n".to_owned() + &(0..count).map(row).collect::<String>()
}

fn send(caller: &Client, method: &str, target: &str, kind: &str, body: &str) -> Tried<Response> {
    Ok(caller.send(method, target, &[("Content-Type", kind)], body.as_bytes())?)
}

fn put(caller: &Client, mapping: &Value) -> Tried<(u16, Value)> {
    let answer = send(caller, "PUT", MAPPING, "application/json", &mapping.to_string())?;
    Ok((answer.status, answer.json()?))
}

fn import(caller: &Client, query: &str, kind: &str, body: &str) -> Tried<(u16, Value)> {
    let answer = send(caller, "POST", &format!("/v1/imports?{query}"), kind, body)?;
    Ok((answer.status, answer.json()?))
}

/// The import once no row of it waits.
fn ended(caller: &Client, import: &Value) -> Tried<Value> {
    let place = format!("/v1/imports/{}", import["id"].as_str().ok_or("an id")?);
    let deadline = Instant::now() + PATIENCE;
    loop {
        let view = caller.get(&place)?.json()?;
        if view["state"] != "running" {
            return Ok(view);
        }
        if Instant::now() > deadline {
            return Err(format!("it stays {view}").into());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn counts(view: &Value) -> [u64; 4] {
    ["rows", "accepted", "failed", "waiting"].map(|name| view[name].as_u64().unwrap_or(u64::MAX))
}

fn count(gateway: &Gateway, step: &str) -> usize {
    gateway.double.steps().iter().filter(|own| **own == step).count()
}

/// Line and first code of a row.
fn told(row: &Value) -> (u64, &str) {
    (row["line"].as_u64().unwrap_or(0), row["faults"][0]["code"].as_str().unwrap_or(""))
}

#[test]
fn every_row_is_recorded_or_reported_and_the_same_file_changes_nothing() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    let caller = gateway.caller(&organizations.member(EXPORTER));
    assert_eq!(put(&caller, &mapping())?.0, 201);
    let file = table(3) + "xyz;Rechnung;02.11.2026 09:30;-\r\n;Foto;gestern;@x\r\n";
    gateway.double.script().endorsements.push_back(refusal(409, "evidence.deposited"));
    let (status, begun) = import(&caller, "mapping=deposits", "text/csv", &file)?;
    assert_eq!((status, counts(&begun)[0]), (202, 5), "{begun}");
    let view = ended(&caller, &begun)?;
    assert_eq!((&view["state"], counts(&view)), (&json!("done"), [5, 2, 3, 0]), "{view}");

    let place = format!("/v1/imports/{}", begun["id"].as_str().ok_or("an id")?);
    let page = caller.get(&format!("{place}/rows?state=failed&limit=2"))?.json()?;
    let rows: Vec<_> = page["rows"].as_array().into_iter().flatten().map(told).collect();
    assert_eq!(rows, [(2, "evidence.deposited"), (5, "request.digest_malformed")], "{page}");
    let rest = caller.get(&format!("{place}/rows?state=failed&after={}", page["next"]))?.json()?;
    assert_eq!((told(&rest["rows"][0]).0, rest["rows"][0]["faults"].as_array().map(Vec::len)), (6, Some(3)));
    let report = caller.get(&format!("{place}/report"))?;
    let text = String::from_utf8(report.body.clone())?;
    assert!(report.headers["content-type"].starts_with("text/csv"));
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "\u{feff}Digest,Kind,Day,Remark,import line,import code,import reason");
    let first = format!("{},Rechnung,02.11.2026 09:30,'=1+0,2,evidence.deposited,", digest(0));
    assert!(lines[1].starts_with(&first), "{text}");
    assert!(lines[2].contains(",'-,5,") && lines[3].contains(",'@x,6,"), "{text}");

    // The contract takes the first row now. Nothing else is sent.
    let (submitted, endorsed) = (count(&gateway, "submit"), count(&gateway, "endorse"));
    let (status, again) = import(&caller, "mapping=deposits", "text/csv", &file)?;
    assert_eq!((status, &again["id"]), (200, &begun["id"]));
    assert_eq!(counts(&ended(&caller, &again)?), [5, 3, 2, 0]);
    assert_eq!((count(&gateway, "submit"), count(&gateway, "endorse")), (submitted + 1, endorsed + 1));
    // In another file, sent by another person, the rows that were recorded are known.
    let other = gateway.caller(&organizations.member(EXPORTER));
    let (status, corrected) = import(&other, "mapping=deposits", "text/csv", &table(4))?;
    assert_eq!((status, corrected["id"] != begun["id"]), (202, true));
    assert_eq!(counts(&ended(&other, &corrected)?), [4, 4, 0, 0]);
    assert_eq!(count(&gateway, "submit"), submitted + 2);
    // So they are under a corrected mapping, where only the rows whose requests are others now are sent.
    let mut mended = mapping();
    mended["fields"][1]["convert"][0]["values"]["Foto"] = json!("photo");
    assert_eq!(put(&other, &mended)?.0, 201);
    let (status, mended) = import(&other, "mapping=deposits", "text/csv", &table(4))?;
    assert_eq!((status, mended["id"] != corrected["id"]), (202, true));
    assert_eq!(counts(&ended(&other, &mended)?), [4, 4, 0, 0]);
    assert_eq!(count(&gateway, "submit"), submitted + 2);
    assert_eq!(other.send("DELETE", &place, &[], b"")?.status, 204);
    assert_eq!(caller.get(&place)?.json()?["code"], "import_unknown");
    Ok(())
}

#[test]
fn every_row_is_a_line_of_the_audit_log() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    let caller = gateway.caller(&organizations.member(EXPORTER));
    put(&caller, &mapping())?;
    let (_, begun) = import(&caller, "mapping=deposits", "text/csv", &table(2))?;
    ended(&caller, &begun)?;
    let call = gateway.double.recorded().into_iter().find_map(|recorded| recorded.call).ok_or("a proposal")?;
    assert_eq!(call.function, Deposit::NAME);
    let expected = json!({
        "sha256": digest(0), "kind": "document", "media_type": "application/pdf",
        "captured_at": "2026-11-02T08:30:00Z", "tool": "scanner",
    });
    assert_eq!(serde_json::from_slice::<Value>(&call.argument.unwrap_or_default())?, expected);
    gateway.stop();
    let log = std::fs::read_to_string(organizations.path("data/audit.jsonl"))?;
    let of_rows = |outcome: &str| {
        log.lines().filter(|line| line.contains("\"resource\":\"import ") && line.contains(outcome)).count()
    };
    assert_eq!((of_rows("\"begun\""), of_rows("\"allowed\"")), (2, 2), "{log}");
    Ok(())
}

#[test]
fn an_import_goes_on_after_a_restart_and_sends_no_row_twice() -> TestResult {
    let organizations = Organizations::new();
    let double = Arc::new(Double::default());
    let start = || organizations.start(organizations.settings(), Arc::clone(&double) as Arc<_>, Arc::clone(&double));
    let member = organizations.member(EXPORTER);
    let gateway = start();
    let caller = gateway.caller(&member);
    put(&caller, &json!({"target": "depositEvidence", "fields": mapping()["fields"]}))?;
    double.script().hold = true;
    let (_, begun) = import(&caller, "mapping=deposits", "text/csv", &table(20))?;
    let deadline = Instant::now() + PATIENCE;
    while count(&gateway, "endorse") < 8 {
        assert!(Instant::now() < deadline, "rows are not worked on");
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(count(&gateway, "endorse"), 8, "so many at once");
    gateway.stop();
    double.script().hold = false;
    let gateway = start();
    let caller = gateway.caller(&member);
    assert_eq!(counts(&ended(&caller, &begun)?), [20, 20, 0, 0]);
    assert_eq!(count(&gateway, "submit"), 20);
    Ok(())
}

#[test]
fn an_import_stops_when_its_sender_may_not_write_any_more_and_goes_on_in_anothers_name() -> TestResult {
    let organizations = Organizations::new();
    let double = Arc::new(Double::default());
    let start = |settings| organizations.start(settings, Arc::clone(&double) as Arc<_>, Arc::clone(&double));
    let gateway = start(organizations.settings());
    let member = organizations.member(EXPORTER);
    let sender = gateway.caller(&member);
    put(&sender, &mapping())?;
    double.script().hold = true;
    let (_, begun) = import(&sender, "mapping=deposits", "text/csv", &table(3))?;
    gateway.stop();
    double.script().hold = false;

    let mut settings = organizations.settings();
    settings.organizations[0].operators = vec![Operator {
        certificate: None,
        common_name: Some("clerk".to_owned()),
        duties: Set::new(vec![Duty::Clerk])?,
    }];
    let gateway = start(settings);
    let (sender, clerk) = (gateway.caller(&member), CertificateRequest::identity("clerk", &["client"]));
    let clerk = gateway.caller(&organizations.issue(EXPORTER, &clerk));
    let view = ended(&clerk, &begun)?;
    assert_eq!((&view["state"], &view["stopped"]), (&json!("stopped"), &json!("duty_missing")), "{view}");
    assert_eq!(counts(&view), [3, 0, 0, 3], "no row has failed for it");
    let place = format!("/v1/imports/{}", begun["id"].as_str().ok_or("an id")?);
    let removal = sender.send("DELETE", &place, &[], b"")?;
    let change = put(&sender, &mapping())?;
    assert_eq!((removal.status, change.0, &change.1["code"]), (403, 403, &json!("duty_missing")));
    let (status, again) = import(&clerk, "mapping=deposits", "text/csv", &table(3))?;
    assert_eq!((status, &again["id"]), (200, &begun["id"]));
    assert_eq!(counts(&ended(&clerk, &again)?), [3, 3, 0, 0]);
    Ok(())
}

#[test]
fn a_trial_evaluates_and_writes_nothing() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    let caller = gateway.caller(&organizations.member(EXPORTER));
    put(&caller, &mapping())?;
    let refused = Err(refusal(409, "evidence.deposited"));
    gateway.double.script().evaluations.insert(Deposit::NAME.to_owned(), refused);
    let trial = "mapping=deposits&dry_run=true";
    let (_, begun) = import(&caller, trial, "text/csv", &table(2))?;
    assert_eq!(counts(&ended(&caller, &begun)?), [2, 0, 2, 0]);
    gateway.double.script().evaluations.clear();
    let (status, again) = import(&caller, trial, "text/csv", &table(2))?;
    assert_eq!((status, counts(&ended(&caller, &again)?)), (200, [2, 2, 0, 0]));
    let rows = caller.get(&format!("/v1/imports/{}/rows", again["id"].as_str().ok_or("an id")?))?.json()?;
    assert_eq!((rows["rows"][0]["state"].as_str(), rows["rows"][0].get("transaction_id")), (Some("accepted"), None));
    assert_eq!((count(&gateway, "submit"), count(&gateway, "endorse")), (0, 0));
    Ok(())
}

#[test]
fn a_trouble_of_the_network_costs_no_row() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    let caller = gateway.caller(&organizations.member(EXPORTER));
    put(&caller, &mapping())?;
    let unavailable = || status(14, "no connection");
    gateway.double.script().endorsements.extend([unavailable(), unavailable()]);
    let (_, begun) = import(&caller, "mapping=deposits", "text/csv", &table(2))?;
    assert_eq!(counts(&ended(&caller, &begun)?), [2, 2, 0, 0]);
    assert_eq!((count(&gateway, "endorse"), count(&gateway, "submit")), (4, 2));
    Ok(())
}

#[test]
fn a_mapping_is_checked_kept_in_versions_and_previewed() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    let caller = gateway.caller(&organizations.member(EXPORTER));
    let (status, made) = put(&caller, &mapping())?;
    assert_eq!((status, &made["version"]), (201, &json!(1)));
    assert_eq!(put(&caller, &mapping())?.0, 200);
    let mut other = mapping();
    other["fields"][4]["constant"] = json!("camera");
    let (status, made) = put(&caller, &other)?;
    assert_eq!((status, &made["version"]), (201, &json!(2)));
    let tool =
        |place: &str| -> Tried<Value> { Ok(caller.get(place)?.json()?["mapping"]["fields"][4]["constant"].clone()) };
    assert_eq!((tool(MAPPING)?, tool(&format!("{MAPPING}?version=1"))?), (json!("camera"), json!("scanner")));
    assert_eq!(caller.get("/v1/import-mappings")?.json()?["mappings"].as_array().map(Vec::len), Some(1));
    let stranger = gateway.caller(&organizations.member(CUSTOMS));
    assert_eq!(stranger.get(MAPPING)?.json()?["code"], "mapping_unknown");

    let answer = send(&caller, "POST", &format!("{MAPPING}/preview?limit=1&version=1"), "text/csv", &table(3))?;
    let preview = answer.json()?;
    assert_eq!((answer.status, preview["rows"].as_array().map(Vec::len)), (200, Some(1)), "{preview}");
    let row = &preview["rows"][0];
    assert_eq!((&row["path"], &row["body"]["tool"]), (&json!("/v1/evidence"), &json!("scanner")));
    let lacking = send(&caller, "POST", &format!("{MAPPING}/preview"), "text/csv", "Digest,Kind\na,b\n")?.json()?;
    assert_eq!((&lacking["code"], &lacking["fields"][0]["name"]), (&json!("import_columns"), &json!("Day")));
    assert!(gateway.double.steps().is_empty(), "nothing was sent");
    Ok(())
}

#[test]
fn a_mapping_that_cannot_work_is_refused_and_the_documents_own_example_is_taken() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    let caller = gateway.caller(&organizations.member(EXPORTER));
    for (target, field, code) in [
        ("POST /v1/evidence", "colour", "mapping_refused"),
        ("POST /v1/invoices/{party}/{id}/opening", "invoice_id", "import_target"),
        ("readEvidence", "sha256", "import_target"),
        ("POST /v1/nothing", "sha256", "import_target"),
    ] {
        let refused = put(&caller, &json!({"target": target, "fields": [{"field": field, "column": "x"}]}))?;
        assert_eq!((refused.0, &refused.1["code"]), (422, &json!(code)), "{target}: {}", refused.1);
    }
    let mut large = mapping();
    large["fields"][4]["constant"] = json!("x".repeat(64 * 1024));
    let refused = put(&caller, &large)?;
    assert_eq!((refused.0, &refused.1["code"]), (413, &json!("mapping_too_large")));
    let example = trade_gateway::openapi::document()["components"]["schemas"]["Mapping"]["examples"][0].clone();
    let taken = put(&caller, &example)?;
    assert_eq!(taken.0, 201, "{}", taken.1);
    Ok(())
}

#[test]
fn a_template_that_is_sent_back_is_taken_as_it_is() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    let caller = gateway.caller(&organizations.member(EXPORTER));
    for operation in ["depositEvidence", "issueSerials", "nameBank", "offerCustody"] {
        let template = caller.get(&format!("/v1/imports/templates/{operation}"))?;
        let text = String::from_utf8(template.body.clone())?;
        assert_eq!((template.status, text.lines().count()), (200, 2), "{operation}: {text}");
        let (status, begun) = import(&caller, &format!("template={operation}&dry_run=true"), "text/csv", &text)?;
        assert_eq!(status, 202, "{operation}: {begun}");
        let view = ended(&caller, &begun)?;
        let rows = caller.get(&format!("/v1/imports/{}/rows", view["id"].as_str().unwrap_or("")))?.json()?;
        assert_eq!(counts(&view), [1, 1, 0, 0], "{operation}: {text}{rows}");
    }
    let documents = caller.get("/v1/imports/templates/capture")?;
    assert_eq!((documents.status, documents.json()?["code"].as_str()), (422, Some("import_target")));
    Ok(())
}

#[test]
fn each_event_of_a_document_is_recorded_by_itself_with_its_bytes() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    let caller = gateway.caller(&organizations.member(EXPORTER));
    let event = |weight: &str| format!(r#"{{"type":"ObjectEvent","ext:weight":{weight}}}"#);
    let document = |events: &str| format!(r#"{{"type":"EPCISDocument","epcisBody":{{"eventList":[{events}]}}}}"#);
    let weights = ["0.12345678901234567890", "1"];
    let file = document(&weights.map(event).join(","));
    let (status, begun) = import(&caller, "", "application/ld+json", &file)?;
    assert_eq!((status, &begun["format"]), (202, &json!("epcis")), "{begun}");
    assert_eq!(counts(&ended(&caller, &begun)?), [2, 2, 0, 0]);
    let calls = gateway.double.recorded().into_iter().filter_map(|recorded| recorded.call?.argument);
    let sent: Vec<String> = calls.map(|argument| String::from_utf8_lossy(&argument).into_owned()).collect();
    assert_eq!(sent, weights.map(|weight| format!(r#"{{"document":{}}}"#, document(&event(weight)))));
    Ok(())
}

/// A notification about an entry of two payments, whose bank has added the holder and a commitment, and one that is
/// not booked.
fn notification(commitment: &str) -> String {
    let payment = |id: &str| {
        format!(
            "<TxDtls><Refs><EndToEndId>{id}</EndToEndId></Refs><SplmtryData><Envlp><Trade>\
             <account_holder>{EXPORTER}</account_holder><amount_commitment>{commitment}</amount_commitment>\
             </Trade></Envlp></SplmtryData></TxDtls>"
        )
    };
    let entry = |reference: &str, status: &str, inside: &str| {
        format!(
            "<Ntry><Amt Ccy=\"EUR\">100.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>{status}</Cd></Sts>\
             <BookgDt><Dt>2026-11-02</Dt></BookgDt><AcctSvcrRef>{reference}</AcctSvcrRef>{inside}</Ntry>"
        )
    };
    let payments = format!("<NtryDtls>{}{}</NtryDtls>", payment("INV-1"), payment("NOTPROVIDED"));
    let entries = entry("REF-1", "BOOK", &payments) + &entry("REF-2", "PDNG", "");
    format!("<Document><BkToCstmrDbtCdtNtfctn><Ntfctn>{entries}</Ntfctn></BkToCstmrDbtCdtNtfctn></Document>")
}

#[test]
fn each_payment_of_a_bank_message_is_recorded_by_itself() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    let caller = gateway.caller(&organizations.member(EXPORTER));
    let template = String::from_utf8(caller.get("/v1/imports/templates/recordEntry")?.body)?;
    let (names, example) = template.trim_end().split_once("\r\n").ok_or("two lines")?;
    let mut cells = names.split(',').zip(example.split(','));
    let (_, commitment) = cells.find(|(name, _)| *name == "amount_commitment").ok_or("a commitment")?;
    let file = notification(commitment);
    let (status, begun) = import(&caller, "template=recordEntry", "application/xml", &file)?;
    assert_eq!((status, &begun["format"]), (202, &json!("iso20022")), "{begun}");
    assert_eq!(counts(&ended(&caller, &begun)?), [3, 2, 1, 0]);
    let rows =
        caller.get(&format!("/v1/imports/{}/rows?state=failed", begun["id"].as_str().ok_or("an id")?))?.json()?;
    assert_eq!(told(&rows["rows"][0]), (3, "import.entry_not_booked"), "{rows}");

    let calls = gateway.double.recorded().into_iter().filter_map(|recorded| recorded.call?.argument);
    let mut sent = calls.map(|argument| serde_json::from_slice(&argument)).collect::<Result<Vec<Value>, _>>()?;
    sent.sort_by_key(|argument| argument["detail_number"].as_u64());
    let common = json!({
        "account_holder": EXPORTER, "account_servicer_reference": "REF-1", "amount_commitment": commitment,
        "booked_on": "2026-11-02", "currency": "EUR", "direction": "credit",
    });
    let mut expected = [common.clone(), common];
    expected[0].as_object_mut().ok_or("an object")?.extend([
        ("entry_id".to_owned(), json!("REF-1")),
        ("detail_number".to_owned(), json!(0)),
        ("end_to_end_id".to_owned(), json!("INV-1")),
    ]);
    expected[1]
        .as_object_mut()
        .ok_or("an object")?
        .extend([("entry_id".to_owned(), json!("REF-1.1")), ("detail_number".to_owned(), json!(1))]);
    assert_eq!(sent, expected);
    let (status, again) = import(&caller, "template=recordEntry", "text/xml", &file)?;
    assert_eq!((status, &again["id"]), (200, &begun["id"]));
    assert_eq!((counts(&ended(&caller, &again)?), count(&gateway, "submit")), ([3, 2, 1, 0], 2));
    Ok(())
}

#[test]
fn an_order_to_pay_says_which_invoices_are_accepted() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    let caller = gateway.caller(&organizations.member(EXPORTER));
    let prefix = json!({"kind": "prefix", "text": format!("{IMPORTER}/")});
    let field = json!({"field": "invoice_id", "column": "document_number", "convert": [prefix]});
    assert_eq!(put(&caller, &json!({"target": "acceptInvoice", "fields": [field]}))?.0, 201);
    let paid = |numbers: &str| format!("<CdtTrfTxInf><RmtInf><Strd>{numbers}</Strd></RmtInf></CdtTrfTxInf>");
    let number = |number: &str| format!("<RfrdDocInf><Nb>{number}</Nb></RfrdDocInf>");
    let payments = paid(&number("2026/7")) + &paid(&(number("8") + &number("9"))) + &paid("");
    let file = format!("<Document><CstmrCdtTrfInitn><PmtInf>{payments}</PmtInf></CstmrCdtTrfInitn></Document>");
    let preview = send(&caller, "POST", &format!("{MAPPING}/preview"), "application/xml", &file)?.json()?;
    assert_eq!(preview["rows"][0]["path"], format!("/v1/invoices/{IMPORTER}/2026%2F7/accept"), "{preview}");
    let faults = [told(&preview["rows"][1]), told(&preview["rows"][2])];
    assert_eq!(faults, [(2, "import.kind"), (3, "import.cell_missing")], "{preview}");
    Ok(())
}

#[test]
fn an_organization_that_signs_itself_and_what_is_no_file_are_refused_by_name() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    let own = gateway.caller(&organizations.member(IMPORTER));
    let refused = import(&own, "template=depositEvidence", "text/csv", "a\n")?;
    assert_eq!((refused.0, &refused.1["code"]), (409, &json!("import_signing")));
    let caller = gateway.caller(&organizations.member(EXPORTER));
    for (query, kind, body, status, code) in [
        ("template=depositEvidence", "text/csv", "", 422, "import.header_missing"),
        ("template=depositEvidence", "text/csv", "a;b,c\n", 422, "import.delimiter_ambiguous"),
        ("template=depositEvidence", "text/csv", "a\nb\n", 422, "import_columns"),
        ("template=depositEvidence", "text/plain", "a\n", 415, "media_type_unsupported"),
        ("template=depositEvidence", "application/x-ndjson", "{}", 202, ""),
        ("template=depositEvidence&mapping=x", "text/csv", "a\n", 422, "parameter_invalid"),
        ("mapping=x", "text/csv", "a\n", 404, "mapping_unknown"),
        ("mapping=x", "application/json", "{}", 422, "parameter_invalid"),
        ("", "application/json", "{}", 422, "import.epcis_malformed"),
        ("template=depositEvidence", "application/xml", "<Invoice/>", 422, "import.iso20022_malformed"),
        ("template=depositEvidence", "application/xml", &notification("0"), 422, "import_columns"),
        ("", "application/xml", "<Invoice/>", 422, "parameter_invalid"),
        ("", "text/csv", "a\n", 422, "parameter_invalid"),
        ("colour=red", "text/csv", "a\n", 422, "parameter_invalid"),
    ] {
        let answer = import(&caller, query, kind, body)?;
        assert_eq!((answer.0, answer.1["code"].as_str().unwrap_or("")), (status, code), "{query} {kind}: {}", answer.1);
    }
    assert!(gateway.double.steps().is_empty());
    Ok(())
}
