//! Ledger keys: plain keys, composite keys, and the rules that keep them apart.
//!
//! A composite key begins with U+0000, so a plain key must not: with that rule a range over plain keys can never return
//! a composite key, and nobody can forge one by choosing an identifier. Key *schemes* (which type names and attributes
//! a domain uses) belong to the contracts.

use std::fmt;

/// The first character of each composite key and the one that ends each of its parts.
pub(crate) const SEPARATOR: char = '\u{0}';
/// The largest code point: the end of a range over everything with a common prefix.
pub(crate) const LAST: char = char::MAX;

/// Why a key or a part of one is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// A plain key has at least one character.
    #[error("a key must not be empty")]
    Empty,
    /// U+0000 at the beginning is reserved for composite keys.
    #[error("a plain key must not begin with U+0000")]
    Reserved,
    /// Parts of composite keys may hold any text but U+0000 and U+10FFFF.
    #[error("part {index} of the composite key holds U+0000 or U+10FFFF")]
    ForbiddenCharacter {
        /// 0 is the type name, 1 the first attribute.
        index: usize,
    },
    /// The text is not a composite key at all.
    #[error("not a composite key")]
    NotComposite,
    /// The parts of a composite key are not those of its table.
    #[error("not a key of the table {table}")]
    Shape {
        /// The table's name.
        table: &'static str,
    },
}

/// Something that names one entry of the ledger: a plain text or a [`CompositeKey`].
pub trait LedgerKey {
    /// The key as it stands in the ledger, or why it cannot be one.
    fn checked(&self) -> Result<&str, KeyError>;
}

impl LedgerKey for str {
    fn checked(&self) -> Result<&str, KeyError> {
        match self.chars().next() {
            None => Err(KeyError::Empty),
            Some(SEPARATOR) => Err(KeyError::Reserved),
            Some(_) => Ok(self),
        }
    }
}

impl LedgerKey for String {
    fn checked(&self) -> Result<&str, KeyError> {
        self.as_str().checked()
    }
}

impl LedgerKey for CompositeKey {
    fn checked(&self) -> Result<&str, KeyError> {
        Ok(&self.0)
    }
}

impl<K: LedgerKey + ?Sized> LedgerKey for &K {
    fn checked(&self) -> Result<&str, KeyError> {
        (**self).checked()
    }
}

/// A key made of a type name and attributes, in the layout of Fabric's Go library:
/// U+0000, type, U+0000, and then each attribute followed by U+0000.
///
/// The type name and the attributes may be empty, as in Go. A key with fewer attributes is the prefix under which
/// [`Context::scan`](crate::Context::scan) finds the longer ones.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CompositeKey(String);

impl CompositeKey {
    /// Builds the key of `kind` with `attributes`.
    ///
    /// # Errors
    /// [`KeyError::ForbiddenCharacter`] when a part holds U+0000 or U+10FFFF.
    pub fn new(kind: &str, attributes: &[&str]) -> Result<Self, KeyError> {
        let mut text = String::from(SEPARATOR);
        for (index, part) in std::iter::once(&kind).chain(attributes).enumerate() {
            if part.contains([SEPARATOR, LAST]) {
                return Err(KeyError::ForbiddenCharacter { index });
            }
            text.push_str(part);
            text.push(SEPARATOR);
        }
        Ok(Self(text))
    }

    /// Reads a key from the ledger. Total: any text gives a key or an error.
    ///
    /// # Errors
    /// [`KeyError::NotComposite`] when the text does not have the layout, [`KeyError::ForbiddenCharacter`] when a part
    /// holds U+10FFFF.
    pub fn parse(key: &str) -> Result<Self, KeyError> {
        let parts =
            key.strip_prefix(SEPARATOR).and_then(|rest| rest.strip_suffix(SEPARATOR)).ok_or(KeyError::NotComposite)?;
        match parts.split(SEPARATOR).position(|part| part.contains(LAST)) {
            Some(index) => Err(KeyError::ForbiddenCharacter { index }),
            None => Ok(Self(key.to_owned())),
        }
    }

    /// The type name.
    pub fn kind(&self) -> &str {
        self.parts().next().unwrap_or_default()
    }

    /// The attributes, in order.
    pub fn attributes(&self) -> Vec<&str> {
        self.parts().skip(1).collect()
    }

    /// Type name and attributes. Never fails and never panics, because a value of this type has the layout.
    pub fn split(&self) -> (&str, Vec<&str>) {
        (self.kind(), self.attributes())
    }

    /// The key as it stands in the ledger.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Start (inclusive) and end (exclusive) of the range over all keys that begin with this one and are longer. The
    /// smallest of them has an empty attribute more, so this key itself stays outside.
    pub(crate) fn range_of_longer_keys(&self) -> (String, String) {
        (format!("{}{SEPARATOR}", self.0), format!("{}{LAST}", self.0))
    }

    fn parts(&self) -> impl Iterator<Item = &str> {
        let inner = self.0.strip_prefix(SEPARATOR).unwrap_or(&self.0);
        inner.strip_suffix(SEPARATOR).unwrap_or(inner).split(SEPARATOR)
    }
}

/// Shows the parts, separated by slashes; not the ledger form.
impl fmt::Display for CompositeKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.parts().collect::<Vec<_>>().join("/"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layout_is_that_of_the_go_library() -> Result<(), KeyError> {
        assert_eq!(CompositeKey::new("item", &["a", "b"])?.as_str(), "\0item\0a\0b\0");
        assert_eq!(CompositeKey::new("", &[])?.as_str(), "\0\0");
        assert_eq!(CompositeKey::new("item", &["", ""])?.as_str(), "\0item\0\0\0");
        Ok(())
    }

    #[test]
    fn split_returns_what_new_was_given() -> Result<(), KeyError> {
        for (kind, attributes) in [("item", vec!["a", "", "c"]), ("", vec![]), ("x", vec![""]), ("é", vec!["日本"])]
        {
            let key = CompositeKey::new(kind, &attributes)?;
            assert_eq!(key.split(), (kind, attributes));
            assert_eq!(CompositeKey::parse(key.as_str())?, key);
        }
        Ok(())
    }

    #[test]
    fn parse_is_total_over_foreign_texts() {
        for text in ["", "\0", "a", "\0a", "a\0", "\0\u{10ffff}initialized"] {
            assert_eq!(CompositeKey::parse(text), Err(KeyError::NotComposite), "{text:?}");
        }
        assert_eq!(CompositeKey::parse("\0a\0\u{10ffff}\0"), Err(KeyError::ForbiddenCharacter { index: 1 }));
    }

    #[test]
    fn the_two_reserved_characters_are_refused_in_each_part() {
        assert_eq!(CompositeKey::new("a\0", &[]), Err(KeyError::ForbiddenCharacter { index: 0 }));
        assert_eq!(CompositeKey::new("a", &["b", "\u{10ffff}"]), Err(KeyError::ForbiddenCharacter { index: 2 }));
    }

    #[test]
    fn a_plain_key_is_neither_empty_nor_composite() {
        assert_eq!("".checked(), Err(KeyError::Empty));
        assert_eq!("\0a\0".checked(), Err(KeyError::Reserved));
        assert_eq!("a\0".checked(), Ok("a\0"));
    }
}
