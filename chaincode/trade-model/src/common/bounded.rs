//! Whole numbers with bounds.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Malformed;

/// A whole number from `MIN` to `MAX`. What it counts is said by the field that holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct Bounded<const MIN: u32, const MAX: u32>(u32);

impl<const MIN: u32, const MAX: u32> Bounded<MIN, MAX> {
    /// The number; does not compile in a constant, and panics elsewhere, when it lies outside the bounds. For defaults
    /// that ship.
    ///
    /// # Panics
    /// The number lies outside the bounds.
    pub const fn of(number: u32) -> Self {
        assert!(MIN <= number && number <= MAX, "a default lies within its bounds");
        Self(number)
    }

    /// The number.
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl<const MIN: u32, const MAX: u32> TryFrom<u32> for Bounded<MIN, MAX> {
    type Error = Malformed;

    fn try_from(number: u32) -> Result<Self, Self::Error> {
        if (MIN..=MAX).contains(&number) {
            return Ok(Self(number));
        }
        Err(Malformed::new("request.number_malformed", format!("must be {MIN} to {MAX}")))
    }
}

impl<const MIN: u32, const MAX: u32> From<Bounded<MIN, MAX>> for u32 {
    fn from(number: Bounded<MIN, MAX>) -> u32 {
        number.0
    }
}

impl<const MIN: u32, const MAX: u32> JsonSchema for Bounded<MIN, MAX> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Bounded{MIN}To{MAX}").into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "integer", "minimum": MIN, "maximum": MAX })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_outside_its_bounds_is_refused_by_name() {
        for (text, expected) in [("3", Some(3)), ("5", Some(5)), ("2", None), ("6", None), ("-1", None), ("3.5", None)]
        {
            let read = serde_json::from_str::<Bounded<3, 5>>(text);
            assert_eq!(read.ok().map(Bounded::get), expected, "{text}");
        }
        let refused = Bounded::<3, 5>::try_from(6).map_err(|error| error.code().to_owned());
        assert_eq!(refused, Err("request.number_malformed".to_owned()));
    }
}
