//! Units of measure by their common code in UN/CEFACT Recommendation 20: `KGM`, `LTR`, `C62`.

use crate::identifier::{IdentifierError, IdentifierKind, check, text_identifier};

text_identifier! {
    /// A unit of measure: one to three capitals and digits. Whether the code is listed is not checked: the list has two
    /// thousand entries and grows.
    UnitCode, IdentifierKind::Unit, "^[0-9A-Z]{1,3}$", "KGM"
}

impl UnitCode {
    fn canonical(text: &str) -> Result<String, IdentifierError> {
        let kind = IdentifierKind::Unit;
        check::length(kind, text, 1..=3, "1 to 3")?;
        check::every_byte(kind, text, |_, byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())?;
        Ok(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::UnitCode;

    #[test]
    fn a_unit_has_one_to_three_capitals_and_digits() {
        for text in ["KGM", "C62", "4L", "H"] {
            assert!(UnitCode::parse(text).is_ok(), "{text}");
        }
        for text in ["", "kgm", "KILO", "K M", "K-M", "µ"] {
            assert!(UnitCode::parse(text).is_err(), "{text}");
        }
    }
}
