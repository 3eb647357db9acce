//! The files of imports in the document.

use serde_json::{Map, Value, json};

use super::{components::Components, examples};
use crate::{
    imports::{ImportView, MappingView, XLSX},
    routes::Action,
};

/// The forms in which a file is sent; documents are only imported, and not previewed.
pub(super) fn files(documents: bool) -> Value {
    let bytes = |description: &str| json!({"type": "string", "format": "binary", "description": description});
    let mut forms = Map::new();
    forms.insert(
        "text/csv".to_owned(),
        json!({"schema": bytes("The first line is the header"), "example": "Digest,Kind\r\n4f2a,photo\r\n"}),
    );
    forms.insert(
        "application/x-ndjson".to_owned(),
        json!({"schema": bytes("One JSON object a line"), "example": "{\"Digest\":\"4f2a\",\"Kind\":\"photo\"}\n"}),
    );
    forms
        .insert(XLSX.to_owned(), json!({"schema": bytes("A workbook; its first row that is not empty is the header")}));
    // Bytes, because an XML document says its encoding itself.
    let message =
        bytes("A bank message of ISO 20022 (camt.052, camt.053, camt.054, pain.001, pacs.008): each payment is a row");
    forms.insert("application/xml".to_owned(), json!({"schema": message, "example": examples::BANK_STATEMENT}));
    if documents {
        let mut document = examples::epcis_document();
        let example = document["examples"][0].take();
        let schema = json!({"type": "object", "description": "An EPCIS 2.0 document in JSON: each event is a row"});
        forms.insert("application/ld+json".to_owned(), json!({"schema": schema, "example": example}));
    }
    forms.into()
}

/// What is answered: status, description and content.
pub(super) fn answers(action: &Action, components: &mut Components) -> Vec<(&'static str, &'static str, Value)> {
    let of = |schema: Value| json!({"application/json": {"schema": schema}});
    match action {
        Action::StartImport => {
            let view = of(components.of::<ImportView>());
            vec![
                ("200", "The file is known: rows that failed wait again", view.clone()),
                ("202", "Its rows wait", view),
            ]
        }
        Action::PutMapping => {
            let view = of(components.of::<MappingView>());
            vec![("200", "It is the newest version already", view.clone()), ("201", "A new version", view)]
        }
        _ => vec![("200", "The table", table(action))],
    }
}

fn table(action: &Action) -> Value {
    let example = match action {
        Action::ImportReport => {
            "Digest,import line,import code,import reason\r\nxyz,2,import.cell_missing,Kind: The cell is empty.\r\n"
        }
        _ => "gtin,from,to\r\n09521234543213,1,1000\r\n",
    };
    json!({"text/csv": {"schema": {"type": "string", "description": "CSV (RFC 4180)"}, "example": example}})
}
