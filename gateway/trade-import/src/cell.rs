//! What stands in a cell.

/// The content of a cell, as far as the file says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// Nothing.
    Empty,
    /// A text as it was written.
    Text(String),
    /// A number of a spreadsheet or of JSON: digits, with a point where it has decimals. How it was shown is not known.
    Number(String),
    /// A number that has lost digits: beyond fifteen of them, or in scientific notation.
    Lossy(String),
    /// True or false.
    Flag(bool),
    /// A day of a spreadsheet, with the time of day where there is one: year, month, day, hour, minute, second.
    Moment([u16; 6]),
    /// An error of a spreadsheet's formula, such as `#REF!`.
    Broken(String),
    /// An object or a list of JSON.
    Nested(serde_json::Value),
}

/// What a report shows of a formula without a value.
pub(crate) const NOT_COMPUTED: &str = "(formula without a value)";

/// Digits that a spreadsheet keeps.
const DIGITS_MAX: usize = 15;

impl Cell {
    /// A cell of a text file.
    #[must_use]
    pub fn of_text(text: &str) -> Self {
        if text.is_empty() { Self::Empty } else { Self::Text(text.to_owned()) }
    }

    /// A cell of a spreadsheet that holds a number.
    #[must_use]
    pub fn of_double(number: f64) -> Self {
        // The shortest text that means the same number, without an exponent: what was typed, if it had 15 digits.
        let text = format!("{number}");
        let digits = text.trim_start_matches(['-', '0', '.']).bytes().filter(u8::is_ascii_digit).count();
        if number.is_finite() && digits <= DIGITS_MAX { Self::Number(text) } else { Self::Lossy(text) }
    }

    /// The cell as a report shows it. A report may come back as a file: no number in it is read as another one then.
    #[must_use]
    pub fn shown(&self) -> String {
        match self {
            Self::Empty => String::new(),
            // Where a point stands between thousands, 1.125 would become 1125.
            Self::Number(text) | Self::Lossy(text) if has_three_decimals(text) => format!("{text}0"),
            // Digits that were lost are shown as lost.
            Self::Lossy(text) if text.len() > DIGITS_MAX && text.bytes().all(|byte| byte.is_ascii_digit()) => {
                format!("{}.{}E+{}", &text[..1], &text[1..], text.len() - 1)
            }
            Self::Text(text) | Self::Number(text) | Self::Lossy(text) | Self::Broken(text) => text.clone(),
            Self::Flag(flag) => flag.to_string(),
            Self::Moment([year, month, day, 0, 0, 0]) => format!("{year:04}-{month:02}-{day:02}"),
            Self::Moment([year, month, day, hour, minute, second]) => {
                format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
            }
            Self::Nested(value) => value.to_string(),
        }
    }

    /// Whether there is nothing in it but blanks.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Text(text) => text.trim().is_empty(),
            _ => false,
        }
    }
}

fn has_three_decimals(text: &str) -> bool {
    text.split_once('.').is_some_and(|(_, decimals)| decimals.len() == 3)
}

/// Whether a text is what spreadsheets write in place of a value that they could not compute.
pub(crate) fn is_error(text: &str) -> bool {
    ["#REF!", "#N/A", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!", NOT_COMPUTED].contains(&text.trim())
}

/// Whether a text is a number as spreadsheets write it when it has no room: `9.506E+12`. A code such as `1E5` is none.
pub(crate) fn is_scientific(text: &str) -> bool {
    let text = text.trim();
    let Some((number, exponent)) = text.split_once(['E', 'e']) else { return false };
    let number = number.strip_prefix('-').unwrap_or(number);
    let mut digits = number.splitn(2, ['.', ',']);
    let all_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_number = digits.next().is_some_and(all_digits) && digits.next().is_none_or(all_digits);
    let signed = exponent.strip_prefix(['+', '-']);
    is_number && (signed.is_some_and(all_digits) || number.contains(['.', ',']) && all_digits(exponent))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_spreadsheet_has_shortened_is_known() {
        for text in ["9.50600013435E+12", "9,506E+12", "9E+12", "1.5e3", " 1E-5 ", "-1.0E+3"] {
            assert!(is_scientific(text), "{text}");
        }
        for text in ["1E5", "E+5", "9.506", "ABC", "1E", "1.E+3", "PO-1E+3", ""] {
            assert!(!is_scientific(text), "{text}");
        }
    }

    #[test]
    fn a_number_of_more_than_fifteen_digits_has_lost_some() {
        assert_eq!(Cell::of_double(9_506_000_134_352.0), Cell::Number("9506000134352".to_owned()));
        assert_eq!(Cell::of_double(12.5), Cell::Number("12.5".to_owned()));
        assert_eq!(Cell::of_double(-0.001), Cell::Number("-0.001".to_owned()));
        assert!(matches!(Cell::of_double(106_141_412_345_678_908.0), Cell::Lossy(_)));
        assert!(matches!(Cell::of_double(0.1 + 0.2), Cell::Lossy(_)));
        assert!(matches!(Cell::of_double(f64::NAN), Cell::Lossy(_)));
    }
}
