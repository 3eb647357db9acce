//! Money: an integer of minor units and its ISO 4217 currency. No floating point, no conversion, no rounding.
//!
//! On the wire an [`Amount`] is `{"minor": "150000", "currency": "EUR"}`: the number as a decimal string,
//! because readers in other languages lose integers above 2^53.

use std::fmt;
use std::str::FromStr;

use crate::identifier::{IdentifierError, IdentifierKind, text_identifier};
use crate::malformed::Coded;

/// Currencies with an exponent other than two, from ISO 4217 list one.
const ZERO: &[&str] = &[
    "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF",
    "XPF",
];
const THREE: &[&str] = &["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"];
const FOUR: &[&str] = &["CLF", "UYW"];
/// Currencies with two decimal places. BGN left circulation at the end of 2025 and stays for earlier bookings.
const TWO: &[&str] = &[
    "AED", "AFN", "ALL", "AMD", "AOA", "ARS", "AUD", "AWG", "AZN", "BAM", "BBD", "BDT", "BGN", "BMD", "BND", "BOB",
    "BOV", "BRL", "BSD", "BTN", "BWP", "BYN", "BZD", "CAD", "CDF", "CHE", "CHF", "CHW", "CNY", "COP", "COU", "CRC",
    "CUP", "CVE", "CZK", "DKK", "DOP", "DZD", "EGP", "ERN", "ETB", "EUR", "FJD", "FKP", "GBP", "GEL", "GHS", "GIP",
    "GMD", "GTQ", "GYD", "HKD", "HNL", "HTG", "HUF", "IDR", "ILS", "INR", "IRR", "JMD", "KES", "KGS", "KHR", "KPW",
    "KYD", "KZT", "LAK", "LBP", "LKR", "LRD", "LSL", "MAD", "MDL", "MGA", "MKD", "MMK", "MNT", "MOP", "MRU", "MUR",
    "MVR", "MWK", "MXN", "MXV", "MYR", "MZN", "NAD", "NGN", "NIO", "NOK", "NPR", "NZD", "PAB", "PEN", "PGK", "PHP",
    "PKR", "PLN", "QAR", "RON", "RSD", "RUB", "SAR", "SBD", "SCR", "SDG", "SEK", "SGD", "SHP", "SLE", "SOS", "SRD",
    "SSP", "STN", "SVC", "SYP", "SZL", "THB", "TJS", "TMT", "TOP", "TRY", "TTD", "TWD", "TZS", "UAH", "USD", "USN",
    "UYU", "UZS", "VED", "VES", "WST", "XCD", "XCG", "YER", "ZAR", "ZMW", "ZWG",
];

text_identifier! {
    /// A currency: three upper-case letters on the ISO 4217 list. Metals, test codes and funds without a minor
    /// unit are not on it.
    CurrencyCode, IdentifierKind::Currency, "^[A-Z]{3}$", "EUR"
}

impl CurrencyCode {
    fn canonical(text: &str) -> Result<String, IdentifierError> {
        let kind = IdentifierKind::Currency;
        if text.len() != 3 {
            return Err(IdentifierError::Length { kind, expected: "3", found: text.len() });
        }
        if let Some(position) = text.bytes().position(|byte| !byte.is_ascii_uppercase()) {
            return Err(IdentifierError::Character { kind, position });
        }
        match exponent(text) {
            Some(_) => Ok(text.to_owned()),
            None => Err(IdentifierError::NotListed { kind }),
        }
    }

    /// Decimal places of the minor unit, 0 to 4: two for EUR, none for JPY.
    pub fn exponent(&self) -> u32 {
        exponent(self.as_str()).expect("a currency is on the list by construction")
    }
}

fn exponent(code: &str) -> Option<u32> {
    [(ZERO, 0), (TWO, 2), (THREE, 3), (FOUR, 4)]
        .into_iter()
        .find(|(codes, _)| codes.binary_search(&code).is_ok())
        .map(|(_, exponent)| exponent)
}

/// Minor units of a currency that stands beside it: cents, yen, fils. Never negative.
///
/// Written as a decimal string without sign, leading zeros, point or exponent, so that one number is one text and that
/// readers in other languages lose nothing above 2^53. Range: 0 to 2^64 − 1.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct MinorUnits(u64);

impl MinorUnits {
    /// Reads the decimal string.
    ///
    /// # Errors
    /// [`AmountError::MinorForm`], or [`AmountError::TooLarge`] above 2^64 − 1.
    pub fn parse(text: &str) -> Result<Self, AmountError> {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let leading_zero = text.len() > 1 && text.starts_with('0');
        if !digits || leading_zero {
            return Err(AmountError::MinorForm);
        }
        text.parse().map(Self).map_err(|_| AmountError::TooLarge)
    }

    /// The number.
    pub fn get(self) -> u64 {
        self.0
    }

    /// The sum.
    ///
    /// # Errors
    /// [`AmountError::TooLarge`] above 2^64 − 1.
    pub fn checked_add(self, other: Self) -> Result<Self, AmountError> {
        self.0.checked_add(other.0).map(Self).ok_or(AmountError::TooLarge)
    }

