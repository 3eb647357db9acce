//! The check-digit algorithms that several standards share, and the form checks before them.

use super::error::{IdentifierError, IdentifierKind};

/// The GS1 check digit (General Specifications §7.9.1) for `digits` *without* its check digit: weights 3, 1,
/// 3, … starting at the digit that will stand next to the check digit.
///
/// Returns the ASCII digit, or `None` when `digits` is empty or holds anything but ASCII digits.
pub fn gs1_check_digit(digits: &str) -> Option<char> {
    if digits.is_empty() {
        return None;
    }
    let mut sum = 0u32;
    for (index, byte) in digits.bytes().rev().enumerate() {
        if !byte.is_ascii_digit() {
            return None;
        }
        let weight = if index % 2 == 0 { 3 } else { 1 };
        sum = (sum + u32::from(byte - b'0') * weight) % 10;
    }
    char::from_digit((10 - sum) % 10, 10)
}

/// Whether the last digit of `digits` is the GS1 check digit of the others.
pub fn gs1_check_digit_holds(digits: &str) -> bool {
    if !digits.is_ascii() || digits.len() < 2 {
        return false;
    }
    let (body, check) = digits.split_at(digits.len() - 1);
    gs1_check_digit(body).is_some_and(|digit| check.starts_with(digit))
}

/// The remainder modulo 97 of `text` read as a number, letters counting A = 10 … Z = 35 (ISO 7064, MOD 97-10).
///
/// Returns `None` when `text` holds anything but ASCII digits and upper-case letters.
pub fn iso7064_mod97(text: &str) -> Option<u32> {
    text.bytes().try_fold(0u32, |remainder, byte| match byte {
        b'0'..=b'9' => Some((remainder * 10 + u32::from(byte - b'0')) % 97),
        b'A'..=b'Z' => Some((remainder * 100 + u32::from(byte - b'A') + 10) % 97),
        _ => None,
    })
}

/// The first position in `text` whose byte `allowed` refuses, as an error.
pub(crate) fn every_byte(
    kind: IdentifierKind,
    text: &str,
    allowed: impl Fn(usize, u8) -> bool,
) -> Result<(), IdentifierError> {
    let stranger = text.bytes().enumerate().find(|(position, byte)| !allowed(*position, *byte));
    match stranger {
        Some((position, _)) => Err(IdentifierError::Character { kind, position }),
        None => Ok(()),
    }
}

/// An error unless `text` has a length in `lengths`, which `expected` says in words.
pub(crate) fn length(
    kind: IdentifierKind,
    text: &str,
    lengths: std::ops::RangeInclusive<usize>,
    expected: &'static str,
) -> Result<(), IdentifierError> {
    if lengths.contains(&text.len()) {
        Ok(())
    } else {
        Err(IdentifierError::Length { kind, expected, found: text.len() })
    }
}

/// An error unless every byte of `text` is an ASCII digit.
pub(crate) fn digits(kind: IdentifierKind, text: &str) -> Result<(), IdentifierError> {
    every_byte(kind, text, |_, byte| byte.is_ascii_digit())
}
