//! Values of columns as arguments of statements.

use crate::sqlx::{Any, any::AnyArguments, statement::Query};

use crate::resource::Cell;

/// A statement with its arguments.
pub(crate) type Statement<'q> = Query<'q, Any, AnyArguments<'q>>;

/// Adds a column's value to a statement.
pub(crate) fn bind(statement: Statement<'_>, cell: Cell) -> Statement<'_> {
    match cell {
        Cell::Text(text) => statement.bind(text),
        Cell::Number(number) => statement.bind(number),
    }
}

/// Bytes as texts in tables have them.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
