//! A rule of form that a value breaks, with the stable code of its rejection.
//!
//! `serde` lets a type refuse its value with a text and nothing else. So the text of this error is written for
//! programs: the form of [`trade_standards::malformed`]. The reader of a request gets code and rule back with
//! [`Malformed::of_message`] and adds the place; no other text of an error is ever taken apart.

use std::{borrow::Cow, fmt};

use trade_standards::malformed;

/// What stands before the code and after code and rule. It cannot occur in either.
const MARK: char = '\u{1}';

/// A broken rule of form. It never repeats the value, which may be secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed {
    code: Cow<'static, str>,
    rule: Cow<'static, str>,
}

impl Malformed {
    /// The rule `rule`, a sentence without the field's name, refused by the rejection `code`.
    pub fn new(code: &'static str, rule: impl Into<Cow<'static, str>>) -> Self {
        Self { code: Cow::Borrowed(code), rule: rule.into() }
    }

    /// The code of the rejection.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// What must hold, in words.
    pub fn rule(&self) -> &str {
        &self.rule
    }

    /// The error back from the message of a `serde` error; none when the message is about something else, such as a
    /// missing field.
    pub fn of_message(message: &str) -> Option<Self> {
        let (code, rule) = malformed::Malformed::of_message(message)?;
        Some(Self { code: Cow::Owned(code.to_owned()), rule: Cow::Owned(rule.to_owned()) })
    }
}

/// What a text type of `trade-standards` refuses.
impl<E: malformed::Coded> From<&E> for Malformed {
    fn from(error: &E) -> Self {
        Self::new(error.code(), error.to_string())
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{MARK}{}{MARK}{}{MARK}", self.code, self.rule)
    }
}

impl std::error::Error for Malformed {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_and_rule_come_back_from_a_message() {
        let error = Malformed::new("request.id_malformed", "must be short");
        assert_eq!(Malformed::of_message(&error.to_string()), Some(error));
        for other in ["missing field `x`", "", "\u{1}code only"] {
            assert_eq!(Malformed::of_message(other), None, "{other:?}");
        }
    }
}
