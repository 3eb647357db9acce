//! Quantities of goods: positive decimal numbers, exact to the millionth, without floating point.

use std::fmt;
use std::str::FromStr;

use crate::malformed::Coded;

/// Millionths in one.
const ONE: u64 = 1_000_000;
/// The greatest quantity, 999 999 999 999.999999, in millionths.
const MILLIONTHS_MAX: u64 = 999_999_999_999_999_999;

/// A positive quantity, 0.000001 to 999 999 999 999.999999, whose unit is a field of its own ([`UnitCode`]).
///
/// It is written as a decimal number: at most 12 digits before the point and at most 6 after it, no sign, no exponent,
/// no leading zeros. Zeros at the end of the fraction are read and never written: `1.50` and `1.5` are one quantity.
///
/// [`UnitCode`]: crate::customs::UnitCode
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quantity {
    millionths: u64,
}

impl Quantity {
    /// From millionths, 1 to 10^18 − 1.
    ///
    /// # Errors
    /// [`QuantityError::Range`] outside of that.
    pub fn from_millionths(millionths: u64) -> Result<Self, QuantityError> {
        if (1..=MILLIONTHS_MAX).contains(&millionths) { Ok(Self { millionths }) } else { Err(QuantityError::Range) }
    }

    /// In millionths, 1 to 10^18 − 1.
    pub fn millionths(self) -> u64 {
        self.millionths
    }

    /// Reads a decimal number.
    ///
    /// # Errors
    /// [`QuantityError::Form`] when it is not written as the type demands, [`QuantityError::Range`] when it is zero.
    pub fn parse(text: &str) -> Result<Self, QuantityError> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let digits =
            |part: &str, max: usize| (1..=max).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
        let leading_zero = whole.len() > 1 && whole.starts_with('0');
        if !digits(whole, 12) || !digits(fraction, 6) || leading_zero {
            return Err(QuantityError::Form);
        }
        let millionths = format!("{whole}{fraction:0<6}").parse().map_err(|_| QuantityError::Form)?;
        Self::from_millionths(millionths)
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, fraction) = (self.millionths / ONE, self.millionths % ONE);
        if fraction == 0 {
            return write!(formatter, "{whole}");
        }
        let fraction = format!("{fraction:06}");
        write!(formatter, "{whole}.{}", fraction.trim_end_matches('0'))
    }
}

impl fmt::Debug for Quantity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Quantity({self})")
    }
}

impl FromStr for Quantity {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

crate::serde_as_text!(Quantity);

impl schemars::JsonSchema for Quantity {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Quantity".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "positive decimal number, at most 12 digits before and 6 after the point",
            "pattern": r"^(0|[1-9][0-9]{0,11})(\.[0-9]{1,6})?$",
            "examples": ["12.5"],
        })
    }
}

/// Why a text is no quantity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum QuantityError {
    /// Not written as a decimal number of at most 12 digits before and 6 after the point.
    #[error("a quantity is a decimal number with at most 12 digits before and 6 after the point")]
    Form,
    /// Zero, or beyond 999 999 999 999.999999.
    #[error("a quantity is above zero and at most 999999999999.999999")]
    Range,
}

impl Coded for QuantityError {
    fn code(&self) -> &'static str {
        "request.number_malformed"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_quantity_has_one_text() {
        for (text, canonical) in [
            ("1", "1"),
            ("1.50", "1.5"),
            ("1.000000", "1"),
            ("0.000001", "0.000001"),
            ("999999999999.999999", "999999999999.999999"),
        ] {
            assert_eq!(Quantity::parse(text).map(|quantity| quantity.to_string()).as_deref(), Ok(canonical), "{text}");
        }
    }

    #[test]
    fn what_is_no_positive_decimal_number_is_refused() {
        for text in ["", ".", "1.", ".5", "-1", "+1", "1e3", "1,5", "01", "00.5", "1.0000001", "1234567890123", "١"] {
            assert_eq!(Quantity::parse(text), Err(QuantityError::Form), "{text:?}");
        }
        for text in ["0", "0.0", "0.000000"] {
            assert_eq!(Quantity::parse(text), Err(QuantityError::Range), "{text}");
        }
    }
}
