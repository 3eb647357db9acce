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

/// Places for so many values of a statement: `$2, $3`.
pub(super) fn places(first: usize, count: usize) -> String {
    let places: Vec<String> = (first..first + count).map(|place| format!("${place}")).collect();
    places.join(", ")
}

/// Places for rows of values: `($2, $3), ($4, $5)`.
pub(super) fn rows_of_places(first: usize, columns: usize, rows: usize) -> String {
    let row = |row: usize| format!("({})", places(first + row * columns, columns));
    let rows: Vec<String> = (0..rows).map(row).collect();
    rows.join(", ")
}
