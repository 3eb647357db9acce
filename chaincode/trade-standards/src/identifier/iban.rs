//! Account numbers (ISO 13616): the country decides the length, MOD 97-10 guards the whole.
//!
//! The inner structure of each country's account number is not checked, only its length.

use super::check::{every_byte, iso7064_mod97, length};
use super::error::{IdentifierError, IdentifierKind};

/// Country and total length from the IBAN registry, sorted by country.
const LENGTHS: &[(&str, usize)] = &[
    ("AD", 24),
    ("AE", 23),
    ("AL", 28),
    ("AT", 20),
    ("AZ", 28),
    ("BA", 20),
    ("BE", 16),
    ("BG", 22),
    ("BH", 22),
    ("BI", 27),
    ("BR", 29),
    ("BY", 28),
    ("CH", 21),
    ("CR", 22),
    ("CY", 28),
    ("CZ", 24),
    ("DE", 22),
    ("DJ", 27),
    ("DK", 18),
    ("DO", 28),
    ("EE", 20),
    ("EG", 29),
    ("ES", 24),
    ("FI", 18),
    ("FK", 18),
    ("FO", 18),
    ("FR", 27),
    ("GB", 22),
    ("GE", 22),
    ("GI", 23),
    ("GL", 18),
    ("GR", 27),
    ("GT", 28),
    ("HN", 28),
    ("HR", 21),
    ("HU", 28),
    ("IE", 22),
    ("IL", 23),
    ("IQ", 23),
    ("IS", 26),
    ("IT", 27),
    ("JO", 30),
    ("KW", 30),
    ("KZ", 20),
    ("LB", 28),
    ("LC", 32),
    ("LI", 21),
    ("LT", 20),
    ("LU", 20),
    ("LV", 21),
    ("LY", 25),
    ("MC", 27),
    ("MD", 24),
    ("ME", 22),
    ("MK", 19),
    ("MN", 20),
    ("MR", 27),
    ("MT", 31),
    ("MU", 30),
    ("NI", 28),
    ("NL", 18),
    ("NO", 15),
    ("OM", 23),
    ("PK", 24),
    ("PL", 28),
    ("PS", 29),
    ("PT", 25),
    ("QA", 29),
    ("RO", 24),
    ("RS", 22),
    ("RU", 33),
    ("SA", 24),
    ("SC", 31),
    ("SD", 18),
    ("SE", 24),
    ("SI", 19),
    ("SK", 24),
    ("SM", 27),
    ("SO", 23),
    ("ST", 25),
    ("SV", 28),
    ("TL", 23),
    ("TN", 24),
    ("TR", 26),
    ("UA", 29),
    ("VA", 22),
    ("VG", 24),
    ("XK", 20),
    ("YE", 30),
];

text_identifier! {
    /// An account number in electronic form: no blanks, upper case.
    Iban, IdentifierKind::Iban, "^[A-Z]{2}[0-9]{2}[0-9A-Z]{11,30}$", "DE89370400440532013000"
}

impl Iban {
    fn canonical(text: &str) -> Result<String, IdentifierError> {
        let kind = IdentifierKind::Iban;
        length(kind, text, 15..=34, "15 to 34")?;
        every_byte(kind, text, |position, byte| match position {
            0 | 1 => byte.is_ascii_uppercase(),
            2 | 3 => byte.is_ascii_digit(),
            _ => byte.is_ascii_digit() || byte.is_ascii_uppercase(),
        })?;
        let country = LENGTHS.binary_search_by_key(&&text[..2], |(country, _)| *country);
        let expected = LENGTHS[country.map_err(|_| IdentifierError::UnknownCountry { kind })?].1;
        if text.len() != expected {
            return Err(IdentifierError::Length { kind, expected: "the length of its country", found: text.len() });
        }
        let rotated = format!("{}{}", &text[4..], &text[..4]);
        if iso7064_mod97(&rotated) != Some(1) {
            return Err(IdentifierError::CheckDigit { kind });
        }
        Ok(text.to_owned())
    }

    /// The two letters of the country that issued the account.
    pub fn country(&self) -> &str {
        &self.as_str()[..2]
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_registry_is_sorted_and_has_no_doubles() {
        assert!(super::LENGTHS.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }
}
