//! Texts with a rule: the macro that makes a type of one, and texts for people.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Invisible, Malformed};

/// A newtype over its canonical text. `canonical` takes any text and gives the canonical one or the broken rule;
/// parsing, printing, serde, schema and the form in a key follow from it.
macro_rules! text_type {
    ($(#[$meta:meta])* $name:ident, $pattern:literal, $example:literal, $canonical:expr) => {
        $(#[$meta])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Reads and checks a text.
            ///
            /// # Errors
            /// [`Malformed`](crate::common::Malformed) with the rule that the text breaks.
            pub fn parse(text: &str) -> Result<Self, crate::common::Malformed> {
                let canonical: fn(&str) -> Result<String, crate::common::Malformed> = $canonical;
                canonical(text).map(Self)
            }

            /// The canonical text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str(&self.0)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(formatter, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = crate::common::Malformed;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::parse(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = crate::common::Malformed;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> String {
                value.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl fabric_contract::KeyPart for $name {
            const SHAPE: &'static str = stringify!($name);

            fn to_part(&self) -> String {
                self.0.clone()
            }

            fn from_part(part: &str) -> Option<Self> {
                Self::parse(part).ok()
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "pattern": $pattern, "examples": [$example] })
            }
        }
    };
}

pub(crate) use text_type;

/// A text for people: 1 to `MAX` characters, not only blanks, no control characters and none of those
/// that [`Invisible`] lists.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Text<const MAX: usize>(String);

/// A remark, a reason or a condition.
pub type Remark = Text<500>;

/// A text of another standard or of a document, kept as it is: an event's own id, a business step, a place.
pub type Foreign = Text<2000>;

impl<const MAX: usize> Text<MAX> {
    /// Reads and checks a text.
    ///
    /// # Errors
    /// [`Malformed`] with the code `request.text_malformed` or `request.text_invisible`.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let holds = !text.trim().is_empty() && text.chars().count() <= MAX && !text.chars().any(char::is_control);
        if !holds {
            let rule = format!("must have 1 to {MAX} characters and no control characters");
            return Err(Malformed::new("request.text_malformed", rule));
        }
        match Invisible::in_text(text) {
            Some(invisible) => Err(Malformed::new("request.text_invisible", invisible.to_string())),
            None => Ok(Self(text.to_owned())),
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Foreign {
    /// The text of an id, which is always short enough and never blank.
    pub fn of_id(id: &impl AsRef<str>) -> Self {
        Self(id.as_ref().to_owned())
    }
}

impl<const MAX: usize> fmt::Display for Text<MAX> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl<const MAX: usize> fmt::Debug for Text<MAX> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?}", self.0)
    }
}

impl<const MAX: usize> AsRef<str> for Text<MAX> {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> std::str::FromStr for Text<MAX> {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl<const MAX: usize> TryFrom<String> for Text<MAX> {
    type Error = Malformed;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl<const MAX: usize> From<Text<MAX>> for String {
    fn from(text: Text<MAX>) -> String {
        text.0
    }
}

impl<const MAX: usize> JsonSchema for Text<MAX> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("Text{MAX}").into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "minLength": 1, "maxLength": MAX })
    }
}

fn ascii(text: &str, lengths: std::ops::RangeInclusive<usize>, allowed: impl Fn(u8) -> bool) -> bool {
    lengths.contains(&text.len()) && text.bytes().all(allowed)
}

text_type! {
    /// A registration office by its WIPO ST.3 code: two capitals.
    OfficeCode, "^[A-Z]{2}$", "EM", |text| {
        if ascii(text, 2..=2, |byte| byte.is_ascii_uppercase()) {
            return Ok(text.to_owned());
        }
        Err(Malformed::new("rights.registration_malformed", "must be the two capitals of an office (WIPO ST.3)"))
    }
}

text_type! {
    /// A registration number as an office writes it: 1 to 40 capitals, digits, dots or dashes.
    RegistrationNumber, "^[A-Z0-9.-]{1,40}$", "018123456", |text| {
        let allowed = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-');
        if ascii(text, 1..=40, allowed) {
            return Ok(text.to_owned());
        }
        Err(Malformed::new("rights.registration_malformed", "must have 1 to 40 capitals, digits, dots or dashes"))
    }
}

text_type! {
    /// A media type without parameters, `type/subtype` (RFC 6838).
    MediaType, "^[A-Za-z0-9!#$&^_.+-]{1,127}/[A-Za-z0-9!#$&^_.+-]{1,127}$", "image/jpeg", |text| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte);
        let name = |part: &str| ascii(part, 1..=127, allowed);
        if text.split_once('/').is_some_and(|(kind, subtype)| name(kind) && name(subtype)) {
            return Ok(text.to_owned());
        }
        Err(Malformed::new("evidence.media_type_malformed", "must be of the form type/subtype"))
    }
}

text_type! {
    /// A GS1 company prefix: 4 to 12 digits.
    CompanyPrefix, "^[0-9]{4,12}$", "4012345", |text| {
        if ascii(text, 4..=12, |byte| byte.is_ascii_digit()) {
            return Ok(text.to_owned());
        }
        Err(Malformed::new("governance.company_prefix_malformed", "must have 4 to 12 digits"))
    }
}
