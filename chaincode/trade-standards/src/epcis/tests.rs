//! Documents of others, and documents that must be refused.

use super::*;
use std::path::PathBuf;

fn files(folder: &PathBuf, extension: &str) -> std::io::Result<Vec<PathBuf>> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    files.retain(|path| path.extension().is_some_and(|found| found == extension));
    files.sort();
    Ok(files)
}

/// The pre-hash strings of a document's events.
fn prehashes(bytes: &[u8]) -> Result<Vec<String>, Box<dyn std::error::Error>> {
    let json = crate::json::Json::parse(std::str::from_utf8(bytes)?, 32)?;
    let namespaces = context::Namespaces::standard().with(json.get("@context"));
    let events = json.get("epcisBody").and_then(|body| body.get("eventList")).ok_or("no events")?;
    Ok(events.elements().iter().map(|event| hash::prehash(event, &namespaces, &[])).collect())
}

#[test]
fn the_reference_files_hash_as_published() -> Result<(), Box<dyn std::error::Error>> {
    let Some(folder) = shared_data::find("epcis/event-hash")? else { return Ok(()) };
    let documents = files(&folder, "jsonld")?;
    assert!(documents.len() >= 3, "{documents:?}");
    for path in documents {
        let bytes = std::fs::read(&path)?;
        let expected = std::fs::read_to_string(path.with_extension("prehashes"))?;
        let expected: Vec<&str> = expected.lines().collect();
        assert_eq!(prehashes(&bytes)?, expected, "{}", path.display());
        let expected = std::fs::read_to_string(path.with_extension("hashes"))?;
        let hashes: Vec<String> = parse(&bytes)?.events.iter().map(|event| event.hash.to_string()).collect();
        assert_eq!(hashes, expected.split_whitespace().collect::<Vec<_>>(), "{}", path.display());
    }
    Ok(())
}

#[test]
fn every_foreign_document_is_parsed_and_hashed() -> Result<(), Box<dyn std::error::Error>> {
    let lenient = Limits { check_digits: false, ..Limits::default() };
    let mut refused = Vec::new();
    for folder in ["epcis/documents", "epcis/events"] {
        let Some(folder) = shared_data::find(folder)? else { return Ok(()) };
        for path in files(&folder, "json")? {
            let bytes = std::fs::read(&path)?;
            let document = parse_with(&bytes, &lenient).map_err(|error| format!("{}: {error}", path.display()))?;
            for event in &document.events {
                assert!(EventHash::parse(event.hash.as_str()).is_ok());
                let typed = matches!(event.kind, EventKind::ObjectEvent | EventKind::AggregationEvent);
                assert_eq!(matches!(event.body, EventBody::Untyped), !typed, "{}", path.display());
            }
            match parse(&bytes) {
                Ok(strict) => assert_eq!(strict, document, "{}", path.display()),
                Err(error) => refused.push((path.file_name().map(|name| name.to_owned()), error.code())),
            }
        }
    }
    // Two of the documents name an asset by a GRAI whose check digit is wrong.
    let expected = ["Combination_of_different_event.json", "SensorData_with_combined_events.json"];
    assert_eq!(refused, expected.map(|name| (Some(name.into()), "gs1_check_digit")));
    Ok(())
}

/// An object event with `fields` put before the last brace.
fn document(fields: &str) -> String {
    format!(
        r#"{{"@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld", {{"ex": "https://ns.example.com/"}}],
        "type": "EPCISDocument", "schemaVersion": "2.0", "epcisBody": {{"eventList": [
        {{"type": "ObjectEvent", "eventTime": "2020-03-04T11:00:30+01:00", "eventTimeZoneOffset": "+01:00", "action": "ADD"{fields}}}]}}}}"#
    )
}

fn only(fields: &str) -> Result<Event, EpcisError> {
    let mut document = parse(document(fields).as_bytes())?;
    Ok(document.events.remove(0))
}

