//! What a JSON Schema says about a place in a request.

use serde_json::{Map, Value};

/// Deepest chain of references that is followed.
const REFERENCES_MAX: usize = 20;

/// A schema, with the definitions to which it refers.
#[derive(Clone, Copy)]
pub(crate) struct Node<'a> {
    schema: &'a Value,
    definitions: &'a Value,
}

/// What may stand at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Integer,
    Flag,
    /// The schema does not say.
    Any,
    Object,
    List,
}

impl<'a> Node<'a> {
    pub(crate) fn new(schema: &'a Value, definitions: &'a Value) -> Self {
        Self { schema, definitions }.followed()
    }

    fn of(self, schema: &'a Value) -> Self {
        Self { schema, ..self }.followed()
    }

    /// The schema behind references, and behind a choice between it and `null`.
    fn followed(mut self) -> Self {
        for _ in 0..REFERENCES_MAX {
            let name = self.schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next());
            if let Some(found) = name.and_then(|name| self.definitions.get(name)) {
                self.schema = found;
                continue;
            }
            let options = self.schema["anyOf"].as_array();
            let mut values = options.into_iter().flatten().filter(|option| option["type"] != "null");
            match (values.next(), values.next()) {
                (Some(only), None) => self.schema = only,
                _ => break,
            }
        }
        self
    }

    /// The forms that the value may have.
    pub(crate) fn options(self) -> Vec<Self> {
        let choice = ["oneOf", "anyOf"].into_iter().find_map(|word| self.schema[word].as_array());
        match choice {
            None => vec![self],
            Some(options) => options.iter().map(|option| self.of(option)).collect(),
        }
    }

    pub(crate) fn kind(self) -> Kind {
        let named = match &self.schema["type"] {
            Value::String(name) => Some(name.as_str()),
            Value::Array(names) => names.iter().filter_map(Value::as_str).find(|name| *name != "null"),
            _ => None,
        };
        match named {
            Some("string") => Kind::Text,
            Some("integer") => Kind::Integer,
            Some("boolean") => Kind::Flag,
            Some("object") => Kind::Object,
            Some("array") => Kind::List,
            _ if self.schema["properties"].is_object() => Kind::Object,
            _ if self.schema["enum"].is_array() || self.schema["const"].is_string() => Kind::Text,
            _ => {
                let mut kinds =
                    self.options().into_iter().filter(|option| option.schema != self.schema).map(Self::kind);
                kinds.next().filter(|first| kinds.all(|kind| kind == *first)).unwrap_or(Kind::Any)
            }
        }
    }

    /// The fields of an object, where they are named.
    pub(crate) fn properties(self) -> Option<&'a Map<String, Value>> {
        self.schema["properties"].as_object()
    }

    pub(crate) fn property(self, name: &str) -> Option<Self> {
        let named = self.properties().and_then(|properties| properties.get(name));
        let other = || {
            let others = self.schema.get("additionalProperties");
            // Without `properties` and without a word about others, anything may stand there.
            let open = self.properties().is_none().then_some(&Value::Null);
            others.filter(|others| **others != Value::Bool(false)).or(open)
        };
        named.or_else(other).map(|schema| self.of(schema))
    }

    pub(crate) fn items(self) -> Self {
        self.of(&self.schema["items"])
    }

    pub(crate) fn required(self) -> impl Iterator<Item = &'a str> {
        self.schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str)
    }

    /// An example of the value: its own, or the only one that it may have.
    pub(crate) fn example(self) -> Option<&'a Value> {
        [&self.schema["examples"][0], &self.schema["const"], &self.schema["enum"][0]]
            .into_iter()
            .find(|value| !value.is_null())
    }
}
