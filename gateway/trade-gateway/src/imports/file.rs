//! A file as rows with their requests.

use std::{collections::BTreeMap, ops::ControlFlow, sync::Arc};

use trade_import::{
    Encoding, FileError, Format, Header, Limits, Options, Row, RowFault, events,
    mapping::{Bound, Plan},
    read,
};

use super::{
    record::{ImportRow, RowState, XLSX},
    target::Target,
};
use crate::{
    problem::{Problem, ProblemCode},
    rest::rest_request,
    settings,
};

/// What is to be done with a file.
pub(crate) struct Asked {
    pub(crate) target: Target,
    /// How rows become requests; none for documents.
    pub(crate) plan: Option<Plan>,
    pub(crate) form: FileForm,
    /// Rows that are read at most; then the rest is left.
    pub(crate) first: Option<u64>,
}

/// In which form the file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FileForm {
    pub(crate) format: Format,
    pub(crate) options: Options,
}

/// What a file holds.
pub(crate) struct Imported {
    pub(crate) header: Vec<String>,
    pub(crate) rows: Vec<ImportRow>,
}

impl FileForm {
    /// The form that media type and parameters say.
    pub(crate) fn of(media_type: &str, given: [Option<String>; 3]) -> Result<Self, Problem> {
        let [delimiter, encoding, sheet] = given;
        let wrong = |name: &str, reason: &str| {
            Problem::of(ProblemCode::ParameterInvalid)
                .with_detail(format!("`{name}` {reason}"))
                .with_field(name, reason)
        };
        let format = match media_type {
            "text/csv" => Format::Csv,
            "application/x-ndjson" => Format::Ndjson,
            XLSX => Format::Xlsx,
            "application/xml" | "text/xml" => Format::Iso20022,
            _ => Format::Epcis,
        };
        let delimiter = match delimiter.as_deref() {
            None => None,
            Some("comma") => Some(b','),
            Some("semicolon") => Some(b';'),
            Some("tab") => Some(b'\t'),
            Some(_) => return Err(wrong("delimiter", "must be `comma`, `semicolon` or `tab`")),
        };
        let encoding = match encoding.as_deref() {
            None => Encoding::default(),
            Some(name) => {
                Encoding::parse(name).ok_or_else(|| wrong("encoding", "must be `utf-8`, `utf-16` or `windows-1252`"))?
            }
        };
        Ok(Self { format, options: Options { delimiter, encoding, sheet } })
    }
}

/// Reads a file.
///
/// # Errors
/// It cannot be read, or its header lacks columns that the mapping names.
pub(crate) fn rows_of(bytes: &[u8], asked: &Asked, limits: &settings::Limits) -> Result<Imported, Problem> {
    let bounds = Limits {
        bytes: limits.import_body_bytes,
        expanded_bytes: (limits.import_body_bytes * settings::IMPORT_EXPANSION) as u64,
        rows: limits.import_rows,
        ..Limits::default()
    };
    let mut imported = match &asked.plan {
        None => documents(bytes, &bounds)?,
        Some(plan) => table(bytes, plan, asked, &bounds)?,
    };
    number_repeated(&mut imported.rows);
    Ok(imported)
}

/// Tells rows with the same request apart.
fn number_repeated(rows: &mut [ImportRow]) {
    let mut seen: BTreeMap<&(String, String), u64> = BTreeMap::new();
    for row in rows {
        if let ImportRow { request: Some(request), repeated, .. } = row {
            let count = seen.entry(request).or_default();
            *repeated = *count;
            *count += 1;
        }
    }
}

fn documents(bytes: &[u8], bounds: &Limits) -> Result<Imported, Problem> {
    let path = Target::of_events()?.route.path;
    let events = events(bytes, bounds).map_err(|error| refused(&error))?;
    let row = |event: trade_import::EventDocument| ImportRow {
        request: Some((path.to_owned(), event.text)),
        cells: vec![event.id.unwrap_or_default()],
        ..empty(event.number, event.number - 1)
    };
    Ok(Imported { header: vec!["eventID".to_owned()], rows: events.into_iter().map(row).collect() })
}