    /// What is left after taking `other` away.
    ///
    /// # Errors
    /// [`AmountError::Negative`] when `other` is larger.
    pub fn checked_sub(self, other: Self) -> Result<Self, AmountError> {
        self.0.checked_sub(other.0).map(Self).ok_or(AmountError::Negative)
    }
}

impl From<u64> for MinorUnits {
    fn from(number: u64) -> Self {
        Self(number)
    }
}

impl fmt::Display for MinorUnits {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, formatter)
    }
}

impl fmt::Debug for MinorUnits {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "MinorUnits({})", self.0)
    }
}

impl FromStr for MinorUnits {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

crate::serde_as_text!(MinorUnits);

impl schemars::JsonSchema for MinorUnits {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "MinorUnits".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "whole minor units of the currency, as a decimal string",
            "pattern": "^(0|[1-9][0-9]{0,19})$",
            "examples": ["150000"],
        })
    }
}

/// An amount of money, never negative: a direction (credit, debit, refund) is a field of its own.
#[derive(Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Amount {
    /// Minor units of the currency (cents, yen).
    pub minor: MinorUnits,
    /// The currency of the minor units.
    pub currency: CurrencyCode,
}

impl Amount {
    /// `minor` units of `currency`.
    pub fn new(minor: u64, currency: CurrencyCode) -> Self {
        Self { minor: MinorUnits(minor), currency }
    }

    /// Reads an amount in major units as bank messages and invoices write it, such as `1500.00`.
    ///
    /// Digits, at most one dot, at most 18 digits before and 17 after it (ISO 20022 allows 18 in all). Further
    /// decimal places than the currency has must be zeros.
    ///
    /// # Errors
    /// [`AmountError::Form`], [`AmountError::TooPrecise`] or [`AmountError::TooLarge`].
    pub fn from_major(text: &str, currency: CurrencyCode) -> Result<Self, AmountError> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits_only = whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit());
        let no_digits = whole.is_empty() && fraction.is_empty();
        if !digits_only || no_digits || whole.len() > 18 || fraction.len() > 17 || text.ends_with('.') {
            return Err(AmountError::Form);
        }
        let places = currency.exponent() as usize;
        let (kept, rest) = fraction.split_at(fraction.len().min(places));
        if rest.bytes().any(|byte| byte != b'0') {
            return Err(AmountError::TooPrecise { currency, places: places as u32 });
        }
        let digits = format!("{whole}{kept:0<places$}");
        let mut minor = 0u64;
        for byte in digits.bytes() {
            let shifted = minor.checked_mul(10).ok_or(AmountError::TooLarge)?;
            minor = shifted.checked_add(u64::from(byte - b'0')).ok_or(AmountError::TooLarge)?;
        }
        Ok(Self::new(minor, currency))
    }

    /// The amount in major units with all decimal places of the currency: `1500.00`, `12` for yen.
    pub fn to_major(&self) -> String {
        let places = self.currency.exponent();
        let (minor, unit) = (self.minor.get(), 10u64.pow(places));
        match places {
            0 => minor.to_string(),
            _ => format!("{}.{:0width$}", minor / unit, minor % unit, width = places as usize),
        }
    }

    /// The sum of two amounts of one currency.
    ///
    /// # Errors
    /// [`AmountError::CurrencyMismatch`], or [`AmountError::TooLarge`] above 2^64 − 1 minor units.
    pub fn checked_add(&self, other: &Self) -> Result<Self, AmountError> {
        self.same_currency(other)?;
        let minor = self.minor.checked_add(other.minor)?;
        Ok(Self { minor, currency: self.currency.clone() })
    }

    /// What is left after taking `other` away.
    ///
    /// # Errors
    /// [`AmountError::CurrencyMismatch`], or [`AmountError::Negative`] when `other` is larger.
    pub fn checked_sub(&self, other: &Self) -> Result<Self, AmountError> {
        self.same_currency(other)?;
        let minor = self.minor.checked_sub(other.minor)?;
        Ok(Self { minor, currency: self.currency.clone() })
    }

    fn same_currency(&self, other: &Self) -> Result<(), AmountError> {
        if self.currency == other.currency {
            return Ok(());
        }
        Err(AmountError::CurrencyMismatch { left: self.currency.clone(), right: other.currency.clone() })
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.to_major(), self.currency)
    }
}

impl fmt::Debug for Amount {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Amount({self})")
    }
}

/// Why an amount cannot be read or computed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// Not digits with at most one dot, or too many digits.
    #[error("an amount is written in digits with at most one dot")]
    Form,
    /// Not a whole number of minor units as a decimal string.
    #[error("minor units are a whole number without sign and leading zeros")]
    MinorForm,
    /// More decimal places than the currency has.
    #[error("{currency} has {places} decimal places")]
    TooPrecise {
        /// The currency.
        currency: CurrencyCode,
        /// Its decimal places.
        places: u32,
    },
    /// Above 2^64 − 1 minor units.
    #[error("the amount is above 2^64 - 1 minor units")]
    TooLarge,
    /// Below zero.
    #[error("the amount would be negative")]
    Negative,
    /// Two currencies in one sum.
    #[error("{left} and {right} cannot be added")]
    CurrencyMismatch {
        /// The first currency.
        left: CurrencyCode,
        /// The second currency.
        right: CurrencyCode,
    },
}

