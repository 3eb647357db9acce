//! What is given back to those who made the file: their own columns, and what became of the row.

use crate::cell;

/// A line of CSV, with its line break, in which no cell is taken for a formula by a spreadsheet.
#[must_use]
pub fn report_line<S: AsRef<str>>(cells: &[S]) -> String {
    let quoted = |cell: &S| {
        let text = harmless(cell.as_ref());
        match text.contains([',', ';', '\t', '"', '\r', '\n']) {
            true => format!("\"{}\"", text.replace('"', "\"\"")),
            false => text,
        }
    };
    cells.iter().map(quoted).collect::<Vec<_>>().join(",") + "\r\n"
}

/// A text that a spreadsheet shows and does not compute: before `=`, `+`, `-`, `@`, a tab or a line break at its
/// beginning an apostrophe is put. A plain number stays as it is.
#[must_use]
pub fn harmless(text: &str) -> String {
    let begins = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    if begins && !is_number(text) { format!("'{text}") } else { text.to_owned() }
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let is_plain = digits.split(['.', ',']).all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()));
    is_plain || cell::is_scientific(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_of_a_report_is_a_formula() {
        for text in ["=1+1", "+SUM(A1)", "-2+3", "@x", "\t=1", "\n=1", "-", "-1-2", "=cmd|' /C calc'!A0"] {
            assert_eq!(harmless(text), format!("'{text}"));
        }
        for text in ["-12.50", "+4", "-1,5", "A=1", "", "12", "-1.5E+3"] {
            assert_eq!(harmless(text), text);
        }
        assert_eq!(report_line(&["a;b", "=\"x\"", "", "plain"]), "\"a;b\",\"'=\"\"x\"\"\",,plain\r\n");
    }
}
