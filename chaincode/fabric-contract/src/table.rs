//! Typed tables over composite keys: one name, the shape of the key and the type of the value, said once.
//!
//! A table is a constant, so that whatever reads the ledger (the contract, an index, a verifier without a peer) uses
//! the same key and the same type. The name is the composite key's type name; the key's parts are its attributes. Parts
//! that are numbers have leading zeros, so that Fabric's order of keys is the order of the numbers.

use std::marker::PhantomData;

use serde::{Serialize, de::DeserializeOwned};

use crate::{CompositeKey, Context, Fault, KeyError, Private, Row};

/// One part of a key.
pub trait KeyPart: Sized {
    /// What it is, for the description of a table: `declaration_id`, `number`.
    const SHAPE: &'static str;

    /// The text that stands in the key.
    fn to_part(&self) -> String;

    /// The part read back; none when the text cannot have been written by [`KeyPart::to_part`].
    fn from_part(part: &str) -> Option<Self>;
}

/// Ten digits, with leading zeros.
impl KeyPart for u32 {
    const SHAPE: &'static str = "number";

    fn to_part(&self) -> String {
        format!("{self:010}")
    }

    fn from_part(part: &str) -> Option<Self> {
        if part.len() == 10 && part.bytes().all(|byte| byte.is_ascii_digit()) { part.parse().ok() } else { None }
    }
}

/// A text of a type that is defined where keys are unknown, such as an identifier of a standard, as part of a key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Part<T>(pub T);

impl<T: AsRef<str> + std::str::FromStr> KeyPart for Part<T> {
    const SHAPE: &'static str = "text";

    fn to_part(&self) -> String {
        self.0.as_ref().to_owned()
    }

    fn from_part(part: &str) -> Option<Self> {
        part.parse().ok().map(Self)
    }
}

/// The key of a table, or the beginning of one: a part, or several as a tuple.
pub trait TableKey: Sized {
    /// What each part is.
    const SHAPE: &'static [&'static str];

    /// The texts of the parts, in order.
    fn to_parts(&self) -> Vec<String>;

    /// The key read back from exactly its parts.
    fn from_parts(parts: &[&str]) -> Option<Self>;
}

/// The beginning of every key, and the key of a table with one entry.
impl TableKey for () {
    const SHAPE: &'static [&'static str] = &[];

    fn to_parts(&self) -> Vec<String> {
        Vec::new()
    }

    fn from_parts(parts: &[&str]) -> Option<Self> {
        parts.is_empty().then_some(())
    }
}

impl<A: KeyPart> TableKey for A {
    const SHAPE: &'static [&'static str] = &[A::SHAPE];

    fn to_parts(&self) -> Vec<String> {
        vec![self.to_part()]
    }

    fn from_parts(parts: &[&str]) -> Option<Self> {
        let [part] = parts else { return None };
        A::from_part(part)
    }
}

macro_rules! tuple_key {
    ($($part:ident $place:tt),+) => {
        impl<$($part: KeyPart),+> TableKey for ($($part,)+) {
            const SHAPE: &'static [&'static str] = &[$($part::SHAPE),+];

            fn to_parts(&self) -> Vec<String> {
                vec![$(self.$place.to_part()),+]
            }

            fn from_parts(parts: &[&str]) -> Option<Self> {
                if parts.len() != Self::SHAPE.len() {
                    return None;
                }
                Some(($($part::from_part(parts[$place])?,)+))
            }
        }
    };
}

tuple_key!(A 0, B 1);
tuple_key!(A 0, B 1, C 2);
tuple_key!(A 0, B 1, C 2, D 3);

/// The first parts of the key `K`: what a scan may ask for. A whole key is no prefix; it is read, not scanned.
pub trait PrefixOf<K>: TableKey {}

