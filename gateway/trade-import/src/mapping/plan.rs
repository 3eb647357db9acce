//! A mapping that fits its request, and a plan that fits a file.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{
    declared::{FIELDS_MAX, FieldMapping, Mapping, MappingFault, NAME_MAX, STEPS_MAX},
    schema::{Kind, Node},
};
use crate::{
    Cell, Conversion, Header, Row, RowFault,
    convert::{convert, number_for_text},
    header::NotFound,
    pointer,
};

/// A mapping that fits the schema of its request.
#[derive(Debug, Clone)]
pub struct Plan {
    fields: Vec<Planned>,
}

#[derive(Debug, Clone)]
struct Planned {
    steps: Vec<String>,
    /// Which steps lead into a list.
    lists: Vec<bool>,
    kind: Kind,
    source: Source,
    optional: bool,
    convert: Vec<Conversion>,
}

#[derive(Debug, Clone)]
enum Source {
    Column(String),
    Constant(Value),
}

/// A plan whose columns are found in a header.
#[derive(Debug, Clone)]
pub struct Bound<'a> {
    plan: &'a Plan,
    /// Where the column of each field stands.
    places: Vec<Option<usize>>,
}

impl Mapping {
    /// Checks the mapping against the JSON Schema of the request, in which `$ref` leads into `definitions`.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn plan(&self, schema: &Value, definitions: &Value) -> Result<Plan, Vec<MappingFault>> {
        plan(self, &Node::new(schema, definitions))
    }
}

pub(super) fn plan(mapping: &Mapping, schema: &Node<'_>) -> Result<Plan, Vec<MappingFault>> {
    let mut faults = Vec::new();
    if mapping.fields.is_empty() || mapping.fields.len() > FIELDS_MAX {
        faults.push(MappingFault::new("/fields", "fields_count", format!("A mapping has 1 to {FIELDS_MAX} fields.")));
    }
    let mut fields: Vec<(usize, Planned)> = Vec::new();
    for (number, field) in mapping.fields.iter().enumerate() {
        match planned(field, &format!("/fields/{number}"), *schema) {
            Ok(planned) => fields.push((number, planned)),
            Err(found) => faults.extend(found),
        }
    }
    for (place, (number, field)) in fields.iter().enumerate() {
        let other = fields[..place].iter().find(|(_, other)| overlap(&other.steps, &field.steps));
        if let Some((other, _)) = other {
            let detail = format!("It is filled by /fields/{other} as well.");
            faults.push(MappingFault::new(format!("/fields/{number}/field"), "field_twice", detail));
        }
    }
    let always: Vec<&Planned> = fields.iter().map(|(_, field)| field).collect();
    missing(*schema, &[], &always, &mut faults);
    if faults.is_empty() {
        Ok(Plan { fields: fields.into_iter().map(|(_, field)| field).collect() })
    } else {
        Err(faults)
    }
}

/// Whether one of two places is inside the other.
fn overlap(one: &[String], other: &[String]) -> bool {
    one.iter().zip(other).all(|(one, other)| one == other)
}

