//! One JSON object a line.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::{Cell, FileError, Header, Limits, Options, Row, RowFault, epcis::Members, row::Each};

/// Bytes of one line, as of one request in JSON: as values it takes many times as many.
const LINE_BYTES_MAX: usize = 1024 * 1024;

pub(crate) fn read(bytes: &[u8], options: &Options, limits: &Limits, each: Each<'_>) -> Result<(), FileError> {
    let text = options.encoding.decode(bytes)?;
    let none = Arc::new(Header::new(Vec::new()));
    for (line, text) in (1..).zip(text.lines()).filter(|(_, text)| !text.trim().is_empty()) {
        if text.len() > LINE_BYTES_MAX {
            return Err(FileError::LineTooLong { line, most: LINE_BYTES_MAX });
        }
        // Read twice: the first time tells whether a name stands twice.
        let object = serde_json::from_str::<Members<'_>>(text).and_then(|_| serde_json::from_str::<Map<_, _>>(text));
        let row = match object {
            Ok(object) if object.len() > limits.columns => {
                return Err(FileError::TooManyColumns { line, most: limits.columns });
            }
            Ok(object) => {
                let (names, cells) = object.into_iter().map(|(name, value)| (name, cell(value))).unzip();
                Row { line, header: Arc::new(Header::new(names)), cells, fault: None }
            }
            Err(_) => Row {
                line,
                header: Arc::clone(&none),
                cells: Vec::new(),
                fault: Some(RowFault::new("json_malformed", "The line is not one JSON object, or has a name twice.")),
            },
        };
        if each(row)?.is_break() {
            break;
        }
    }
    Ok(())
}

fn cell(value: Value) -> Cell {
    match value {
        Value::Null => Cell::Empty,
        Value::Bool(flag) => Cell::Flag(flag),
        Value::String(text) => Cell::of_text(&text),
        // A number with decimals has gone through binary floating point.
        Value::Number(number) if number.is_f64() => Cell::Lossy(number.to_string()),
        Value::Number(number) => Cell::Number(number.to_string()),
        nested => Cell::Nested(nested),
    }
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use super::*;
    use crate::Format;

    #[test]
    fn each_line_is_a_row_and_a_malformed_one_is_a_fault_of_its_own() {
        let text =
            "{\"a\":\"x\",\"b\":1,\"c\":0.1,\"d\":null,\"e\":true,\"f\":[1]}\n\n[]\n{\"a\":1}{}\n{\"a\":1,\"a\":2}\n";
        let mut rows = Vec::new();
        crate::read(Format::Ndjson, text.as_bytes(), &Options::default(), &Limits::default(), &mut |row| {
            rows.push(row);
            ControlFlow::Continue(())
        })
        .expect("a table");
        assert_eq!(rows.iter().map(|row| row.line).collect::<Vec<_>>(), [1, 3, 4, 5]);
        assert_eq!(
            rows[0].cells,
            [
                Cell::Text("x".to_owned()),
                Cell::Number("1".to_owned()),
                Cell::Lossy("0.1".to_owned()),
                Cell::Empty,
                Cell::Flag(true),
                Cell::Nested(serde_json::json!([1])),
            ]
        );
        assert!(rows[1..].iter().all(|row| row.fault.is_some()));
        let long = format!("{{\"a\":[{}0]}}", "0,".repeat(LINE_BYTES_MAX / 2));
        let read = crate::read(Format::Ndjson, long.as_bytes(), &Options::default(), &Limits::default(), &mut |_| {
            ControlFlow::Continue(())
        });
        assert_eq!(read, Err(FileError::LineTooLong { line: 1, most: LINE_BYTES_MAX }));
    }
}
