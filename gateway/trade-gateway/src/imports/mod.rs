//! Bulk imports: files whose rows become requests, worked on in the name of the person who sent them.
//!
//! A file is read once, when it arrives, and what becomes of each row is on disk before the answer. From then on a row
//! is a request as any other: the same permits, rules, duties and audit lines, under an idempotency key that is made of
//! the row's content. So an import goes on after a crash where it was, and a file that comes again changes nothing.
//!
//! Private input is never imported: it would lie in the files of the gateway.

mod file;
mod key;
mod record;
mod target;
mod view;

pub(crate) use self::{
    file::{Asked, FileForm, Imported, rows_of},
    key::row_key,
    record::XLSX,
    target::Target,
};
pub use self::{
    record::{Import, ImportRow, ImportState, KeptMapping, RowState},
    view::{
        ImportView, ImportsAnswer, MappingView, MappingsAnswer, PreviewAnswer, PreviewedRow, RowFaultView, RowView,
        RowsAnswer,
    },
};