impl<A: KeyPart> PrefixOf<A> for () {}
impl<A: KeyPart, B: KeyPart> PrefixOf<(A, B)> for () {}
impl<A: KeyPart, B: KeyPart, C: KeyPart> PrefixOf<(A, B, C)> for () {}
impl<A: KeyPart, B: KeyPart, C: KeyPart, D: KeyPart> PrefixOf<(A, B, C, D)> for () {}
impl<A: KeyPart, B: KeyPart> PrefixOf<(A, B)> for A {}
impl<A: KeyPart, B: KeyPart, C: KeyPart> PrefixOf<(A, B, C)> for A {}
impl<A: KeyPart, B: KeyPart, C: KeyPart, D: KeyPart> PrefixOf<(A, B, C, D)> for A {}
impl<A: KeyPart, B: KeyPart, C: KeyPart> PrefixOf<(A, B, C)> for (A, B) {}
impl<A: KeyPart, B: KeyPart, C: KeyPart, D: KeyPart> PrefixOf<(A, B, C, D)> for (A, B) {}
impl<A: KeyPart, B: KeyPart, C: KeyPart, D: KeyPart> PrefixOf<(A, B, C, D)> for (A, B, C) {}

/// A table of the ledger: values of type `V` in JSON under composite keys of type `K`.
pub struct Table<K, V> {
    name: &'static str,
    types: PhantomData<fn(K) -> V>,
}

/// Entries of a table in the order of their keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entries<K, V> {
    /// Keys and values.
    pub entries: Vec<(K, V)>,
    /// Whether these are all; false when the limit cut the result.
    pub complete: bool,
}

/// One page of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TablePage<K, V> {
    /// Keys and values.
    pub entries: Vec<(K, V)>,
    /// Where the next page begins; none on the last page. It holds the characters of a key, so it is encoded before it
    /// leaves the ledger.
    pub bookmark: Option<String>,
}

impl<K: TableKey, V: Serialize + DeserializeOwned> Table<K, V> {
    /// The table `name`.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self { name, types: PhantomData }
    }

    /// The composite key's type name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Where the entry of `key` stands in the ledger.
    ///
    /// # Errors
    /// [`KeyError::ForbiddenCharacter`] when a part holds U+0000 or U+10FFFF.
    pub fn key(&self, key: &K) -> Result<CompositeKey, KeyError> {
        self.place(key)
    }

    /// The key and the value of an entry as it stands in the ledger; none for an entry of another table.
    ///
    /// # Errors
    /// [`Fault::StoredJson`] when the value is not of the table's type; [`Fault::Key`] when the key is not of its
    /// shape.
    pub fn entry(&self, row: &Row) -> Result<Option<(K, V)>, Fault> {
        let key = CompositeKey::parse(&row.key)?;
        let (kind, parts) = key.split();
        if kind != self.name {
            return Ok(None);
        }
        let key = K::from_parts(&parts).ok_or(KeyError::Shape { table: self.name })?;
        Ok(Some((key, row.json()?)))
    }

    /// The committed value of `key`, if there is one.
    ///
    /// # Errors
    /// As [`Context::get_json`].
    pub fn find(&self, context: &mut Context<'_>, key: &K) -> Result<Option<V>, Fault> {
        context.get_json(&self.place(key)?)
    }

    /// The committed values of several keys, in their order. One message to a peer of version 3.1.
    ///
    /// # Errors
    /// As [`Context::get_json`].
    pub fn find_many(&self, context: &mut Context<'_>, keys: &[K]) -> Result<Vec<Option<V>>, Fault> {
        let places = keys.iter().map(|key| self.place(key)).collect::<Result<Vec<_>, _>>()?;
        let values = context.get_many(&places)?;
        let read = |(place, value): (&CompositeKey, Option<Vec<u8>>)| crate::values::from_json(place.as_str(), value);
        places.iter().zip(values).map(read).collect()
    }

    /// Whether there is a committed value of `key`.
    ///
    /// # Errors
    /// As [`Context::get`].
    pub fn exists(&self, context: &mut Context<'_>, key: &K) -> Result<bool, Fault> {
        Ok(context.get(&self.place(key)?)?.is_some())
    }

    /// Sets the value of `key`. Not visible to later reads of this transaction.
    ///
    /// # Errors
    /// As [`Context::put_json`].
    pub fn put(&self, context: &mut Context<'_>, key: &K, value: &V) -> Result<(), Fault> {
        context.put_json(&self.place(key)?, value)
    }

    /// Removes the value of `key`, whether there is one or not.
    ///
    /// # Errors
    /// As [`Context::delete`].
    pub fn delete(&self, context: &mut Context<'_>, key: &K) -> Result<(), Fault> {
        context.delete(&self.place(key)?)
    }

    /// The value of `key` in a private collection, if there is one.
    ///
    /// # Errors
    /// As [`Private::get_json`].
    pub fn find_private(&self, private: &mut Private<'_, '_>, key: &K) -> Result<Option<V>, Fault> {
        private.get_json(&self.place(key)?)
    }

    /// Sets the value of `key` in a private collection.
    ///
    /// # Errors
    /// As [`Private::put_json`].
    pub fn put_private(&self, private: &mut Private<'_, '_>, key: &K, value: &V) -> Result<(), Fault> {
        private.put_json(&self.place(key)?, value)
    }

    /// The entries whose keys begin with `prefix`, at most `limit`, in the order of their keys.
    ///
    /// # Errors
    /// As [`Context::scan`] and [`Table::entry`].
    pub fn scan<P: PrefixOf<K>>(
        &self,
        context: &mut Context<'_>,
        prefix: &P,
        limit: usize,
    ) -> Result<Entries<K, V>, Fault> {
        let rows = context.scan(&self.place(prefix)?, limit)?;
        Ok(Entries { entries: self.entries(&rows.rows)?, complete: rows.complete })
    }

    /// One page of [`Table::scan`]: `size` entries from `bookmark`, which is empty for the first page. Makes the
    /// transaction read-only.
    ///
    /// # Errors
    /// As [`Context::scan_page`]; [`Fault::Bookmark`] when the bookmark lies outside of the entries asked for.
    pub fn page<P: PrefixOf<K>>(
        &self,
        context: &mut Context<'_>,
        prefix: &P,
        size: u32,
        bookmark: &str,
    ) -> Result<TablePage<K, V>, Fault> {
        let page = context.scan_page(&self.place(prefix)?, size, bookmark)?;
        Ok(TablePage { entries: self.entries(&page.rows)?, bookmark: page.bookmark })
    }

    /// One page of the entries whose keys begin with `prefix`, from `first` on: the key of an entry or the beginning of
    /// keys, whether there is such an entry or not. Makes the transaction read-only.
    ///
    /// # Errors
    /// As [`Table::page`]; [`Fault::Bookmark`] when `first` does not begin with `prefix`.
    pub fn page_from<P: PrefixOf<K>, F: TableKey>(
        &self,
        context: &mut Context<'_>,
        prefix: &P,
        size: u32,
        first: &F,
    ) -> Result<TablePage<K, V>, Fault> {
        self.page(context, prefix, size, self.place(first)?.as_str())
    }

    fn entries(&self, rows: &[Row]) -> Result<Vec<(K, V)>, Fault> {
        let of_another = || Fault::Key(KeyError::Shape { table: self.name });
        rows.iter().map(|row| self.entry(row)?.ok_or_else(of_another)).collect()
    }

    fn place<P: TableKey>(&self, parts: &P) -> Result<CompositeKey, KeyError> {
        let parts = parts.to_parts();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        CompositeKey::new(self.name, &parts)
    }
}

