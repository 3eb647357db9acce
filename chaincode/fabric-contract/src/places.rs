//! A map by collection and key that costs little for the public state, which is most of what contracts touch.

use std::collections::BTreeMap;

/// Values by collection (empty for the public state) and key, sorted by both.
pub(crate) struct Places<V> {
    public: BTreeMap<String, V>,
    private: BTreeMap<String, BTreeMap<String, V>>,
}

impl<V> Default for Places<V> {
    fn default() -> Self {
        Self { public: BTreeMap::new(), private: BTreeMap::new() }
    }
}

impl<V> Places<V> {
    pub(crate) fn get(&self, collection: &str, key: &str) -> Option<&V> {
        let values = if collection.is_empty() { Some(&self.public) } else { self.private.get(collection) };
        values?.get(key)
    }

    pub(crate) fn insert(&mut self, collection: &str, key: String, value: V) {
        self.of(collection).insert(key, value);
    }

    /// The value of a place, made when there is none.
    pub(crate) fn entry(&mut self, collection: &str, key: String) -> &mut V
    where
        V: Default,
    {
        self.of(collection).entry(key).or_default()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.public.is_empty() && self.private.values().all(BTreeMap::is_empty)
    }

    fn of(&mut self, collection: &str) -> &mut BTreeMap<String, V> {
        if collection.is_empty() {
            return &mut self.public;
        }
        self.private.entry(collection.to_owned()).or_default()
    }
}

impl<V> Places<V> {
    /// All of them: the public state, then the collections by name, and in each the keys in order.
    pub(crate) fn into_sorted(self) -> impl Iterator<Item = (String, String, V)> {
        let public = self.public.into_iter().map(|(key, value)| (String::new(), key, value));
        let private = self.private.into_iter().flat_map(|(collection, values)| {
            values.into_iter().map(move |(key, value)| (collection.clone(), key, value))
        });
        public.chain(private)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_told_apart_and_sorted() {
        let mut places = Places::default();
        assert!(places.is_empty());
        for (collection, key) in [("b", "k"), ("", "z"), ("a", "k"), ("", "k"), ("a", "b")] {
            assert!(places.get(collection, key).is_none());
            places.insert(collection, key.to_owned(), format!("{collection}/{key}"));
            assert_eq!(places.get(collection, key), Some(&format!("{collection}/{key}")));
        }
        places.entry("", "k".to_owned()).push('!');
        assert!(!places.is_empty());
        let sorted: Vec<_> = places.into_sorted().map(|(_, _, value)| value).collect();
        assert_eq!(sorted, ["/k!", "/z", "a/b", "a/k", "b/k"]);
    }
}
