//! What the index answers, in the document.

use serde_json::{Value, json};
use trade_index::Resource;

use super::components::{Components, capitals};
use crate::index::{ListAnswer, ListedRow};

/// A page of a list: the common form, with the fields that this list's records have. None is required, as a caller may
/// ask for some of them.
pub(super) fn page(operation: &str, resource: &Resource, components: &mut Components) -> Value {
    let name = capitals(operation);
    let properties = resource.properties(&mut components.generator);
    let record =
        json!({"description": "A record; with `fields` only these of it.", "type": "object", "properties": properties});
    let mut row = components.inline::<ListedRow>();
    row["properties"]["record"] = components.name(format!("{name}Record"), record);
    let mut page = components.inline::<ListAnswer>();
    page["properties"]["rows"]["items"] = components.name(format!("{name}Row"), row);
    components.name(format!("{name}Page"), page)
}

/// An answer as it looks, with no field of the record.
pub(super) fn example(resource: &Resource) -> Value {
    let part = |name: &&str| match *name {
        "party" | "holder" | "bank" | "from" | "to" | "company" | "proposer" | "organization" => "ExporterMSP",
        "number" | "version" => "0000000001",
        _ => "1",
    };
    let id: Vec<&str> = resource.key.iter().map(part).collect();
    json!({
        "rows": [{"id": id.join("/"), "record": {}, "changed": {"block": 12, "place": 0}}],
        "as_of": {"organization": "ExporterMSP", "block": 40},
    })
}

/// By what a list can be sorted.
pub(super) fn orders(resource: &Resource) -> Vec<String> {
    let columns = resource.columns.iter().map(|column| column.name);
    columns.chain(["id", "changed"]).flat_map(|name| [name.to_owned(), format!("-{name}")]).collect()
}
