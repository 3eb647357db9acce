//! Lists in which order and repetition mean nothing.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use super::Malformed;

/// A list without repetition, sorted, with `MIN` to `MAX` entries. Reads any order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Set<T, const MIN: usize, const MAX: usize>(Vec<T>);

impl<T: Ord, const MIN: usize, const MAX: usize> Set<T, MIN, MAX> {
    /// The entries, sorted.
    ///
    /// # Errors
    /// [`Malformed`] with the code `request.empty`, `request.too_many` or `request.duplicate`.
    pub fn new(mut entries: Vec<T>) -> Result<Self, Malformed> {
        if entries.len() < MIN {
            return Err(Malformed::new("request.empty", format!("needs at least {MIN} entry")));
        }
        if entries.len() > MAX {
            return Err(Malformed::new("request.too_many", format!("can have at most {MAX} entries")));
        }
        entries.sort_unstable();
        if entries.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(Malformed::new("request.duplicate", "names something twice"));
        }
        Ok(Self(entries))
    }

    /// Whether the entry stands in it.
    pub fn has(&self, entry: &T) -> bool {
        self.0.binary_search(entry).is_ok()
    }

    /// Whether it has no entries, so that it can be left out of JSON.
    pub fn is_unset(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether every entry stands in the other one.
    pub fn is_within<const LEAST: usize, const MOST: usize>(&self, outer: &Set<T, LEAST, MOST>) -> bool {
        self.0.iter().all(|entry| outer.has(entry))
    }
}

impl<T, const MIN: usize, const MAX: usize> std::ops::Deref for Set<T, MIN, MAX> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<'a, T, const MIN: usize, const MAX: usize> IntoIterator for &'a Set<T, MIN, MAX> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl<T, const MIN: usize, const MAX: usize> IntoIterator for Set<T, MIN, MAX> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// Without entries, where that is allowed.
impl<T, const MAX: usize> Default for Set<T, 0, MAX> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Ord + Deserialize<'de>, const MIN: usize, const MAX: usize> Deserialize<'de> for Set<T, MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(Vec::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

impl<T: JsonSchema, const MIN: usize, const MAX: usize> JsonSchema for Set<T, MIN, MAX> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("Set{MIN}To{MAX}Of{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "array",
            "items": generator.subschema_for::<T>(),
            "minItems": MIN,
            "maxItems": MAX,
            "uniqueItems": true,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_is_sorted_and_its_bounds_are_named() {
        let read = |text: &str| serde_json::from_str::<Set<u8, 1, 3>>(text).map(|set| set.to_vec());
        assert_eq!(read("[3,1,2]").ok(), Some(vec![1, 2, 3]));
        let code = |text: &str| {
            let message = read(text).expect_err("a broken rule").to_string();
            Malformed::of_message(&message).map(|error| error.code().to_owned()).unwrap_or_default()
        };
        assert_eq!(code("[]"), "request.empty");
        assert_eq!(code("[1,2,3,4]"), "request.too_many");
        assert_eq!(code("[1,2,1]"), "request.duplicate");
    }
}
