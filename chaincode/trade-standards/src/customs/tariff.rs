//! Tariff codes: chapter, heading and subheading of the Harmonized System (HS 2022), then national digits.
//!
//! Chapters run from 01 to 97 and 77 is reserved (HS 2022, table of contents). Chapters 98 and 99 are left to national
//! schemes and mean nothing across a border, so they are refused. The headings of a chapter are counted from 01, so
//! there is no heading 00.

use crate::identifier::{IdentifierError, IdentifierKind, check, text_identifier};

text_identifier! {
    /// What goods are: the six digits of a subheading of the Harmonized System, or eight or ten with national digits;
    /// without dots.
    TariffCode, IdentifierKind::Tariff, "^(0[1-9]|[1-68][0-9]|7[0-689]|9[0-7])(0[1-9]|[1-9][0-9])[0-9]{2}([0-9]{2}){0,2}$", "950300"
}

impl TariffCode {
    fn canonical(text: &str) -> Result<String, IdentifierError> {
        of_lengths(text, &[6, 8, 10], "6, 8 or 10")
    }

    /// The first two digits.
    pub fn chapter(&self) -> &str {
        &self.as_str()[..2]
    }

    /// The first four digits.
    pub fn heading(&self) -> &str {
        &self.as_str()[..4]
    }

    /// The six digits that mean the same in every country.
    pub fn subheading(&self) -> &str {
        &self.as_str()[..6]
    }
}

text_identifier! {
    /// The beginning of a tariff code, for rules about many goods: a chapter, a heading, a subheading or a national
    /// code; 2, 4, 6, 8 or 10 digits.
    TariffPrefix, IdentifierKind::Tariff, "^(0[1-9]|[1-68][0-9]|7[0-689]|9[0-7])((0[1-9]|[1-9][0-9])([0-9]{2}){0,3})?$", "9503"
}

impl TariffPrefix {
    fn canonical(text: &str) -> Result<String, IdentifierError> {
        of_lengths(text, &[2, 4, 6, 8, 10], "2, 4, 6, 8 or 10")
    }

    /// Whether the goods of `code` fall under it.
    pub fn covers(&self, code: &TariffCode) -> bool {
        code.as_str().starts_with(self.as_str())
    }
}

fn of_lengths(text: &str, lengths: &[usize], expected: &'static str) -> Result<String, IdentifierError> {
    let kind = IdentifierKind::Tariff;
    if !lengths.contains(&text.len()) {
        return Err(IdentifierError::Length { kind, expected, found: text.len() });
    }
    check::digits(kind, text)?;
    if !("01"..="97").contains(&&text[..2]) || &text[..2] == "77" {
        return Err(IdentifierError::Form { kind, rule: "the chapter must be 01 to 97 and not 77" });
    }
    if text.get(2..4) == Some("00") {
        return Err(IdentifierError::Form { kind, rule: "the heading must be 01 to 99 of its chapter" });
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_chapters_that_do_not_exist_are_refused() {
        for text in ["000000", "770000", "990000", "980000", "7701001000", "99990000"] {
            let refused = TariffCode::parse(text).map_err(|error| matches!(error, IdentifierError::Form { .. }));
            assert_eq!(refused, Err(true), "{text}");
            assert!(TariffPrefix::parse(&text[..2]).is_err(), "{text}");
        }
        for text in ["010121", "970190", "76169990", "6109100010"] {
            assert_eq!(TariffCode::parse(text).map(String::from).as_deref(), Ok(text));
        }
        for text in ["", "95", "9503", "95030", "9503000", "9503.00", "95 300", "９５０３００", "950300950300"] {
            assert!(TariffCode::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn heading_00_of_a_chapter_does_not_exist() {
        for text in ["010000", "950000", "01000010", "9700000000"] {
            let refused = TariffCode::parse(text).map_err(|error| matches!(error, IdentifierError::Form { .. }));
            assert_eq!(refused, Err(true), "{text}");
            assert!(TariffPrefix::parse(&text[..4]).is_err(), "{text}");
        }
        assert!(TariffPrefix::parse("0106").is_ok() && TariffCode::parse("010600").is_ok());
    }

    #[test]
    fn a_prefix_covers_what_begins_with_it() -> Result<(), IdentifierError> {
        let code = TariffCode::parse("61091000")?;
        assert_eq!((code.chapter(), code.heading(), code.subheading()), ("61", "6109", "610910"));
        for (prefix, covered) in
            [("61", true), ("610910", true), ("61091000", true), ("6110", false), ("6109100010", false)]
        {
            assert_eq!(TariffPrefix::parse(prefix)?.covers(&code), covered, "{prefix}");
        }
        Ok(())
    }
}
