//! Examples of bodies: composed of the examples that the model's types have, and two documents of other standards.

use serde_json::{Map, Value, json};

use super::schema::referred;
use crate::problem::{Problem, ProblemCode};

/// Deepest nesting that an example shows.
const DEPTH_MAX: u32 = 12;

/// A value that has the schema, with the fields that must be there and no others.
pub(super) fn of(schema: &Value, schemas: &Map<String, Value>) -> Value {
    compose(schema, schemas, 0)
}

fn compose(schema: &Value, schemas: &Map<String, Value>, depth: u32) -> Value {
    if depth > DEPTH_MAX {
        return Value::Null;
    }
    if let Some(name) = referred(schema) {
        return schemas.get(name).map_or(Value::Null, |schema| compose(schema, schemas, depth + 1));
    }
    let given = [&schema["examples"][0], &schema["const"], &schema["enum"][0], &schema["default"]];
    if let Some(value) = given.into_iter().find(|value| !value.is_null()) {
        return value.clone();
    }
    for choice in ["oneOf", "anyOf"] {
        if let Some(first) = schema[choice].get(0) {
            return compose(first, schemas, depth + 1);
        }
    }
    match schema["type"].as_str() {
        Some("object") => object(schema, schemas, depth),
        Some("array") if schema["minItems"].as_u64().is_some_and(|least| least > 0) => {
            json!([compose(&schema["items"], schemas, depth + 1)])
        }
        Some("array") => json!([]),
        Some("integer") => schema["minimum"].as_u64().unwrap_or(0).max(1).into(),
        Some("boolean") => true.into(),
        Some("string") => text(schema),
        _ => json!({}),
    }
}

fn object(schema: &Value, schemas: &Map<String, Value>, depth: u32) -> Value {
    let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let field = |name: &str| (name.to_owned(), compose(&schema["properties"][name], schemas, depth + 1));
    Value::Object(required.map(field).collect())
}

fn text(schema: &Value) -> Value {
    let text = match schema["format"].as_str() {
        Some("date-time") => "2026-11-02T09:30:00Z",
        Some("date") => "2026-11-02",
        _ => "as agreed",
    };
    let most = schema["maxLength"].as_u64().and_then(|most| usize::try_from(most).ok()).unwrap_or(usize::MAX);
    text.chars().take(most).collect::<String>().into()
}

/// A problem as it looks.
pub(super) fn problem() -> Value {
    let problem =
        Problem::of(ProblemCode::ParameterInvalid).with_field("limit", "must be a whole number from 1 to 200");
    json!(problem)
}

/// The schema of what `item:Capture` takes. An EPCIS document has a schema of its own, which GS1 publishes; here stands
/// what every reader can rely on.
pub(super) fn epcis_document() -> Value {
    json!({
        "description": "An EPCIS 2.0 document in JSON: an `EPCISDocument`, an `EPCISQueryDocument` or a single event.",
        "type": "object",
        "required": ["type"],
        "properties": {
            "type": {"type": "string", "minLength": 1, "maxLength": 100, "description": "What it is, such as `EPCISDocument`."},
            "epcisBody": {"type": "object", "description": "The events.", "additionalProperties": {}},
        },
        "additionalProperties": {},
        "examples": [{
            "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
            "type": "EPCISDocument",
            "schemaVersion": "2.0",
            "creationDate": "2026-11-02T09:30:00Z",
            "epcisBody": {"eventList": [{
                "type": "ObjectEvent",
                "eventTime": "2026-11-02T08:00:00Z",
                "eventTimeZoneOffset": "+00:00",
                "epcList": ["https://id.gs1.org/01/09521234543213/21/4711"],
                "action": "ADD",
                "bizStep": "commissioning",
                "disposition": "active",
                "readPoint": {"id": "https://id.gs1.org/414/9521234000006"},
            }]},
        }],
    })
}

/// A notification of a bank about one payment.
pub(super) const BANK_STATEMENT: &str = "\
<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.054.001.08\"><BkToCstmrDbtCdtNtfctn>\
<GrpHdr><MsgId>NTF-1</MsgId><CreDtTm>2026-11-02T07:00:00Z</CreDtTm></GrpHdr>\
<Ntfctn><Id>NTF-1-1</Id><Acct><Id><IBAN>DE89370400440532013000</IBAN></Id><Ccy>EUR</Ccy></Acct>\
<Ntry><Amt Ccy=\"EUR\">12845.50</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>\
<BookgDt><Dt>2026-11-02</Dt></BookgDt><AcctSvcrRef>REF-1</AcctSvcrRef>\
<NtryDtls><TxDtls><Refs><EndToEndId>INV-2026-311</EndToEndId></Refs></TxDtls></NtryDtls></Ntry>\
</Ntfctn></BkToCstmrDbtCdtNtfctn></Document>";