#[test]
fn an_object_event_becomes_typed() -> Result<(), EpcisError> {
    let event = only(
        r#", "epcList": ["urn:epc:id:sgtin:4012345.011111.9876"], "bizStep": "commissioning", "disposition": "active",
        "readPoint": {"id": "urn:epc:id:sgln:4012345.00011.987"},
        "quantityList": [{"epcClass": "urn:epc:class:lgtin:4012345.012345.L1", "quantity": 20.50, "uom": "KGM"}],
        "sourceList": [{"type": "possessing_party", "source": "urn:epc:id:pgln:4012345.00225"}],
        "destinationList": [{"type": "cbv:SDT-owning_party", "destination": "https://id.gs1.org/417/4012345002256"}],
        "bizTransactionList": [{"type": "urn:epcglobal:cbv:btt:po", "bizTransaction": "urn:epcglobal:cbv:bt:4012345000009:ASN1099"}],
        "ex:lot": {"ex:kind": "A"}, "ilmd": {"ex:origin": "IT"}"#,
    )?;
    let EventBody::Object(body) = &event.body else { panic!("{event:?}") };
    assert_eq!(body.action, Action::Add);
    assert_eq!(body.epcs[0].canonical(), "https://id.gs1.org/01/04012345111118/21/9876");
    assert_eq!(body.quantities[0].quantity.as_deref(), Some("20.5"));
    assert_eq!(event.time.to_string(), "2020-03-04T10:00:30.000Z");
    assert_eq!((event.biz_step_name(), event.disposition_name()), (Some("commissioning"), Some("active")));
    let source = event.source("possessing_party").map(|uri| uri.canonical());
    assert_eq!(source, Some("https://id.gs1.org/417/4012345002256"));
    assert_eq!(event.destination("owning_party").map(|uri| uri.canonical()), source);
    assert_eq!(event.biz_transactions[0].kind_name(), Some("po"));
    assert_eq!(event.extensions.keys().collect::<Vec<_>>(), ["ex:lot", "ilmd"]);
    assert_eq!(event.id(), event.hash.as_str());
    Ok(())
}