impl<K, V> std::fmt::Debug for Table<K, V> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Table({})", self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NUMBERS: Table<(u32, u32), String> = Table::new("numbers");

    #[test]
    fn numbers_stand_in_keys_in_their_order() -> Result<(), KeyError> {
        let keys = [(9, 0), (9, 10), (10, 2), (10, u32::MAX), (u32::MAX, 0)];
        let places = keys.iter().map(|key| NUMBERS.key(key)).collect::<Result<Vec<_>, _>>()?;
        assert!(places.is_sorted(), "{places:?}");
        for (key, place) in keys.iter().zip(&places) {
            assert_eq!(TableKey::from_parts(&place.attributes()), Some(*key));
        }
        Ok(())
    }

    #[test]
    fn an_entry_of_another_table_or_shape_is_told_apart() -> Result<(), Fault> {
        let row = |key: CompositeKey| Row { key: key.as_str().to_owned(), value: b"\"x\"".to_vec() };
        let own = row(NUMBERS.key(&(1, 2))?);
        assert_eq!(NUMBERS.entry(&own)?, Some(((1, 2), "x".to_owned())));
        assert_eq!(NUMBERS.entry(&row(CompositeKey::new("other", &["1", "2"])?))?, None);
        for parts in [vec!["1", "2"], vec!["0000000001"], vec!["0000000001", "0000000002", ""]] {
            let strange = row(CompositeKey::new("numbers", &parts)?);
            assert_eq!(NUMBERS.entry(&strange), Err(Fault::Key(KeyError::Shape { table: "numbers" })), "{parts:?}");
        }
        Ok(())
    }
}