fn table(bytes: &[u8], plan: &Plan, asked: &Asked, bounds: &Limits) -> Result<Imported, Problem> {
    let mut table = Table::new(plan, asked.target, bounds);
    let FileForm { format, options } = &asked.form;
    let mut added = Ok(());
    read(*format, bytes, options, bounds, &mut |row| {
        added = table.add(row, *format);
        let enough = asked.first.is_some_and(|first| table.rows.len() as u64 >= first);
        if enough || added.is_err() || table.lacking.is_some() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    })
    .and(added)
    .map_err(|error| refused(&error))?;
    if table.names.iter().map(String::len).sum::<usize>() > NAMES_BYTES_MAX {
        return Err(refused(&FileError::NamesTooLong(NAMES_BYTES_MAX)));
    }
    if let Some(faults) = table.lacking {
        let problem = Problem::of(ProblemCode::ImportColumns);
        return Err(faults
            .into_iter()
            .fold(problem, |all, fault| all.with_field(fault.column.unwrap_or_default(), fault.detail)));
    }
    Ok(Imported { header: table.names, rows: table.rows })
}

/// Bytes of the names of all columns. They are kept with an import, which is read whenever it is looked for work and
/// written with each row.
const NAMES_BYTES_MAX: usize = 32 * 1024;

/// What a cell or a fault takes beside its texts.
const PLACE_BYTES: usize = 24;

/// Where the columns of a header stand, or why its rows have no requests.
type Binding<'a> = Result<Bound<'a>, Vec<RowFault>>;

struct Table<'a> {
    plan: &'a Plan,
    target: Target,
    bounds: &'a Limits,
    /// Bytes that rows and requests may still take: a short constant, or one shared text, can be in each of them.
    left: u64,
    /// The last header, and where its columns stand.
    bound: Option<(Arc<Header>, Binding<'a>)>,
    /// The names of all columns that were met.
    names: Vec<String>,
    rows: Vec<ImportRow>,
    /// Columns that the mapping names and the table has not.
    lacking: Option<Vec<RowFault>>,
}

impl<'a> Table<'a> {
    fn new(plan: &'a Plan, target: Target, bounds: &'a Limits) -> Self {
        let (names, rows) = (Vec::new(), Vec::new());
        Self { plan, target, bounds, left: bounds.expanded_bytes, bound: None, names, rows, lacking: None }
    }

    fn add(&mut self, row: Row, format: Format) -> Result<(), FileError> {
        let bound = self.bind(&row.header);
        if format != Format::Ndjson && self.rows.is_empty() {
            self.names = row.header.names().to_vec();
            self.lacking = bound.as_ref().err().cloned();
        }
        let cells = if format == Format::Ndjson {
            self.spread(&row)?
        } else {
            row.cells.iter().map(|cell| cell.shown()).collect()
        };
        let empty = ImportRow { cells, ..empty(row.line, self.rows.len() as u64) };
        let fault = row.fault.clone().map(|fault| Err(vec![fault]));
        let request = fault.unwrap_or_else(|| bound.and_then(|bound| bound.request(&row)));
        let row = match request.and_then(|argument| self.request(argument)) {
            Ok(request) => ImportRow { request: Some(request), ..empty },
            Err(faults) => ImportRow { faults, state: RowState::Failed, ..empty },
        };
        let left = self.left.checked_sub(bytes_of(&row) as u64);
        self.left = left.ok_or(FileError::ExpandsTooFar(self.bounds.expanded_bytes))?;
        self.rows.push(row);
        Ok(())
    }

    /// Where the columns stand. All rows of a table share one header; each line of NDJSON has its own.
    fn bind(&mut self, header: &Arc<Header>) -> Binding<'a> {
        if let Some((_, bound)) = self.bound.as_ref().filter(|(last, _)| Arc::ptr_eq(last, header)) {
            return bound.clone();
        }
        let bound = self.plan.bind(header);
        self.bound = Some((Arc::clone(header), bound.clone()));
        bound
    }

    /// The values of a line of NDJSON below the names of all lines so far. Each row has a cell for each of them, so
    /// there are no more of them than columns of a table.
    fn spread(&mut self, row: &Row) -> Result<Vec<String>, FileError> {
        let mut cells = vec![String::new(); self.names.len()];
        for (name, cell) in row.header.names().iter().zip(&row.cells) {
            let place = self.names.iter().position(|own| own == name);
            if place.is_none() {
                if self.names.len() >= self.bounds.columns {
                    return Err(FileError::TooManyColumns { line: row.line, most: self.bounds.columns });
                }
                self.names.push(name.clone());
                cells.push(String::new());
            }
            cells[place.unwrap_or(self.names.len() - 1)] = cell.shown();
        }
        Ok(cells)
    }

    /// Path and body, when the argument is one that the route takes.
    fn request(&self, argument: serde_json::Value) -> Result<(String, String), Vec<RowFault>> {
        self.target.check(&argument).map_err(|rejection| {
            let (code, detail) = (rejection.code().to_owned(), rejection.rule().to_owned());
            let column = Some(rejection.field().to_owned()).filter(|field| !field.is_empty());
            vec![RowFault { code, column, detail }]
        })?;
        let sent = rest_request(self.target.route, argument, None);
        Ok((sent.target, sent.body.unwrap_or_default().to_string()))
    }
}