fn planned(field: &FieldMapping, place: &str, schema: Node<'_>) -> Result<Planned, Vec<MappingFault>> {
    let mut faults = too_long(field, place);
    let at = |part: &str| format!("{place}/{part}");
    for (number, step) in field.convert.iter().enumerate() {
        if let Some(flaw) = step.flaw() {
            faults.push(MappingFault::new(at(&format!("convert/{number}")), "conversion", format!("It {flaw}.")));
        }
    }
    let source = match (&field.column, &field.constant) {
        (Some(column), None) => Some(Source::Column(column.clone())),
        (None, Some(constant)) if field.convert.is_empty() && !field.optional => {
            Some(Source::Constant(constant.clone()))
        }
        (None, Some(_)) => {
            faults.push(MappingFault::new(place, "constant", "A constant is neither converted nor optional."));
            None
        }
        _ => {
            faults.push(MappingFault::new(place, "source", "It names a column or a constant, and not both."));
            None
        }
    };
    let found = pointer::steps(&field.field).and_then(|steps| Some((reach(schema, &steps)?, steps)));
    if found.is_none() {
        faults.push(MappingFault::new(at("field"), "field_unknown", "The request has no such field."));
    }
    let (Some((reached, steps)), Some(source)) = (found, source) else { return Err(faults) };
    if let Some(fault) = unfit(&source, reached.kind, place) {
        faults.push(fault);
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    let (optional, convert) = (field.optional, field.convert.clone());
    Ok(Planned { steps, lists: reached.lists, kind: reached.kind, source, optional, convert })
}

/// What is longer than the form of a mapping says.
fn too_long(field: &FieldMapping, place: &str) -> Vec<MappingFault> {
    let is_wrong = |name: &str| name.is_empty() || name.chars().count() > NAME_MAX;
    let names = [("field", Some(&field.field)), ("column", field.column.as_ref())];
    let mut faults: Vec<_> = names
        .into_iter()
        .filter(|(_, name)| name.is_some_and(|name| is_wrong(name)))
        .map(|(part, _)| {
            let detail = format!("It has not 1 to {NAME_MAX} characters.");
            MappingFault::new(format!("{place}/{part}"), "name_length", detail)
        })
        .collect();
    if field.convert.len() > STEPS_MAX {
        let detail = format!("It has more than {STEPS_MAX} steps.");
        faults.push(MappingFault::new(format!("{place}/convert"), "steps_count", detail));
    }
    faults
}

fn unfit(source: &Source, kind: Kind, place: &str) -> Option<MappingFault> {
    let wrong = |detail: &str| Some(MappingFault::new(place, "kind", detail));
    match (source, kind) {
        (Source::Column(_), Kind::Object | Kind::List) => {
            wrong("It is an object or a list, which no cell fills; name its parts.")
        }
        (Source::Constant(Value::String(_)), Kind::Text | Kind::Any) => None,
        (Source::Constant(Value::Number(_)), Kind::Integer | Kind::Any) => None,
        (Source::Constant(Value::Bool(_)), Kind::Flag | Kind::Any) => None,
        (Source::Constant(Value::Object(_)), Kind::Object | Kind::Any) => None,
        (Source::Constant(Value::Array(_)), Kind::List | Kind::Any) => None,
        (Source::Constant(_), _) => wrong("The constant is of another kind than the field."),
        (Source::Column(_), _) => None,
    }
}

struct Reached {
    kind: Kind,
    lists: Vec<bool>,
}

/// What the schema says at the end of these steps; none where they lead nowhere.
fn reach(schema: Node<'_>, steps: &[String]) -> Option<Reached> {
    let Some((step, rest)) = steps.split_first() else {
        return Some(Reached { kind: schema.kind(), lists: Vec::new() });
    };
    schema.options().into_iter().find_map(|option| {
        let place = step.parse::<usize>().ok().filter(|place| *place < FIELDS_MAX);
        let (next, is_list) = match option.kind() {
            Kind::List => (place.map(|_| option.items()), true),
            Kind::Object => (option.property(step), false),
            Kind::Any => (option.property(step), place.is_some()),
            _ => (None, false),
        };
        let mut reached = reach(next?, rest)?;
        reached.lists.insert(0, is_list);
        Some(reached)
    })
}

/// Names what a request must have and the mapping does not fill, or only sometimes.
fn missing(schema: Node<'_>, place: &[&str], fields: &[&Planned], faults: &mut Vec<MappingFault>) {
    let depth = place.len();
    let below = |name: &str| -> Vec<&Planned> {
        fields.iter().copied().filter(|field| field.steps.get(depth).is_some_and(|step| step == name)).collect()
    };
    let mut names: Vec<&str> = fields.iter().filter_map(|field| field.steps.get(depth)).map(String::as_str).collect();
    names.sort_unstable();
    names.dedup();
    let options: Vec<_> = schema
        .options()
        .into_iter()
        .filter(|option| {
            names.iter().all(|name| matches!(option.kind(), Kind::List) || option.property(name).is_some())
        })
        .collect();
    let Some(option) = options.first().copied().filter(|_| options.len() == 1) else { return };
    if option.kind() == Kind::Object {
        for name in option.required() {
            let own = below(name);
            let text = pointer::text(&[place, &[name]].concat());
            if own.is_empty() {
                faults.push(MappingFault::new("/fields", "field_missing", format!("The request needs {text}.")));
            } else if depth == 0 && own.iter().all(|field| field.optional) {
                let detail = format!("The request needs {text}, so it is not optional.");
                faults.push(MappingFault::new("/fields", "field_optional", detail));
            }
        }
    }
    for name in names {
        let own = below(name);
        if own.iter().any(|field| field.steps.len() == depth + 1) {
            continue;
        }
        let next = if option.kind() == Kind::List { Some(option.items()) } else { option.property(name) };
        if let Some(next) = next {
            missing(next, &[place, &[name]].concat(), &own, faults);
        }
    }
}

impl Plan {
    /// Finds the columns in a header.
    ///
    /// # Errors
    /// Columns that are not there, or of which there are several.
    pub fn bind(&self, header: &Header) -> Result<Bound<'_>, Vec<RowFault>> {
        let mut faults = Vec::new();
        let mut places = Vec::new();
        for field in &self.fields {
            let Source::Column(name) = &field.source else {
                places.push(None);
                continue;
            };
            match header.find(name) {
                Ok(place) => places.push(Some(place)),
                Err(NotFound::Missing) if field.optional => places.push(None),
                Err(NotFound::Missing) => {
                    faults.push(RowFault::new("column_missing", "There is no such column.").in_column(Some(name)));
                }
                Err(NotFound::Ambiguous) => {
                    let detail = "Several columns could be meant.";
                    faults.push(RowFault::new("column_ambiguous", detail).in_column(Some(name)));
                }
            }
        }
        if faults.is_empty() { Ok(Bound { plan: self, places }) } else { Err(faults) }
    }
}

