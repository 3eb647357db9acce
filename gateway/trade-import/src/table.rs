//! One row after the other, whatever the file's format.

use std::ops::ControlFlow;

use crate::{FileError, Format, Limits, Options, Row, csv_rows, iso20022, ndjson, xlsx};

/// Gives each row of a table to `each`, until it has had enough. Empty rows are left out. EPCIS documents are no
/// tables: see [`crate::events`].
///
/// # Errors
/// The file cannot be read to its end; `each` may have had rows by then.
pub fn read(
    format: Format,
    bytes: &[u8],
    options: &Options,
    limits: &Limits,
    each: &mut dyn FnMut(Row) -> ControlFlow<()>,
) -> Result<(), FileError> {
    if bytes.len() > limits.bytes {
        return Err(FileError::TooLarge(limits.bytes));
    }
    let mut count = 0;
    let mut counted = |row: Row| {
        if count == limits.rows {
            return Err(FileError::TooManyRows(limits.rows));
        }
        count += 1;
        Ok(each(row))
    };
    match format {
        Format::Csv => csv_rows::read(bytes, options, limits, &mut counted),
        Format::Ndjson => ndjson::read(bytes, options, limits, &mut counted),
        Format::Xlsx => xlsx::read(bytes, options, limits, &mut counted),
        Format::Iso20022 => iso20022::read(bytes, limits, &mut counted),
        Format::Epcis => Err(FileError::HeaderMissing),
    }
}
