//! A GS1 key with its qualifiers, and the one text that it is written as.

use std::fmt;

use super::percent;
use super::table::Gs1Key;

/// A parsed GS1 key with its qualifiers, whatever way it was written.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Gs1Uri {
    key: Gs1Key,
    value: String,
    /// Qualifiers as (application identifier, decoded value) in the order of the dictionary.
    qualifiers: Vec<(&'static str, String)>,
    canonical: String,
}

impl Gs1Uri {
    /// The canonical URI at the finest level the source gives: a serial number hides the lot, and the
    /// consumer product variant is dropped (CBV 2.0 §8.9, the form that event hashes use).
    pub fn canonical(&self) -> &str {
        &self.canonical
    }

    /// The canonical URI with every qualifier of the source, in dictionary order.
    pub fn full(&self) -> String {
        write_uri(self.key, &self.value, self.qualifiers.iter())
    }

    /// The canonical URI of the key alone, without qualifiers: the trade item of a serialised item. Serial
    /// parts inside the key itself (GRAI, GDTI, GCN) stay.
    pub fn class(&self) -> String {
        write_uri(self.key, &self.value, [].iter())
    }

    /// Which GS1 key it is.
    pub fn key(&self) -> Gs1Key {
        self.key
    }

    /// The key's value, percent-decoded: 14 digits for a GTIN.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// The value from where its GS1 company prefix begins: behind the indicator of a trade item, the extension digit of
    /// a logistic unit, the filling zero of a returnable asset. Where the prefix ends, the value does not say.
    pub fn company_part(&self) -> &str {
        match self.key {
            Gs1Key::Gtin | Gs1Key::Itip | Gs1Key::Sscc | Gs1Key::Grai => self.value.get(1..).unwrap_or_default(),
            _ => &self.value,
        }
    }

    /// The value of a qualifier by its application identifier (`21` serial, `10` lot, `254` extension).
    pub fn qualifier(&self, ai: &str) -> Option<&str> {
        self.qualifiers.iter().find(|(name, _)| *name == ai).map(|(_, value)| value.as_str())
    }

    /// The serial number of a trade item (AI 21, or 235 when a third party issued it), decoded.
    pub fn serial(&self) -> Option<&str> {
        self.qualifier("21").or_else(|| self.qualifier("235")).or_else(|| self.qualifier("8011"))
    }

    /// The lot or batch (AI 10), decoded.
    pub fn lot(&self) -> Option<&str> {
        self.qualifier("10")
    }

    /// Whether it names one thing (a serialised item, a pallet, an asset) and not a class of things.
    pub fn is_instance(&self) -> bool {
        match self.key {
            Gs1Key::Gtin | Gs1Key::Itip | Gs1Key::Cpid => self.serial().is_some(),
            Gs1Key::Grai => self.value.len() > 14,
            Gs1Key::Gdti | Gs1Key::Gcn => self.value.len() > 13,
            _ => true,
        }
    }

    pub(super) fn build(key: Gs1Key, value: String, mut qualifiers: Vec<(&'static str, String)>) -> Self {
        qualifiers.retain(|(_, value)| !value.is_empty());
        let has_serial = qualifiers.iter().any(|(ai, _)| matches!(*ai, "21" | "235"));
        let finest = qualifiers.iter().filter(|(ai, _)| *ai != "22" && !(has_serial && *ai == "10"));
        let canonical = write_uri(key, &value, finest);
        Self { key, value, qualifiers, canonical }
    }
}

fn write_uri<'a>(key: Gs1Key, value: &str, qualifiers: impl Iterator<Item = &'a (&'static str, String)>) -> String {
    let mut uri = format!("https://id.gs1.org/{}/{}", key.ai(), percent::encode(value));
    for (ai, value) in qualifiers {
        uri.push('/');
        uri.push_str(ai);
        uri.push('/');
        uri.push_str(&percent::encode(value));
    }
    uri
}

impl fmt::Display for Gs1Uri {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.canonical)
    }
}

impl fmt::Debug for Gs1Uri {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Gs1Uri({})", self.canonical)
    }
}
