//! A sheet of a workbook, cell by cell: a cell far away must not make a table of all between.

use std::{
    io::{self, BufReader, Cursor, Read},
    mem,
    sync::Arc,
};

use calamine::{DataRef, Reader, Xlsx, XlsxError};
use quick_xml::events::{BytesStart, Event};
use zip::ZipArchive;

use crate::{Cell, FileError, Header, Limits, Options, Row, RowFault, cell::NOT_COMPUTED, row::Each};

/// Most digits of the number of shared texts that a workbook says it has. Room for so many is asked for before they are
/// read, and a process that does not get it ends.
const COUNT_DIGITS_MAX: usize = 7;

/// What an element of the styles takes at most, beside its texts.
const STYLE_BYTES: u64 = 256;

pub(crate) fn read(bytes: &[u8], options: &Options, limits: &Limits, each: Each<'_>) -> Result<(), FileError> {
    try_to_expand(bytes, limits)?;
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(|error| workbook_error(&error))?;
    let names = workbook.sheet_names();
    let sheet = match &options.sheet {
        Some(name) => names.iter().find(|own| *own == name).ok_or_else(|| FileError::SheetUnknown(name.clone()))?,
        None => names.first().ok_or_else(|| FileError::SheetUnknown(String::new()))?,
    };
    let mut reader = workbook.worksheet_cells_reader(sheet).map_err(|error| workbook_error(&error))?;
    let mut rows = Rows { header: None, number: 0, cells: Vec::new(), left: limits.expanded_bytes, each };
    // The formulas themselves are not asked for: what shares one is not expanded.
    while let Some(found) = reader.next_cell_with_formula_metadata().map_err(|error| workbook_error(&error))? {
        let (row, column) = found.pos;
        let line = u64::from(row) + 1;
        let cell = match (&found.value, &found.formula) {
            // The program that made the file has not computed it, so the cell is not empty: its value is not known.
            (DataRef::Empty, Some(_)) => Cell::Broken(NOT_COMPUTED.to_owned()),
            (value, _) => cell(value),
        };
        if line < rows.number {
            return Err(FileError::Workbook("its rows are not in their order".to_owned()));
        }
        if line > rows.number {
            if rows.finish()? {
                return Ok(());
            }
            rows.number = line;
        }
        rows.put(column as usize, cell, limits)?;
    }
    rows.finish()?;
    if rows.header.is_some() { Ok(()) } else { Err(FileError::HeaderMissing) }
}

/// Expands every part and keeps nothing. What the archive says about sizes is its maker's word.
fn try_to_expand(bytes: &[u8], limits: &Limits) -> Result<(), FileError> {
    let malformed = |error: &dyn std::fmt::Display| FileError::Workbook(error.to_string());
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| malformed(&error))?;
    let mut left = limits.expanded_bytes;
    for place in 0..archive.len() {
        let part = archive.by_index(place).map_err(|error| malformed(&error))?;
        let read = io::copy(&mut part.take(left + 1), &mut io::sink()).map_err(|error| malformed(&error))?;
        left = left.checked_sub(read).ok_or(FileError::ExpandsTooFar(limits.expanded_bytes))?;
        let part = archive.by_index(place).map_err(|error| malformed(&error))?;
        let name = part.name().map_err(|error| malformed(&error))?.to_ascii_lowercase();
        if name.ends_with("sharedstrings.xml") {
            check_count(part)?;
        } else if name.ends_with("styles.xml") {
            check_styles(part, limits)?;
        }
    }
    Ok(())
}

/// Whether what the part of shared texts says about their number can be true.
fn check_count(part: impl Read) -> Result<(), FileError> {
    let mut is_true = true;
    starts(part, |start| {
        let is_root = start.local_name().as_ref() == "sst";
        if is_root {
            let mut runs = start.attributes_raw().split(|character: char| !character.is_ascii_digit());
            is_true = runs.all(|digits| digits.len() <= COUNT_DIGITS_MAX);
        }
        !is_root
    });
    let reason = "it says that it has more shared texts than a file can hold";
    if is_true { Ok(()) } else { Err(FileError::Workbook(reason.to_owned())) }
}

