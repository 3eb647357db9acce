//! Bank messages of ISO 20022 as tables: each payment is a row, and so is each entry of an account that names none.
//!
//! Texts stay as they stand in the file, but for the forms of one thing that messages and their versions have. Whether
//! an amount is an amount is told by the field to which a mapping sends it.

mod columns;
mod kind;
mod payment;

use std::{ops::ControlFlow, sync::Arc};

use trade_standards::iso20022::{CamtError, CamtLimits, Element, read_elements};

use self::{
    columns::{Column, STATUS},
    kind::Kind,
    payment::{Payment, Payments},
};
use crate::{Encoding, FileError, Header, Limits, Row, RowFault, row::Each};

/// Why reading ends before the file does.
enum Stop {
    Enough,
    Error(FileError),
}

/// Gives each payment to `each`. It is called by its number, from 1: many banks write a message in one line.
pub(crate) fn read(bytes: &[u8], limits: &Limits, each: Each<'_>) -> Result<(), FileError> {
    let text = declared(bytes)?.decode(bytes)?;
    let bounds = CamtLimits { bytes_max: limits.bytes, text_max: limits.cell_bytes, ..CamtLimits::default() };
    let (kind, supplements) = survey(&text, &bounds, limits)?;
    let columns = Column::of(kind);
    let own = columns.iter().map(|column| column.name.to_owned());
    let header = Arc::new(Header::new(own.chain(supplements.iter().cloned()).collect()));
    let mut payments = Payments::new(Column::names_part);
    let read = read_elements(&text, &bounds, &mut |open, element| {
        payments.ended(open, element, &mut |payment| {
            let mut cells: Vec<_> = columns.iter().map(|column| column.cell(payment)).collect();
            cells.extend(payment.supplementary(&supplements));
            if cells.iter().any(|cell| cell.shown().len() > limits.cell_bytes) {
                return Err(FileError::CellTooLong { line: payment.line, most: limits.cell_bytes }.into());
            }
            let fault = fault(kind, payment);
            match each(Row { line: payment.line, header: Arc::clone(&header), cells, fault })? {
                ControlFlow::Continue(()) => Ok(()),
                ControlFlow::Break(()) => Err(Stop::Enough),
            }
        })
    });
    match read {
        Ok(_) | Err(Stop::Enough) => Ok(()),
        Err(Stop::Error(error)) => Err(error),
    }
}

/// Which message it is, and the names of what its payments have as supplementary data.
fn survey(text: &str, bounds: &CamtLimits, limits: &Limits) -> Result<(Kind, Vec<String>), FileError> {
    let (mut kind, mut names) = (None, Vec::<String>::new());
    let mut payments = Payments::new(Column::names_part);
    let root = read_elements(text, bounds, &mut |open, element| {
        if let Some(message) = message(open, &element) {
            let found = Kind::parse(message).ok_or_else(|| unknown(message))?;
            if kind.replace(found).is_some_and(|former| former != found) {
                return Err(FileError::Iso20022("it holds messages of several kinds".to_owned()));
            }
        }
        payments.ended(open, element, &mut |payment| {
            for (name, _) in payment.supplements() {
                if !names.iter().any(|own| own == name) {
                    names.push(name.to_owned());
                }
                if names.len() > limits.columns {
                    return Err(FileError::TooManyColumns { line: payment.line, most: limits.columns });
                }
            }
            Ok(())
        })
    })?;
    kind.map(|kind| (kind, names)).ok_or_else(|| unknown(&root.name))
}

/// The name of the message, once it ends or the first part of it does. A header of the application, or an envelope,
/// may stand around the document.
fn message<'a>(open: &'a [Element], ended: &'a Element) -> Option<&'a str> {
    match open {
        [.., document] if document.name == "Document" => Some(&ended.name),
        [.., document, message] if document.name == "Document" => Some(&message.name),
        _ => None,
    }
}

fn unknown(name: &str) -> FileError {
    let name: String = name.chars().take(64).collect();
    FileError::Iso20022(format!("it is no camt.052, camt.053, camt.054, pain.001 or pacs.008 but `{name}`"))
}

/// What is not booked, or not any more, is no entry of the account.
fn fault(kind: Kind, payment: &Payment<'_>) -> Option<RowFault> {
    let is_booked = kind != Kind::Entries || STATUS.cell(payment).shown() == "BOOK";
    let fault = RowFault::new("entry_not_booked", "The entry is not booked.").in_column(Some("status"));
    (!is_booked).then_some(fault)
}

impl From<CamtError> for FileError {
    fn from(error: CamtError) -> Self {
        Self::Iso20022(error.to_string())
    }
}

impl From<CamtError> for Stop {
    fn from(error: CamtError) -> Self {
        Self::Error(error.into())
    }
}

impl From<FileError> for Stop {
    fn from(error: FileError) -> Self {
        Self::Error(error)
    }
}

/// Where an XML declaration must have ended.
const DECLARATION_BYTES_MAX: usize = 200;

/// The encoding that the file itself declares (XML 1.0, appendix F).
fn declared(bytes: &[u8]) -> Result<Encoding, FileError> {
    if matches!(bytes, [0xfe, 0xff, ..] | [0xff, 0xfe, ..] | [b'<', 0, ..]) {
        return Ok(Encoding::Utf16);
    }
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(DECLARATION_BYTES_MAX)]);
    let declaration = head.trim_start_matches('\u{feff}').strip_prefix("<?xml").and_then(|rest| rest.split_once("?>"));
    let named = declaration.and_then(|(inside, _)| inside.split_once("encoding")).and_then(|(_, value)| {
        let value = value.trim_start().strip_prefix('=')?.trim_start();
        value.split(['"', '\'']).nth(1)
    });
    match named.map(str::to_ascii_lowercase).as_deref() {
        None | Some("utf-8" | "us-ascii") => Ok(Encoding::Utf8),
        // Windows-1252 has all characters of ISO 8859-1, where that one has characters.
        Some("iso-8859-1" | "windows-1252") => Ok(Encoding::Windows1252),
        Some(other) => Err(FileError::Iso20022(format!("it declares the encoding `{other}`, which is not read"))),
    }
}

#[cfg(test)]
mod tests;