impl Coded for AmountError {
    fn code(&self) -> &'static str {
        "request.number_malformed"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn currency(code: &str) -> CurrencyCode {
        CurrencyCode::parse(code).expect("a listed currency")
    }

    fn rule(error: &AmountError) -> &'static str {
        match error {
            AmountError::Form => "Form",
            AmountError::MinorForm => "MinorForm",
            AmountError::TooPrecise { .. } => "TooPrecise",
            AmountError::TooLarge => "TooLarge",
            AmountError::Negative => "Negative",
            AmountError::CurrencyMismatch { .. } => "CurrencyMismatch",
        }
    }

    #[test]
    fn minor_units_have_one_text() {
        for text in ["0", "1", "150000", "18446744073709551615"] {
            assert_eq!(MinorUnits::parse(text).map(|minor| minor.to_string()).as_deref(), Ok(text));
        }
        for text in ["", "00", "01", "+1", "-1", "1.0", "1e3", " 1", "1_000", "１"] {
            assert_eq!(MinorUnits::parse(text), Err(AmountError::MinorForm), "{text:?}");
        }
        assert_eq!(MinorUnits::parse("18446744073709551616"), Err(AmountError::TooLarge));
    }

    #[test]
    fn the_lists_are_sorted_and_disjoint() {
        let mut all: Vec<&str> = Vec::new();
        for list in [ZERO, TWO, THREE, FOUR] {
            assert!(list.windows(2).all(|pair| pair[0] < pair[1]));
            all.extend(list);
        }
        all.sort_unstable();
        assert!(all.windows(2).all(|pair| pair[0] != pair[1]));
    }

    #[test]
    fn major_units_become_minor_units_of_their_currency() {
        let rows = [
            ("1500.00", "EUR", Ok(150_000)),
            ("1500", "EUR", Ok(150_000)),
            ("1500.5", "CHF", Ok(150_050)),
            ("0.5", "KWD", Ok(500)),
            (".5", "EUR", Ok(50)),
            ("12", "JPY", Ok(12)),
            ("12.00", "JPY", Ok(12)),
            ("12.01", "JPY", Err("TooPrecise")),
            ("1.005", "EUR", Err("TooPrecise")),
            ("184467440737095516.15", "EUR", Ok(u64::MAX)),
            ("184467440737095516.16", "EUR", Err("TooLarge")),
            ("-1", "EUR", Err("Form")),
            ("+1", "EUR", Err("Form")),
            ("1e3", "EUR", Err("Form")),
            ("1,5", "EUR", Err("Form")),
            ("", "EUR", Err("Form")),
            (".", "EUR", Err("Form")),
            ("1.", "EUR", Err("Form")),
            ("1.2.3", "EUR", Err("Form")),
            ("1234567890123456789", "EUR", Err("Form")),
        ];
        for (text, code, expected) in rows {
            let found = Amount::from_major(text, currency(code)).map(|amount| amount.minor.get());
            assert_eq!(found.map_err(|error| rule(&error)), expected, "{text} {code}");
        }
    }

    #[test]
    fn the_wire_form_is_a_decimal_string_and_nothing_else() {
        let amount = Amount::new(u64::MAX, currency("EUR"));
        let text = serde_json::to_string(&amount).expect("plain data");
        assert_eq!(text, r#"{"minor":"18446744073709551615","currency":"EUR"}"#);
        assert_eq!(serde_json::from_str::<Amount>(&text).expect("its own output"), amount);
        for bad in ["1", "\"01\"", "\"-1\"", "\"1.0\"", "\"\"", "\"18446744073709551616\"", "1.5"] {
            let text = format!(r#"{{"minor":{bad},"currency":"EUR"}}"#);
            assert!(serde_json::from_str::<Amount>(&text).is_err(), "{text}");
        }
    }

    #[test]
    fn sums_refuse_mixed_currencies_overflow_and_negative_results() {
        let one = Amount::new(1, currency("EUR"));
        let other = Amount::new(1, currency("USD"));
        let most = Amount::new(u64::MAX, currency("EUR"));
        assert_eq!(one.checked_add(&other).map_err(|error| rule(&error)), Err("CurrencyMismatch"));
        assert_eq!(one.checked_add(&most), Err(AmountError::TooLarge));
        assert_eq!(one.checked_sub(&most), Err(AmountError::Negative));
        assert_eq!(one.checked_add(&one).map(|sum| sum.minor), Ok(MinorUnits(2)));
        assert_eq!(Amount::new(5, currency("KWD")).to_string(), "0.005 KWD");
    }
}