/// What a row takes, about.
fn bytes_of(row: &ImportRow) -> usize {
    let cells: usize = row.cells.iter().map(|cell| PLACE_BYTES + cell.len()).sum();
    let request = row.request.as_ref().map_or(0, |(path, body)| path.len() + body.len());
    let of_fault = |fault: &RowFault| {
        let column = fault.column.as_ref().map_or(0, String::len);
        PLACE_BYTES + fault.code.len() + column + fault.detail.len()
    };
    cells + request + row.faults.iter().map(of_fault).sum::<usize>()
}

fn empty(line: u64, number: u64) -> ImportRow {
    ImportRow {
        number,
        line,
        cells: Vec::new(),
        request: None,
        repeated: 0,
        state: RowState::Waiting,
        transaction_id: None,
        faults: Vec::new(),
    }
}

fn refused(error: &FileError) -> Problem {
    let status = if matches!(error, FileError::TooLarge(_)) { 413 } else { 422 };
    Problem::foreign(status, error.code(), "The file cannot be read").with_detail(error.to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn digest(number: u32) -> String {
        format!("{number:064x}")
    }

    /// Reads this as rows of deposits, within eight times these bytes.
    fn read(format: Format, text: &str, import_body_bytes: usize) -> Result<Imported, String> {
        let mapping = serde_json::from_value(json!({"target": "depositEvidence", "fields": [
            {"field": "sha256", "column": "digest"},
            {"field": "kind", "constant": "document"},
            {"field": "media_type", "constant": "application/pdf"},
            {"field": "captured_at", "constant": "2026-11-02T08:30:00Z"},
            {"field": "tool", "constant": "scanner"},
        ]}))
        .expect("a mapping");
        let target = Target::parse("depositEvidence").expect("a route");
        let plan = target.plan(&mapping).map_err(|problem| format!("{problem:?}"))?;
        let form = FileForm { format, options: Options::default() };
        let asked = Asked { target, plan: Some(plan), form, first: None };
        let limits = settings::Limits { import_body_bytes, ..settings::Limits::default() };
        rows_of(text.as_bytes(), &asked, &limits).map_err(|problem| problem.code)
    }

    #[test]
    fn rows_and_requests_take_no_more_than_the_limit_together() {
        let told = |row: &str, count: usize| {
            let text = format!("digest\r\n{}", format!("{row}\r\n").repeat(count));
            read(Format::Csv, &text, text.len()).map(|imported| imported.rows.len())
        };
        assert_eq!(told(&digest(7), 1_000), Ok(1_000));
        assert_eq!(told("1", 1_000).err().as_deref(), Some("import.expands_too_far"));
    }

    #[test]
    fn lines_with_ever_other_names_are_no_wider_than_a_table() {
        let line = |number| json!({"digest": digest(7), format!("name{number}"): 1}).to_string() + "\n";
        let read = |names: usize| {
            let text: String = (1..names).map(line).collect();
            read(Format::Ndjson, &text, 1 << 20).map(|imported| imported.header.len())
        };
        assert_eq!(read(200), Ok(200));
        assert_eq!(read(201).err().as_deref(), Some("import.too_many_columns"));
    }

    #[test]
    fn names_of_columns_take_no_more_than_their_limit() {
        let read = |length: usize| {
            let text = format!("digest,{}\r\n{},1\r\n", "n".repeat(length - "digest".len()), digest(7));
            read(Format::Csv, &text, 1 << 20).map(|imported| imported.rows.len())
        };
        assert_eq!(read(NAMES_BYTES_MAX), Ok(1));
        assert_eq!(read(NAMES_BYTES_MAX + 1).err().as_deref(), Some("import.names_too_long"));
    }

    #[test]
    fn rows_with_the_same_request_are_numbered() {
        let text = format!("digest\r\n{0}\r\n{1}\r\n{0}\r\n", digest(7), digest(8));
        let imported = read(Format::Csv, &text, 1 << 20).expect("a table");
        assert_eq!(imported.rows.iter().map(|row| row.repeated).collect::<Vec<_>>(), [0, 0, 1]);
    }
}
