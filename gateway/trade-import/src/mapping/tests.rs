use std::ops::ControlFlow;

use serde_json::{Value, json};

use super::{Mapping, MappingFault, Plan};
use crate::{Format, Limits, Options, RowFault, Template};

/// A deposit of evidence, as such requests look.
fn schema() -> (Value, Value) {
    let schema = json!({
        "type": "object",
        "required": ["sha256", "kind", "item"],
        "additionalProperties": false,
        "properties": {
            "sha256": {"$ref": "#/$defs/Digest"},
            "kind": {"oneOf": [{"const": "invoice", "type": "string"}, {"const": "photo", "type": "string"}]},
            "size_bytes": {"type": ["integer", "null"]},
            "is_final": {"type": "boolean"},
            "item": {"$ref": "#/$defs/Item"},
            "subjects": {"type": "array", "items": {"oneOf": [
                {
                    "type": "object", "required": ["kind", "item"],
                    "properties": {"kind": {"const": "item", "type": "string"}, "item": {"type": "string"}},
                },
                {
                    "type": "object", "required": ["kind", "lot"],
                    "properties": {"kind": {"const": "lot", "type": "string"}, "lot": {"type": "string"}},
                },
            ]}},
        },
    });
    let definitions = json!({
        "Digest": {"type": "string", "examples": ["e3b0"]},
        "Item": {"type": "object", "required": ["gtin"], "properties": {
            "gtin": {"type": "string"},
            "lot": {"anyOf": [{"$ref": "#/$defs/Digest"}, {"type": "null"}]},
        }},
    });
    (schema, definitions)
}

fn mapping(fields: Value) -> Mapping {
    serde_json::from_value(json!({"target": "POST /v1/evidence", "fields": fields})).expect("a mapping")
}

fn planned(fields: Value) -> Result<Plan, Vec<MappingFault>> {
    let (schema, definitions) = schema();
    mapping(fields).plan(&schema, &definitions)
}

fn usable() -> Value {
    json!([
        {"field": "sha256", "column": "Digest"},
        {"field": "kind", "constant": "invoice"},
        {"field": "/item/gtin", "column": "gtin", "convert": [{"kind": "gtin"}]},
        {"field": "/item/lot", "column": "Lot", "optional": true},
        {"field": "size_bytes", "column": "Size", "optional": true},
        {"field": "is_final", "column": "Final", "optional": true},
        {"field": "/subjects/0/kind", "constant": "lot"},
        {"field": "/subjects/0/lot", "column": "Subject"},
    ])
}

fn requests(csv: &str) -> Vec<Result<Value, Vec<RowFault>>> {
    let plan = planned(usable()).expect("a mapping that fits");
    let mut requests = Vec::new();
    crate::read(Format::Csv, csv.as_bytes(), &Options::default(), &Limits::default(), &mut |row| {
        requests.push(plan.bind(&row.header).and_then(|bound| bound.request(&row)));
        ControlFlow::Continue(())
    })
    .expect("a table");
    requests
}

#[test]
fn each_row_becomes_a_request_or_says_all_that_is_wrong_with_it() {
    let table = "digest;GTIN;Lot;Size;FINAL;Subject\nab;9506000134352;;12;true;L1\n;9506000134353;x;1.5;maybe;L2\n";
    let requests = requests(table);
    let expected = json!({
        "sha256": "ab", "kind": "invoice", "item": {"gtin": "09506000134352"}, "size_bytes": 12, "is_final": true,
        "subjects": [{"kind": "lot", "lot": "L1"}],
    });
    assert_eq!(requests[0], Ok(expected));
    let faults = requests[1].as_ref().expect_err("faults");
    let told: Vec<_> = faults.iter().map(|fault| (fault.column.as_deref(), fault.code.as_str())).collect();
    assert_eq!(
        told,
        [
            (Some("digest"), "import.cell_missing"),
            (Some("GTIN"), "import.check_digit"),
            (Some("Size"), "import.whole_number_malformed"),
            (Some("FINAL"), "import.flag_malformed"),
        ]
    );
}

