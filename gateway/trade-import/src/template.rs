//! A table to begin with: the columns that a request has, an example of a row, and the mapping that reads it.

use serde_json::Value;

use crate::{
    Conversion,
    mapping::{FieldMapping, Kind, Mapping, Node},
    pointer,
    report::report_line,
};

/// Deepest nesting that columns show.
const DEPTH_MAX: usize = 8;

/// The columns of a request, one for each field that a cell can fill. A column is called after its field; inside of
/// objects and lists, after its place, such as `subjects/0/item`.
#[derive(Debug, Clone, PartialEq)]
pub struct Template {
    columns: Vec<Column>,
}

#[derive(Debug, Clone, PartialEq)]
struct Column {
    steps: Vec<String>,
    example: String,
    optional: bool,
    is_text: bool,
}

impl Template {
    /// The columns for a request with this schema; `example` is a request as it looks, with what must be there.
    #[must_use]
    pub fn of(schema: &Value, definitions: &Value, example: &Value) -> Self {
        let mut columns = Vec::new();
        collect(Node::new(schema, definitions), example, &mut Vec::new(), false, &mut columns);
        // What must be there first; the rest as the schema has it.
        columns.sort_by_key(|column| column.optional);
        Self { columns }
    }

    /// The table: a header and one row, CSV.
    #[must_use]
    pub fn csv(&self) -> String {
        let names: Vec<String> = self.columns.iter().map(|column| column.steps.join("/")).collect();
        let cells: Vec<&str> = self.columns.iter().map(|column| column.example.as_str()).collect();
        report_line(&names) + &report_line(&cells)
    }

    /// The mapping that reads such a table.
    #[must_use]
    pub fn mapping(&self, target: &str) -> Mapping {
        let field = |column: &Column| FieldMapping {
            field: pointer::text(&column.steps),
            column: Some(column.steps.join("/")),
            constant: None,
            optional: column.optional,
            convert: if column.is_text { vec![Conversion::Trim {}] } else { Vec::new() },
        };
        Mapping { target: target.to_owned(), in_order: false, fields: self.columns.iter().map(field).collect() }
    }
}

fn collect(node: Node<'_>, example: &Value, steps: &mut Vec<String>, optional: bool, columns: &mut Vec<Column>) {
    let options = node.options();
    // Of a choice, the form that the example has; one that is not in the example is left to a mapping of one's own.
    let fits = |option: &&Node<'_>| match example {
        Value::Object(fields) => {
            fields.keys().all(|name| option.property(name).is_some())
                && option.required().all(|name| fields.contains_key(name))
        }
        _ => true,
    };
    let option = match options.as_slice() {
        [only] => *only,
        several => match several.iter().find(fits) {
            Some(option) => *option,
            None => return,
        },
    };
    match (option.properties(), example) {
        _ if steps.len() >= DEPTH_MAX => {}
        (Some(properties), _) if !optional || example.is_object() || steps.is_empty() => {
            let required: Vec<&str> = option.required().collect();
            for (name, schema) in properties {
                let optional = optional || !required.contains(&name.as_str());
                steps.push(name.clone());
                let next = option.property(name).unwrap_or_else(|| Node::new(schema, &Value::Null));
                collect(next, &example[name.as_str()], steps, optional, columns);
                steps.pop();
            }
        }
        (Some(_), _) => {}
        (None, Value::Array(list)) => {
            for (place, one) in list.iter().enumerate() {
                steps.push(place.to_string());
                collect(option.items(), one, steps, optional, columns);
                steps.pop();
            }
        }
        (None, _) => columns.extend(column(option, example, steps, optional)),
    }
}

fn column(node: Node<'_>, example: &Value, steps: &[String], optional: bool) -> Option<Column> {
    let kind = node.kind();
    if !matches!(kind, Kind::Text | Kind::Integer | Kind::Flag) {
        return None;
    }
    let example = if example.is_null() { node.example().unwrap_or(&Value::Null) } else { example };
    let example = match example {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    Some(Column { steps: steps.to_vec(), example, optional, is_text: kind == Kind::Text })
}