/// What styles become: each format of cells holds the names of its font and of its number format by itself.
fn check_styles(part: impl Read, limits: &Limits) -> Result<(), FileError> {
    let (mut elements, mut formats, mut longest) = (0_u64, 0_u64, 0_u64);
    starts(part, |start| {
        elements += 1;
        match start.local_name().as_ref() {
            "xf" => formats += 1,
            "name" | "numFmt" => longest = longest.max(start.attributes_raw().len() as u64),
            _ => {}
        }
        true
    });
    let taken = formats.saturating_mul(2 * longest + STYLE_BYTES).saturating_add(elements * STYLE_BYTES);
    if taken <= limits.expanded_bytes { Ok(()) } else { Err(FileError::ExpandsTooFar(limits.expanded_bytes)) }
}

/// Gives each start of an element to `each` until that has enough, or the part ends or cannot be read any further: it
/// is read as it is later, so that both see the same.
fn starts(part: impl Read, mut each: impl FnMut(&BytesStart<'_>) -> bool) {
    let mut xml = quick_xml::Reader::from_reader(BufReader::new(part));
    let config = xml.config_mut();
    (config.check_end_names, config.check_comments, config.expand_empty_elements) = (false, false, true);
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        match xml.read_event_into(&mut buffer) {
            Ok(Event::Start(start)) if !each(&start) => return,
            Ok(Event::Eof) | Err(_) => return,
            Ok(_) => {}
        }
    }
}

fn workbook_error(error: &XlsxError) -> FileError {
    FileError::Workbook(error.to_string())
}

/// The rows that are put together of cells.
struct Rows<'a> {
    header: Option<Arc<Header>>,
    /// The number of the row that is not finished, from 1.
    number: u64,
    cells: Vec<Cell>,
    /// Bytes that the texts of all cells may still take: one shared text can stand in each of them.
    left: u64,
    each: Each<'a>,
}

impl Rows<'_> {
    fn put(&mut self, column: usize, cell: Cell, limits: &Limits) -> Result<(), FileError> {
        if cell == Cell::Empty {
            return Ok(());
        }
        if column >= limits.columns {
            return Err(FileError::TooManyColumns { line: self.number, most: limits.columns });
        }
        if let Cell::Text(text) = &cell {
            if text.len() > limits.cell_bytes {
                return Err(FileError::CellTooLong { line: self.number, most: limits.cell_bytes });
            }
            let left = self.left.checked_sub(text.len() as u64);
            self.left = left.ok_or(FileError::ExpandsTooFar(limits.expanded_bytes))?;
        }
        if self.cells.len() <= column {
            self.cells.resize(column + 1, Cell::Empty);
        }
        self.cells[column] = cell;
        Ok(())
    }

    /// Gives the row away. Says whether that was enough.
    fn finish(&mut self) -> Result<bool, FileError> {
        let mut cells = mem::take(&mut self.cells);
        if cells.iter().all(Cell::is_blank) {
            return Ok(false);
        }
        let Some(header) = &self.header else {
            self.header =
                Some(Arc::new(Header::new(cells.iter().map(|cell| cell.shown().trim().to_owned()).collect())));
            return Ok(false);
        };
        let (count, expected) = (cells.len(), header.names().len());
        let fault = cells
            .iter()
            .skip(expected)
            .any(|cell| !cell.is_blank())
            .then(|| RowFault::new("cells_count", format!("The row has {count} cells and the header {expected}.")));
        cells.resize(count.max(expected), Cell::Empty);
        let row = Row { line: self.number, header: Arc::clone(header), cells, fault };
        (self.each)(row).map(|flow| flow.is_break())
    }
}