#[test]
fn columns_that_are_not_there_or_there_twice_are_named() {
    let told = |table: &str| {
        let faults = requests(table).remove(0).expect_err("faults");
        faults
            .into_iter()
            .map(|fault| format!("{} {}", fault.code, fault.column.unwrap_or_default()))
            .collect::<Vec<_>>()
    };
    assert_eq!(told("Digest,GTIN\na,b\n"), ["import.column_missing Subject"]);
    assert_eq!(
        told("digest,DIGEST,GTIN,subject,SUBJECT\na,b,c,d,e\n"),
        ["import.column_ambiguous Digest", "import.column_ambiguous Subject"]
    );
}

#[test]
fn all_faults_of_a_mapping_are_named_with_their_places_at_once() {
    let faults = planned(json!([
        {"field": "sha265", "column": "Digest"},
        {"field": "kind", "constant": 7},
        {"field": "size_bytes", "column": "Size", "constant": 1},
        {"field": "is_final", "column": "Final", "convert": [{"kind": "date", "format": "DD"}]},
        {"field": "item", "column": "Item"},
        {"field": "/subjects/0/kind", "constant": "lot"},
        {"field": "/subjects/0/lot", "column": "Lot"},
        {"field": "/subjects/0/lot", "column": "Lot"},
    ]));
    let faults = faults.expect_err("faults");
    let told: Vec<String> = faults.iter().map(|fault| format!("{} {}", fault.place, fault.code)).collect();
    assert_eq!(
        told,
        [
            "/fields/0/field mapping.field_unknown",
            "/fields/1 mapping.kind",
            "/fields/2 mapping.source",
            "/fields/3/convert/0 mapping.conversion",
            "/fields/4 mapping.kind",
            "/fields/7/field mapping.field_twice",
            "/fields mapping.field_missing",
            "/fields mapping.field_missing",
            "/fields mapping.field_missing",
        ]
    );
    let nested = planned(json!([
        {"field": "sha256", "column": "Digest", "optional": true},
        {"field": "kind", "constant": "photo"},
        {"field": "/item/lot", "column": "Lot"},
        {"field": "/subjects/0/lot", "column": "Lot"},
    ]));
    let told: Vec<String> = nested.expect_err("faults").iter().map(|fault| fault.detail.clone()).collect();
    assert_eq!(
        told,
        [
            "The request needs /sha256, so it is not optional.",
            "The request needs /item/gtin.",
            "The request needs /subjects/0/kind.",
        ]
    );
}

#[test]
fn a_mapping_is_no_longer_than_its_form_says() {
    let trim = |count: usize| vec![json!({"kind": "trim"}); count];
    let told = |column: &str, steps: usize| {
        let mut fields = usable();
        fields[0] = json!({"field": "sha256", "column": column, "convert": trim(steps)});
        let faults = planned(fields).err().unwrap_or_default();
        faults.iter().map(|fault| format!("{} {}", fault.place, fault.code)).collect::<Vec<_>>()
    };
    assert_eq!(told(&"x".repeat(1_000), 10), Vec::<String>::new());
    assert_eq!(
        told(&"x".repeat(1_001), 11),
        [
            "/fields/0/column mapping.name_length",
            "/fields/0/convert mapping.steps_count",
            "/fields mapping.field_missing",
        ]
    );
    assert_eq!(told("", 0)[0], "/fields/0/column mapping.name_length");
}

#[test]
fn a_template_is_read_by_its_own_mapping_into_the_example_it_was_made_of() {
    let (schema, definitions) = schema();
    let example = json!({"sha256": "e3b0", "kind": "photo", "item": {"gtin": "9506000134352"}});
    let template = Template::of(&schema, &definitions, &example);
    assert_eq!(
        template.csv(),
        "item/gtin,kind,sha256,is_final,item/lot,size_bytes\r\n9506000134352,photo,e3b0,,e3b0,\r\n"
    );
    let plan = template.mapping("depositEvidence").plan(&schema, &definitions).expect("it fits");
    let mut read = Vec::new();
    crate::read(Format::Csv, template.csv().as_bytes(), &Options::default(), &Limits::default(), &mut |row| {
        read.push(plan.bind(&row.header).and_then(|bound| bound.request(&row)));
        ControlFlow::Continue(())
    })
    .expect("a table");
    let mut expected = example;
    expected["item"]["lot"] = json!("e3b0");
    assert_eq!(read, [Ok(expected)]);
}