impl Bound<'_> {
    /// The request that a row becomes.
    ///
    /// # Errors
    /// All that is wrong with the row.
    pub fn request(&self, row: &Row) -> Result<Value, Vec<RowFault>> {
        if let Some(fault) = &row.fault {
            return Err(vec![fault.clone()]);
        }
        let (mut request, mut faults) = (Part::default(), Vec::new());
        for (field, place) in self.plan.fields.iter().zip(&self.places) {
            match field.value(*place, row) {
                Ok(Some(value)) => request.put(&field.steps, &field.lists, value),
                Ok(None) => {}
                Err(fault) => {
                    let column = place.and_then(|place| row.header.names().get(place));
                    faults.push(fault.in_column(column.map(String::as_str)));
                }
            }
        }
        if faults.is_empty() { Ok(request.into_value()) } else { Err(faults) }
    }
}

impl Planned {
    fn value(&self, place: Option<usize>, row: &Row) -> Result<Option<Value>, RowFault> {
        if let Source::Constant(value) = &self.source {
            return Ok(Some(value.clone()));
        }
        let cell = place.and_then(|place| row.cells.get(place)).unwrap_or(&Cell::Empty);
        if cell.is_blank() {
            return match self.optional {
                true => Ok(None),
                false => Err(RowFault::new("cell_missing", "The cell is empty.")),
            };
        }
        let value = match (self.kind, convert(cell.clone(), &self.convert)?) {
            (Kind::Text | Kind::Any, Cell::Text(text)) => Value::from(text),
            (Kind::Integer, Cell::Text(text) | Cell::Number(text)) => integer(text.trim())?,
            (Kind::Flag, Cell::Text(text)) => flag(text.trim())?,
            (Kind::Flag | Kind::Any, Cell::Flag(flag)) => flag.into(),
            (Kind::Any, Cell::Nested(value)) => value,
            (Kind::Text | Kind::Any, Cell::Number(_)) => return Err(number_for_text()),
            _ => return Err(RowFault::new("kind", "The cell holds another kind of value than the field takes.")),
        };
        Ok(Some(value))
    }
}

fn integer(text: &str) -> Result<Value, RowFault> {
    let plain = text.strip_prefix('-').unwrap_or(text);
    let number = plain.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<i64>().ok()).flatten();
    number.map(Value::from).ok_or_else(|| RowFault::new("whole_number_malformed", "The cell is no whole number."))
}

fn flag(text: &str) -> Result<Value, RowFault> {
    match text.to_ascii_lowercase().as_str() {
        "true" => Ok(true.into()),
        "false" => Ok(false.into()),
        _ => Err(RowFault::new("flag_malformed", "The cell is neither `true` nor `false`.")),
    }
}

/// A request that is put together. Places of a list that no cell has filled are left out.
#[derive(Default)]
enum Part {
    #[default]
    Nothing,
    Value(Value),
    Object(BTreeMap<String, Part>),
    List(BTreeMap<usize, Part>),
}

impl Part {
    fn put(&mut self, steps: &[String], lists: &[bool], value: Value) {
        let (Some((step, steps)), Some((is_list, lists))) = (steps.split_first(), lists.split_first()) else {
            *self = Self::Value(value);
            return;
        };
        if matches!(self, Self::Nothing) {
            *self = if *is_list { Self::List(BTreeMap::new()) } else { Self::Object(BTreeMap::new()) };
        }
        match self {
            Self::List(parts) => parts.entry(step.parse().unwrap_or(0)).or_default().put(steps, lists, value),
            Self::Object(parts) => parts.entry(step.clone()).or_default().put(steps, lists, value),
            Self::Nothing | Self::Value(_) => {}
        }
    }

    fn into_value(self) -> Value {
        match self {
            Self::Nothing => Value::Object(Map::new()),
            Self::Value(value) => value,
            Self::Object(parts) => parts.into_iter().map(|(name, part)| (name, part.into_value())).collect(),
            Self::List(parts) => parts.into_values().map(Self::into_value).collect(),
        }
    }
}