#[test]
fn equal_events_hash_alike_however_they_are_written() -> Result<(), EpcisError> {
    let one = only(
        r#", "epcList": ["urn:epc:id:sscc:4012345.0000000333", "urn:epc:id:sscc:4012345.0000000111"], "bizStep": "shipping",
        "ex:a": 1.50, "ex:b": ["x", "y"]"#,
    )?;
    for other in [
        r#", "ex:b": ["y", "x"], "ex:a": "1.5", "bizStep": "urn:epcglobal:cbv:bizstep:shipping",
        "epcList": ["https://example.org/00/040123450000001112", "urn:epc:id:sscc:4012345.0000000333"]"#,
        r#", "bizStep": "cbv:BizStep-shipping", "epcList": ["https://id.gs1.org/00/040123450000001112",
        "https://id.gs1.org/00/040123450000003338"], "ex:a": 1.5, "ex:b": ["x", "y"], "eventID": "urn:uuid:1", "recordTime":
        "2021-01-01T00:00:00Z", "rdfs:comment": "hello", "errorDeclaration": {"declarationTime": "2021-01-01T00:00:00Z",
        "reason": "did_not_occur"}"#,
    ] {
        assert_eq!(only(other)?.hash, one.hash, "{other}");
    }
    assert_ne!(only(r#", "bizStep": "receiving""#)?.hash, one.hash);
    Ok(())
}

#[test]
fn one_object_written_in_two_ways_is_one_object() -> Result<(), EpcisError> {
    let event = only(
        r#", "epcList": ["urn:epc:id:sscc:4012345.0000000333", "https://x.example/00/040123450000003338", "urn:a:1"]"#,
    )?;
    let EventBody::Object(body) = &event.body else { panic!("{event:?}") };
    let objects: Vec<&str> = body.epcs.iter().map(|uri| uri.canonical()).collect();
    assert_eq!(objects, ["https://id.gs1.org/00/040123450000003338", "urn:a:1"]);
    Ok(())
}

#[test]
fn a_correction_hashes_like_the_event_it_corrects() -> Result<(), EpcisError> {
    let wrong = only(r#", "epcList": ["urn:epc:id:sscc:4012345.0000000333"]"#)?;
    let correction = only(
        r#", "epcList": ["urn:epc:id:sscc:4012345.0000000333"], "errorDeclaration":
        {"declarationTime": "2021-01-01T00:00:00Z", "reason": "incorrect_data", "correctiveEventIDs": ["urn:uuid:2"]}"#,
    )?;
    assert_eq!(wrong.hash, correction.hash);
    let declaration = correction.error_declaration.expect("it was declared");
    assert_eq!(declaration.reason.as_deref(), Some("https://ref.gs1.org/cbv/ER-incorrect_data"));
    assert_eq!(declaration.corrective_event_ids, ["urn:uuid:2"]);
    Ok(())
}

#[test]
fn certification_takes_part_in_the_hash_behind_the_time_zone() -> Result<(), Box<dyn std::error::Error>> {
    let prehash = prehashes(document(r#", "certificationInfo": "https://a.example/c""#).as_bytes())?.remove(0);
    assert!(prehash.contains("eventTimeZoneOffset=+01:00certificationInfo=https://a.example/caction=ADD"), "{prehash}");
    Ok(())
}

#[test]
fn extensions_named_in_ignore_fields_do_not_count_and_standard_fields_always_do() -> Result<(), EpcisError> {
    let with = |fields: &str, ignored: &str| {
        let text = document(fields).replace(
            r#""schemaVersion""#,
            &format!(r#""@graph": 0, "repo:ignoreFields": [{ignored}], "schemaVersion""#),
        );
        let text = text.replace(r#"{"ex":"#, r#"{"repo": "https://repository-x.example.com/", "ex":"#);
        parse(text.as_bytes()).map(|document| document.events[0].hash.clone())
    };
    let plain = with("", r#""ex:seen""#)?;
    assert_eq!(with(r#", "ex:seen": 1"#, r#""ex:seen""#)?, plain);
    assert_ne!(with(r#", "ex:seen": 1"#, r#""ex:other""#)?, plain);
    assert_ne!(with(r#", "bizStep": "packing""#, r#""bizStep""#)?, plain);
    Ok(())
}

#[test]
fn blanks_around_an_identifier_do_not_change_a_hash_and_are_refused_where_it_is_captured() -> Result<(), EpcisError> {
    let link = "https://id.gs1.org/01/09521234543213/21/L1";
    for (given, pointer) in [
        (r#", "epcList": [" LINK"]"#, "/epcList/0"),
        (r#", "epcList": ["LINK "]"#, "/epcList/0"),
        (r#", "epcList": ["\tLINK"]"#, "/epcList/0"),
        (r#", "epcList": ["LINK"], "readPoint": {"id": " https://id.gs1.org/414/4012345000054"}"#, "/readPoint/id"),
    ] {
        let given = given.replace("LINK", link);
        let refused = only(&given).map_err(|error| match error {
            EpcisError::Uri { pointer, cause: crate::gs1::DigitalLinkError::NotAUri, .. } => pointer,
            other => other.to_string(),
        });
        let place = refused.err().unwrap_or_default();
        assert!(place.ends_with(pointer), "{given}: {place}");
        let lenient = Limits { check_digits: false, ..Limits::default() };
        let hash = |fields: &str| Ok(parse_with(document(fields).as_bytes(), &lenient)?.events[0].hash.to_string());
        let trimmed: Result<String, EpcisError> =
            hash(&given.replace("\\t", "").replace("\" ", "\"").replace(" \"]", "\"]"));
        assert_eq!(hash(&given)?, trimmed?, "{given}");
    }
    Ok(())
}

#[test]
fn a_single_event_is_a_document_too() -> Result<(), EpcisError> {
    let text = r#"{"@context": "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld", "type": "AggregationEvent",
        "eventTime": "2020-03-04T11:00:30Z", "eventTimeZoneOffset": "+00:00", "action": "DELETE",
        "parentID": "urn:epc:id:sscc:4012345.0000000333", "childEPCs": []}"#;
    let document = parse(text.as_bytes())?;
    let EventBody::Aggregation(body) = &document.events[0].body else { panic!("{document:?}") };
    assert_eq!((body.action, body.children.len()), (Action::Delete, 0));
    Ok(())
}

#[test]
fn broken_events_are_refused_by_name() {
    let table = [
        (r#", "epcList": ["https://id.gs1.org/01/04012345111119/21/1"]"#, "gs1_check_digit"),
        (r#", "epcList": ["urn:epc:id:sgtin:4012345.0111.1"]"#, "epc_form"),
        (r#", "epcList": ["no uri"]"#, "not_a_uri"),
        (r#", "epcList": [1]"#, "epcis_wrong_type"),
        (r#", "epcList": "urn:a:1""#, "epcis_wrong_type"),
        (r#", "bizStep": "teleporting""#, "epcis_unknown_word"),
        (r#", "bizStep": 7"#, "epcis_wrong_type"),
        (r#", "readPoint": "urn:a:1""#, "epcis_wrong_type"),
        (r#", "readPoint": {}"#, "epcis_missing_field"),
        (r#", "quantityList": [{"quantity": 1}]"#, "epcis_missing_field"),
        (r#", "quantityList": [{"epcClass": "urn:a:1", "quantity": -1}]"#, "epcis_quantity"),
        (r#", "quantityList": [{"epcClass": "urn:a:1", "quantity": "many"}]"#, "epcis_quantity"),
        (r#", "sourceList": [{"type": "owning_party"}]"#, "epcis_missing_field"),
        (r#", "sourceList": [{"type": "stealing_party", "source": "urn:a:1"}]"#, "epcis_unknown_word"),
        (r#", "recordTime": "yesterday""#, "epcis_time"),
        (r#", "errorDeclaration": {}"#, "epcis_missing_field"),
        (r#", "action": "ADD""#, "epcis_json"),
    ];
    for (fields, code) in table {
        assert_eq!(only(fields).map(|_| ()).map_err(|error| error.code()), Err(code), "{fields}");
    }
    let changed = [
        ("\"ADD\"", "\"CREATE\"", "epcis_action"),
        ("\"+01:00\"", "\"CET\"", "epcis_time_zone"),
        ("11:00:30+01:00", "11:00:30", "epcis_time"),
        ("ObjectEvent", "QuantityEvent", "epcis_unknown_event_type"),
        ("EPCISDocument", "Invoice", "epcis_not_a_document"),
        ("\"2.0\"", "\"1.2\"", "epcis_schema_version"),
        ("eventList", "events", "epcis_no_events"),
        ("\"action\": \"ADD\"", "\"x\": 1", "epcis_missing_field"),
    ];
    for (from, to, code) in changed {
        let text = document("").replace(from, to);
        assert_eq!(parse(text.as_bytes()).map(|_| ()).map_err(|error| error.code()), Err(code), "{to}");
    }
    let text = document("").replace("ObjectEvent", "AggregationEvent");
    assert_eq!(parse(text.as_bytes()).map_err(|error| error.code()).map(|_| ()), Err("epcis_missing_field"));
}

#[test]
fn bounds_hold() {
    let code = |bytes: &[u8], limits: &Limits| parse_with(bytes, limits).map(|_| ()).map_err(|error| error.code());
    let text = document(r#", "epcList": ["urn:a:1", "urn:a:2"]"#);
    let limits = Limits::default();
    assert_eq!(code(text.as_bytes(), &limits), Ok(()));
    assert_eq!(code(text.as_bytes(), &Limits { bytes_max: 100, ..limits }), Err("epcis_too_large"));
    assert_eq!(code(text.as_bytes(), &Limits { events_max: 0, ..limits }), Err("epcis_too_large"));
    assert_eq!(code(text.as_bytes(), &Limits { list_max: 1, ..limits }), Err("epcis_too_large"));
    assert_eq!(code(text.as_bytes(), &Limits { depth_max: 3, ..limits }), Err("epcis_json"));
    assert_eq!(code(b"\xff", &limits), Err("epcis_not_utf8"));
    assert_eq!(code(b"[]", &limits), Err("epcis_not_a_document"));
    for end in 0..text.len() {
        assert!(parse(&text.as_bytes()[..end]).is_err(), "cut at {end}");
    }
}

#[test]
fn a_wrong_key_is_refused_with_its_place_in_the_document() -> Result<(), Box<dyn std::error::Error>> {
    let place = |bytes: &[u8]| match parse(bytes) {
        Err(EpcisError::Uri { pointer, .. }) => Ok(pointer),
        other => Err(format!("{other:?}")),
    };
    let (good, wrong) = ("https://id.gs1.org/01/09521234543213/21/C1", "https://id.gs1.org/01/09521234543214/21/C1");
    for (fields, pointer) in [
        (format!(r#", "epcList": ["{good}", "{wrong}"]"#), "/epcList/1"),
        (format!(r#", "quantityList": [{{"epcClass": "{wrong}", "quantity": 1}}]"#), "/quantityList/0/epcClass"),
        (format!(r#", "readPoint": {{"id": "{wrong}"}}"#), "/readPoint/id"),
        (format!(r#", "sourceList": [{{"type": "location", "source": "{wrong}"}}]"#), "/sourceList/0/source"),
    ] {
        let document = document(&fields);
        assert_eq!(place(document.as_bytes())?, format!("/epcisBody/eventList/0{pointer}"));
        let (begin, end) = (document.find("[\n        {").ok_or("no list")?, document.rfind("]}}").ok_or("no end")?);
        assert_eq!(place(&document.as_bytes()[begin + 1..end])?, pointer);
    }
    Ok(())
}