fn cell(value: &DataRef<'_>) -> Cell {
    match value {
        DataRef::Empty => Cell::Empty,
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => Cell::of_text(text),
        DataRef::SharedString(text) => Cell::of_text(text),
        DataRef::Int(number) => Cell::Number(number.to_string()),
        DataRef::Float(number) => Cell::of_double(*number),
        DataRef::Bool(flag) => Cell::Flag(*flag),
        DataRef::DateTime(moment) if moment.is_datetime() => {
            let (year, month, day, hour, minute, second, _) = moment.to_ymd_hms_milli();
            Cell::Moment([year, month.into(), day.into(), hour.into(), minute.into(), second.into()])
        }
        DataRef::DateTime(duration) => Cell::of_double(duration.as_f64()),
        DataRef::Error(error) => Cell::Broken(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use std::{io::Write, ops::ControlFlow};

    use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

    use super::*;
    use crate::Format;

    const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006";
    const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    const SHEETS: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";

    fn relations(of: &[(&str, &str)]) -> String {
        let one = |(number, (kind, target)): (usize, &(&str, &str))| {
            format!(r#"<Relationship Id="rId{}" Type="{OFFICE}/{kind}" Target="{target}"/>"#, number + 1)
        };
        let all: String = of.iter().enumerate().map(one).collect();
        format!(r#"<Relationships xmlns="{PACKAGE}/relationships">{all}</Relationships>"#)
    }

    /// A workbook with these rows of a sheet, in the words of SpreadsheetML.
    fn workbook(rows: &str) -> Vec<u8> {
        let formats = r#"<cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs>"#;
        workbook_with(rows, "<sst/>", formats)
    }

    /// The same, with these parts of shared texts and of styles.
    fn workbook_with(rows: &str, shared: &str, formats: &str) -> Vec<u8> {
        let sheet = format!(r#"<worksheet xmlns="{SHEETS}"><sheetData>{rows}</sheetData></worksheet>"#);
        let sheets = r#"<sheets><sheet name="Goods" sheetId="1" r:id="rId1"/></sheets>"#;
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        for (name, text) in [
            ("[Content_Types].xml", format!(r#"<Types xmlns="{PACKAGE}/content-types"/>"#)),
            ("_rels/.rels", relations(&[("officeDocument", "xl/workbook.xml")])),
            ("xl/workbook.xml", format!(r#"<workbook xmlns="{SHEETS}" xmlns:r="{OFFICE}">{sheets}</workbook>"#)),
            (
                "xl/_rels/workbook.xml.rels",
                relations(&[("worksheet", "worksheets/sheet1.xml"), ("styles", "styles.xml")]),
            ),
            ("xl/styles.xml", format!(r#"<styleSheet xmlns="{SHEETS}">{formats}</styleSheet>"#)),
            ("xl/worksheets/sheet1.xml", sheet),
            ("xl/SharedStrings.xml", shared.to_owned()),
        ] {
            archive.start_file(name, options).expect("a part");
            archive.write_all(text.as_bytes()).expect("room");
        }
        archive.finish().expect("an archive").into_inner()
    }

    fn rows(bytes: &[u8], options: &Options, limits: &Limits) -> Result<Vec<Row>, FileError> {
        let mut rows = Vec::new();
        crate::read(Format::Xlsx, bytes, options, limits, &mut |row| {
            rows.push(row);
            ControlFlow::Continue(())
        })?;
        Ok(rows)
    }

    fn text(place: &str, text: &str) -> String {
        format!(r#"<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>"#)
    }

    fn header() -> String {
        format!(r#"<row r="2">{}{}{}</row>"#, text("A2", "GTIN"), text("B2", "Day"), text("C2", "Serial"))
    }

    #[test]
    fn cells_are_what_the_workbook_says_and_rows_keep_their_numbers() {
        let body = format!(
            r#"{}<row r="4"><c r="A4"><v>9506000134352</v></c><c r="B4" s="1"><v>46328</v></c>{}</row>
            <row r="7"><c r="B7" t="e"><v>#REF!</v></c><c r="C7" t="b"><v>1</v></c></row>
            <row r="8"><c r="C8"><v>106141412345678908</v></c><c r="D8"><v>1</v></c></row>"#,
            header(),
            text("C4", "0012")
        );
        let rows = rows(&workbook(&body), &Options::default(), &Limits::default()).expect("a table");
        assert_eq!(rows.iter().map(|row| row.line).collect::<Vec<_>>(), [4, 7, 8]);
        let number = Cell::Number("9506000134352".to_owned());
        assert_eq!(rows[0].cells, [number, Cell::Moment([2026, 11, 2, 0, 0, 0]), Cell::Text("0012".to_owned())]);
        assert_eq!(rows[1].cells, [Cell::Empty, Cell::Broken("#REF!".to_owned()), Cell::Flag(true)]);
        assert!(matches!(rows[2].cells[2], Cell::Lossy(_)));
        assert_eq!(rows[2].fault.as_ref().map(|fault| fault.code.as_str()), Some("import.cells_count"));
    }

    #[test]
    fn a_formula_that_was_not_computed_is_no_empty_cell() {
        let body = format!(
            r#"{}<row r="3"><c r="A3"><f>1+1</f></c><c r="B3"><f>1+1</f><v>2</v></c>
            <c r="C3" t="str"><f>""</f><v></v></c></row>
            <row r="4"><c r="A4"><f t="shared" ref="A4:B4" si="999999999999">B3</f><v>2</v></c>
            <c r="B4"><f t="shared" si="999999999999"/></c></row>"#,
            header()
        );
        let rows = rows(&workbook(&body), &Options::default(), &Limits::default()).expect("a table");
        let (broken, two) = (Cell::Broken(NOT_COMPUTED.to_owned()), Cell::Number("2".to_owned()));
        assert_eq!(rows[0].cells, [broken.clone(), two.clone(), Cell::Empty]);
        assert_eq!(rows[1].cells, [two, broken, Cell::Empty]);
    }

    #[test]
    fn a_cell_far_away_makes_no_table_of_all_between() {
        let body = format!(r#"{}<row r="1048576"><c r="A1048576"><v>1</v></c></row>"#, header());
        let read = rows(&workbook(&body), &Options::default(), &Limits::default()).expect("a table");
        assert_eq!((read.len(), read[0].line), (1, 1_048_576));
        let wide = format!(r#"{}<row r="3"><c r="XFD3"><v>1</v></c></row>"#, header());
        let refused = rows(&workbook(&wide), &Options::default(), &Limits::default());
        assert_eq!(refused, Err(FileError::TooManyColumns { line: 3, most: 200 }));
    }

    #[test]
    fn what_expands_too_far_is_refused_before_it_is_read() {
        let body = format!("{}<row r=\"3\">{}</row>", header(), text("A3", &"x".repeat(4_000_000)));
        let bytes = workbook(&body);
        assert!(bytes.len() < 40_000, "it is small: {}", bytes.len());
        let limits = Limits { expanded_bytes: 1_000_000, ..Limits::default() };
        assert_eq!(rows(&bytes, &Options::default(), &limits), Err(FileError::ExpandsTooFar(1_000_000)));
    }

    #[test]
    fn shared_texts_take_no_more_than_they_and_the_limits_say() {
        let read = |count: &str, text: &str, cells: usize, limits: &Limits| {
            let sst = format!("<sst count='1' uniqueCount='{count}'><si><t xml:space='preserve'>{text}</t></si></sst>");
            let row = |row: usize| format!(r#"<row r="{row}"><c r="A{row}" t="s"><v>0</v></c></row>"#);
            let body = header() + &(3..3 + cells).map(row).collect::<String>();
            rows(&workbook_with(&body, &sst, ""), &Options::default(), limits).map(|rows| rows.len())
        };
        let limits = Limits { expanded_bytes: 100_000, ..Limits::default() };
        assert_eq!(read("1", "a", 3, &limits), Ok(3));
        // Rows of blanks are left out, so that nobody but the reader counts them.
        assert_eq!(read("1", &" ".repeat(10_000), 9, &limits), Ok(0));
        assert_eq!(read("1", &" ".repeat(10_000), 10, &limits), Err(FileError::ExpandsTooFar(100_000)));
        let refused = read("1000000000000", "a", 1, &limits).map_err(|error| error.code());
        assert_eq!(refused, Err("import.workbook_malformed"));
    }

    #[test]
    fn styles_do_not_become_larger_than_the_limit() {
        let read = |name: usize, formats: usize| {
            let font = format!(r#"<fonts><font><name val="{}"/></font></fonts>"#, "n".repeat(name));
            let styles = format!("{font}<cellXfs>{}</cellXfs>", r#"<xf fontId="0"/>"#.repeat(formats));
            let limits = Limits { expanded_bytes: 1_000_000, ..Limits::default() };
            rows(&workbook_with(&header(), "<sst/>", &styles), &Options::default(), &limits).map(|rows| rows.len())
        };
        assert_eq!((read(20, 1_000), read(20_000, 10)), (Ok(0), Ok(0)));
        for (name, formats) in [(20_000, 1_000), (1, 10_000)] {
            assert_eq!(read(name, formats), Err(FileError::ExpandsTooFar(1_000_000)), "{name} {formats}");
        }
    }

    #[test]
    fn what_is_no_workbook_and_a_sheet_that_is_not_there_are_named() {
        let read = |bytes: &[u8], sheet: Option<&str>| {
            let options = Options { sheet: sheet.map(str::to_owned), ..Options::default() };
            rows(bytes, &options, &Limits::default()).map_err(|error| error.code())
        };
        assert_eq!(read(b"PK", None).err(), Some("import.workbook_malformed"));
        let bytes = workbook(&header());
        assert_eq!(read(&bytes, Some("Bads")).err(), Some("import.sheet_unknown"));
        assert_eq!(read(&bytes, Some("Goods")).map(|rows| rows.len()), Ok(0));
        assert_eq!(read(&workbook(""), None).err(), Some("import.header_missing"));
    }
}
