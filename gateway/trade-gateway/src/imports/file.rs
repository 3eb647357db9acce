//! A file as rows with their requests.

use std::{collections::BTreeMap, ops::ControlFlow, sync::Arc};

use trade_import::{Encoding, FileError, Format, Header, Limits, Options, Row, RowFault, events, mapping::Plan, read};
use trade_model::rejection::Rejection;

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
    let mut seen: BTreeMap<(String, String), u64> = BTreeMap::new();
    for row in &mut imported.rows {
        if let Some(request) = &row.request {
            let count = seen.entry(request.clone()).or_default();
            row.repeated = *count;
            *count += 1;
        }
    }
    Ok(imported)
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
    let mut table =
        Table { plan, target: asked.target, header: None, names: Vec::new(), rows: Vec::new(), lacking: None };
    let FileForm { format, options } = &asked.form;
    read(*format, bytes, options, bounds, &mut |row| {
        table.add(row, *format);
        let enough = asked.first.is_some_and(|first| table.rows.len() as u64 >= first);
        if enough || table.lacking.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })
    .map_err(|error| refused(&error))?;
    if let Some(faults) = table.lacking {
        let problem = Problem::of(ProblemCode::ImportColumns).with_detail("The file does not fit the mapping.");
        return Err(faults
            .into_iter()
            .fold(problem, |all, fault| all.with_field(fault.column.unwrap_or_default(), fault.detail)));
    }
    Ok(Imported { header: table.names, rows: table.rows })
}

struct Table<'a> {
    plan: &'a Plan,
    target: Target,
    header: Option<Arc<Header>>,
    /// The names of all columns that were met.
    names: Vec<String>,
    rows: Vec<ImportRow>,
    /// Columns that the mapping names and the table has not.
    lacking: Option<Vec<RowFault>>,
}

impl Table<'_> {
    fn add(&mut self, row: Row, format: Format) {
        let bound = self.plan.bind(&row.header);
        if format != Format::Ndjson && self.header.is_none() {
            self.header = Some(Arc::clone(&row.header));
            self.names = row.header.names().to_vec();
            self.lacking = bound.as_ref().err().cloned();
        }
        let cells = if format == Format::Ndjson {
            self.spread(&row)
        } else {
            row.cells.iter().map(|cell| cell.shown()).collect()
        };
        let empty = ImportRow { cells, ..empty(row.line, self.rows.len() as u64) };
        let fault = row.fault.clone().map(|fault| Err(vec![fault]));
        let request = fault.unwrap_or_else(|| bound.and_then(|bound| bound.request(&row)));
        self.rows.push(match request.and_then(|argument| self.request(argument)) {
            Ok(request) => ImportRow { request: Some(request), ..empty },
            Err(faults) => ImportRow { faults, state: RowState::Failed, ..empty },
        });
    }

    /// The values of a line of NDJSON below the names of all lines so far.
    fn spread(&mut self, row: &Row) -> Vec<String> {
        let mut cells = vec![String::new(); self.names.len()];
        for (name, cell) in row.header.names().iter().zip(&row.cells) {
            let place = self.names.iter().position(|own| own == name);
            if place.is_none() {
                self.names.push(name.clone());
                cells.push(String::new());
            }
            cells[place.unwrap_or(self.names.len() - 1)] = cell.shown();
        }
        cells
    }

    /// Path and body, when the argument is one that the route takes.
    fn request(&self, argument: serde_json::Value) -> Result<(String, String), Vec<RowFault>> {
        self.target.check(&argument).map_err(|rejection| {
            let rejection = Rejection::from(rejection);
            let (code, column) = (rejection.code().to_owned(), rejection.field().map(str::to_owned));
            vec![RowFault { code, column, detail: rejection.detail() }]
        })?;
        let sent = rest_request(self.target.route, argument, None);
        Ok((sent.target, sent.body.unwrap_or_default().to_string()))
    }
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
