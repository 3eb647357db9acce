#![doc = include_str!("../README.md")]

mod cell;
mod convert;
mod csv_rows;
mod encoding;
mod epcis;
mod fault;
mod header;
mod iso20022;
mod limits;
pub mod mapping;
mod ndjson;
mod pointer;
mod report;
mod row;
mod table;
mod template;
mod xlsx;

pub use cell::Cell;
pub use convert::Conversion;
pub use encoding::Encoding;
pub use epcis::{EventDocument, events};
pub use fault::{FileError, RowFault};
pub use header::Header;
pub use limits::Limits;
pub use report::{harmless, report_line};
pub use row::{Format, Options, Row};
pub use table::read;
pub use template::Template;
