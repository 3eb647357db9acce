//! Freight container numbers (ISO 6346): owner, category, serial, check digit.

use super::check::{every_byte, length};
use super::error::{IdentifierError, IdentifierKind};

text_identifier! {
    /// A container number: three letters of the owner, category U, J, Z or R, six digits, one check digit.
    ContainerNumber, IdentifierKind::Container, "^[A-Z]{3}[UJZR][0-9]{7}$", "CSQU3054383"
}

impl ContainerNumber {
    fn canonical(text: &str) -> Result<String, IdentifierError> {
        let kind = IdentifierKind::Container;
        length(kind, text, 11..=11, "11")?;
        every_byte(
            kind,
            text,
            |position, byte| {
                if position < 4 { byte.is_ascii_uppercase() } else { byte.is_ascii_digit() }
            },
        )?;
        if !matches!(text.as_bytes()[3], b'U' | b'J' | b'Z' | b'R') {
            return Err(IdentifierError::Form { kind, rule: "the fourth letter must be U, J, Z or R" });
        }
        if check_digit(&text.as_bytes()[..10]) != text.as_bytes()[10] - b'0' {
            return Err(IdentifierError::CheckDigit { kind });
        }
        Ok(text.to_owned())
    }
}

/// Sum of value × 2^position, modulo 11, modulo 10 (a remainder of 10 becomes 0).
fn check_digit(ten: &[u8]) -> u8 {
    let sum: u32 = ten.iter().enumerate().map(|(position, byte)| value(*byte) << position).sum();
    (sum % 11 % 10) as u8
}

/// Digits count as themselves; letters count from 10 and skip the multiples of 11.
fn value(byte: u8) -> u32 {
    match byte {
        b'0'..=b'9' => u32::from(byte - b'0'),
        _ => {
            let plain = u32::from(byte - b'A') + 10;
            plain + (plain - 1) / 10
        }
    }
}

#[cfg(test)]
mod tests {
    use super::value;

    #[test]
    fn letters_skip_the_multiples_of_eleven() {
        let table = [(b'A', 10), (b'B', 12), (b'K', 21), (b'L', 23), (b'U', 32), (b'V', 34), (b'Z', 38)];
        for (letter, expected) in table {
            assert_eq!(value(letter), expected, "{}", letter as char);
        }
    }
}
