//! The database: SQLite in a file, or PostgreSQL by URL. Both are spoken to with one SQL text, in which `$1`, `$2`
//! stand for values and the few words that differ are filled in by [`Dialect`].

mod apply;
mod author;
mod database;
mod dialect;
mod document;
mod entries;
mod error;
mod found;
mod insert;
mod key;
mod reader;
mod row;
mod schema;
mod value;

pub use self::{
    apply::Applied,
    database::Store,
    dialect::Dialect,
    error::StoreError,
    reader::{Reader, ReaderId},
};
pub(crate) use self::{
    key::{entry_key, longer},
    value::{Statement, bind, hexadecimal},
};
