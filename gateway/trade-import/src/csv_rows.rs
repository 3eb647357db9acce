//! CSV as RFC 4180 has it, and as spreadsheets write it.

use std::sync::Arc;

use csv::{ReaderBuilder, StringRecord};

use crate::{Cell, FileError, Header, Limits, Options, Row, RowFault, row::Each};

pub(crate) fn read(bytes: &[u8], options: &Options, limits: &Limits, each: Each<'_>) -> Result<(), FileError> {
    let text = options.encoding.decode(bytes)?;
    let delimiter = options.delimiter.map_or_else(|| sniffed(&text), Ok)?;
    let mut reader =
        ReaderBuilder::new().delimiter(delimiter).flexible(true).has_headers(false).from_reader(text.as_bytes());
    let mut header = None;
    let mut record = StringRecord::new();
    while reader.read_record(&mut record).map_err(|_| FileError::Encoding("UTF-8"))? {
        let line = record.position().map_or(0, |position| line_of(&text, position));
        check(&record, line, limits)?;
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        let Some(header) = &header else {
            header = Some(Arc::new(Header::new(record.iter().map(|name| name.trim().to_owned()).collect())));
            continue;
        };
        if each(row(&record, line, header))?.is_break() {
            break;
        }
    }
    if header.is_some() { Ok(()) } else { Err(FileError::HeaderMissing) }
}

/// The line of the record's first cell: empty lines before it belong to no record.
fn line_of(text: &str, position: &csv::Position) -> u64 {
    let begin = usize::try_from(position.byte()).unwrap_or(usize::MAX);
    let before = text.as_bytes().get(begin..).unwrap_or_default();
    let breaks = before.iter().take_while(|byte| matches!(byte, b'\r' | b'\n'));
    position.line() + breaks.filter(|byte| **byte == b'\n').count() as u64
}

fn check(record: &StringRecord, line: u64, limits: &Limits) -> Result<(), FileError> {
    if record.len() > limits.columns {
        return Err(FileError::TooManyColumns { line, most: limits.columns });
    }
    match record.iter().any(|cell| cell.len() > limits.cell_bytes) {
        true => Err(FileError::CellTooLong { line, most: limits.cell_bytes }),
        false => Ok(()),
    }
}

fn row(record: &StringRecord, line: u64, header: &Arc<Header>) -> Row {
    let (count, expected) = (record.len(), header.names().len());
    let is_wrong = count < expected || record.iter().skip(expected).any(|cell| !cell.trim().is_empty());
    let fault =
        is_wrong.then(|| RowFault::new("cells_count", format!("The row has {count} cells and the header {expected}.")));
    Row { line, header: Arc::clone(header), cells: record.iter().map(Cell::of_text).collect(), fault }
}

/// What separates the names of the header, outside of quotation marks.
fn sniffed(text: &str) -> Result<u8, FileError> {
    let (mut counts, mut quoted) = ([(b',', 0), (b';', 0), (b'\t', 0)], false);
    for byte in text.trim_start_matches(['\r', '\n']).bytes() {
        match byte {
            b'"' => quoted = !quoted,
            b'\r' | b'\n' if !quoted => break,
            _ if !quoted => counts.iter_mut().filter(|(own, _)| *own == byte).for_each(|(_, count)| *count += 1),
            _ => {}
        }
    }
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    match counts {
        [(_, 0), ..] => Ok(b','),
        [(_, first), (_, second), _] if first == second => Err(FileError::DelimiterAmbiguous),
        [(delimiter, _), ..] => Ok(delimiter),
    }
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use super::*;
    use crate::{Encoding, Format};

    fn rows(text: &[u8], options: &Options, limits: &Limits) -> Result<Vec<Row>, FileError> {
        let mut rows = Vec::new();
        crate::read(Format::Csv, text, options, limits, &mut |row| {
            rows.push(row);
            ControlFlow::Continue(())
        })?;
        Ok(rows)
    }

    fn shown(text: &str) -> Vec<(u64, Vec<String>)> {
        let rows = rows(text.as_bytes(), &Options::default(), &Limits::default()).expect("a table");
        rows.into_iter().map(|row| (row.line, row.cells.iter().map(Cell::shown).collect())).collect()
    }

    #[test]
    fn every_delimiter_that_the_header_shows_separates() {
        for delimiter in [",", ";", "\t"] {
            let text = format!("\u{feff}a{delimiter}\"b,;,;,\"\r\n1{delimiter}2\r\n");
            assert_eq!(shown(&text), [(2, vec!["1".to_owned(), "2".to_owned()])], "{delimiter:?}");
        }
        let ambiguous = rows(b"a,b;c\n1,2;3\n", &Options::default(), &Limits::default());
        assert_eq!(ambiguous, Err(FileError::DelimiterAmbiguous));
        let given = Options { delimiter: Some(b';'), ..Options::default() };
        assert_eq!(rows(b"a,b;c\n1,2;3\n", &given, &Limits::default()).map(|rows| rows[0].cells.len()), Ok(2));
    }

    #[test]
    fn a_row_keeps_the_number_of_its_line_over_quoted_and_empty_lines() {
        let table = shown("\r\na,b\r\n\"x\r\ny\",1\r\n\r\n;,\r\nz,\"say \"\"no\"\"\"\r\n");
        assert_eq!(table[0], (3, vec!["x\r\ny".to_owned(), "1".to_owned()]));
        assert_eq!(table[1].0, 6);
        assert_eq!(table[2], (7, vec!["z".to_owned(), "say \"no\"".to_owned()]));
    }

    #[test]
    fn a_row_with_other_cells_than_the_header_is_faulty_and_the_next_is_read() {
        let rows = rows(b"a,b\n1\n1,2,3\n1,2,\n", &Options::default(), &Limits::default()).expect("a table");
        let codes: Vec<_> = rows.iter().map(|row| row.fault.as_ref().map(|fault| fault.code.as_str())).collect();
        assert_eq!(codes, [Some("import.cells_count"), Some("import.cells_count"), None]);
    }

    #[test]
    fn limits_and_encodings_are_kept_to() {
        let small = Limits { bytes: 100, rows: 2, columns: 2, cell_bytes: 3, ..Limits::default() };
        let read = |text: &[u8]| rows(text, &Options::default(), &small);
        assert_eq!(read(&[b'a'; 101]), Err(FileError::TooLarge(100)));
        assert_eq!(read(b"a\n1\n2\n3\n"), Err(FileError::TooManyRows(2)));
        assert_eq!(read(b"a,b\n1,2,3\n"), Err(FileError::TooManyColumns { line: 2, most: 2 }));
        assert_eq!(read(b"a\n\"1\n23\n"), Err(FileError::CellTooLong { line: 2, most: 3 }));
        assert_eq!(read(b"\n\n"), Err(FileError::HeaderMissing));
        assert_eq!(read(b"a\n\xfc\n"), Err(FileError::Encoding("UTF-8")));
        let western = Options { encoding: Encoding::Windows1252, ..Options::default() };
        assert_eq!(rows(b"a\n\xfc\n", &western, &small).map(|rows| rows[0].cells[0].shown()), Ok("ü".to_owned()));
    }
}
