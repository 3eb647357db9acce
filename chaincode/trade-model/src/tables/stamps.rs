//! Where stamps stand in the records of a table, as its JSON Schema tells: no record type can be forgotten, and content
//! of others that only looks like a stamp is none.

use serde_json::{Map, Value};

/// The definition of a stamp.
const STAMP: &str = "#/$defs/Stamp";
const DEFINITIONS: &str = "#/$defs/";

/// One step into a value.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    /// Into the field of an object.
    Field(String),
    /// Into each element of a list, or each value of a map.
    Each,
}

/// The way from a record to a stamp in it, or to several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StampPath(Vec<Step>);

impl StampPath {
    /// The stamps at this place.
    pub(super) fn find<'v>(&self, record: &'v Value) -> Vec<&'v Value> {
        let mut found = vec![record];
        for step in &self.0 {
            found = found.into_iter().flat_map(|value| taken(step, value)).collect();
        }
        found.retain(|value| value.is_object());
        found
    }
}

fn taken<'v>(step: &Step, value: &'v Value) -> Vec<&'v Value> {
    match (step, value) {
        (Step::Field(name), Value::Object(fields)) => fields.get(name).into_iter().collect(),
        (Step::Each, Value::Array(elements)) => elements.iter().collect(),
        (Step::Each, Value::Object(fields)) => fields.values().collect(),
        _ => Vec::new(),
    }
}

/// All ways to stamps in values of a schema.
pub(super) fn paths(schema: &Value, definitions: &Map<String, Value>) -> Vec<StampPath> {
    let mut walk = Walk { definitions, open: Vec::new(), way: Vec::new(), found: Vec::new() };
    walk.enter(schema);
    let mut found = walk.found;
    found.dedup();
    found
}

struct Walk<'d> {
    definitions: &'d Map<String, Value>,
    /// Definitions that are being looked into. A stamp deeper in a type that holds itself is found no second time.
    open: Vec<&'d str>,
    way: Vec<Step>,
    found: Vec<StampPath>,
}

impl<'d> Walk<'d> {
    fn enter(&mut self, schema: &Value) {
        if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
            self.follow(target);
        }
        for (name, field) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
            self.step(Step::Field(name.clone()), field);
        }
        for word in ["items", "additionalProperties"] {
            schema.get(word).into_iter().for_each(|each| self.step(Step::Each, each));
        }
        for word in ["anyOf", "oneOf", "allOf"] {
            let options = schema.get(word).and_then(Value::as_array);
            options.into_iter().flatten().for_each(|option| self.enter(option));
        }
        let tuple = schema.get("prefixItems").and_then(Value::as_array);
        tuple.into_iter().flatten().for_each(|part| self.step(Step::Each, part));
    }

    fn step(&mut self, step: Step, schema: &Value) {
        self.way.push(step);
        self.enter(schema);
        self.way.pop();
    }

    fn follow(&mut self, target: &str) {
        if target == STAMP {
            self.found.push(StampPath(self.way.clone()));
            return;
        }
        let known = target.strip_prefix(DEFINITIONS).and_then(|name| self.definitions.get_key_value(name));
        let Some((name, schema)) = known.filter(|(name, _)| !self.open.contains(&name.as_str())) else { return };
        self.open.push(name);
        self.enter(schema);
        self.open.pop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn stamps_are_found_in_options_lists_and_variants_and_nowhere_else() {
        let definitions = json!({
            "Stamp": { "type": "object" },
            "Step": { "properties": { "done": { "$ref": STAMP }, "within": { "$ref": "#/$defs/Step" } } },
        });
        let schema = json!({
            "properties": {
                "made": { "$ref": STAMP },
                "ended": { "anyOf": [{ "$ref": STAMP }, { "type": "null" }] },
                "steps": { "items": { "$ref": "#/$defs/Step" } },
                "content": true,
            },
        });
        let paths = paths(&schema, definitions.as_object().expect("definitions"));
        let record = json!({
            "made": { "n": 1 }, "ended": null, "steps": [{ "done": { "n": 2 } }, { "done": { "n": 3 } }],
            "content": { "made": { "n": 4 } },
        });
        let mut found: Vec<&Value> = paths.iter().flat_map(|path| path.find(&record)).collect();
        found.sort_by_key(|stamp| stamp["n"].as_u64());
        assert_eq!(found, [&json!({ "n": 1 }), &json!({ "n": 2 }), &json!({ "n": 3 })]);
    }
}
