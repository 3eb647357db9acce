//! Names of records (S4 of the design): an id that a party chooses is unique within that party and its kind of record.
//!
//! `INV-7` of two sellers are two invoices. In answers and keys a record has its whole name, the party's MSP id, a
//! slash and the id. In a request the caller may leave its own MSP id out. MSP ids hold no slash, so the first one ends
//! the party, whatever the id holds.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use fabric_contract::{KeyPart, Part, PrefixOf, TableKey};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trade_standards::identifier::MspId;

use super::Malformed;

/// What stands between party and id.
const MARK: char = '/';

/// Longest name in a request, in characters: an MSP id of 64, a slash, and the longest id, an invoice's number of 70.
const NAME_LENGTH_MAX: usize = 64 + 1 + 70;

/// The whole name of a record: the party that chose the id, and the id. Text form `MspId/id`.
///
/// As the key of a table it has two parts, the party first.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(
    try_from = "String",
    into = "String",
    bound(serialize = "Id: AsRef<str> + Clone", deserialize = "Id: FromStr<Err = Malformed>")
)]
pub struct Scoped<Id> {
    /// The party that chose the id.
    pub owner: MspId,
    /// The id, unique among the records of this kind of that party.
    pub id: Id,
}

/// The name of a record in a request. Text forms: `MspId/id`; `id` for the caller's own, when the id holds no slash;
/// `/id` for the caller's own, whatever it holds.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    try_from = "String",
    into = "String",
    bound(serialize = "Id: AsRef<str> + Clone", deserialize = "Id: FromStr<Err = Malformed>")
)]
pub enum ScopedRef<Id> {
    /// A record of the caller.
    Own(Id),
    /// A record of the party that is named.
    Of(Scoped<Id>),
}

impl<Id> Scoped<Id> {
    /// The name of a party's record.
    pub fn new(owner: MspId, id: Id) -> Self {
        Self { owner, id }
    }
}

impl<Id: Clone> Scoped<Id> {
    /// The first two parts of keys that have more.
    pub fn parts(&self) -> (Part<MspId>, Id) {
        (Part(self.owner.clone()), self.id.clone())
    }
}

impl<Id> ScopedRef<Id> {
    /// The whole name, in a request of `caller`.
    pub fn of(self, caller: &MspId) -> Scoped<Id> {
        match self {
            Self::Own(id) => Scoped { owner: caller.clone(), id },
            Self::Of(scoped) => scoped,
        }
    }
}

impl<Id> From<Scoped<Id>> for ScopedRef<Id> {
    fn from(scoped: Scoped<Id>) -> Self {
        Self::Of(scoped)
    }
}

impl<Id: AsRef<str>> fmt::Display for Scoped<Id> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}{MARK}{}", self.owner, self.id.as_ref())
    }
}

impl<Id: AsRef<str>> fmt::Debug for Scoped<Id> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Scoped({self})")
    }
}

impl<Id: AsRef<str>> fmt::Display for ScopedRef<Id> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Own(id) if id.as_ref().contains(MARK) => write!(formatter, "{MARK}{}", id.as_ref()),
            Self::Own(id) => formatter.write_str(id.as_ref()),
            Self::Of(scoped) => scoped.fmt(formatter),
        }
    }
}

impl<Id: AsRef<str>> fmt::Debug for ScopedRef<Id> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "ScopedRef({self})")
    }
}

impl<Id: FromStr<Err = Malformed>> FromStr for Scoped<Id> {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let rule = "must be the party's MSP id, a slash and the party's id";
        let (owner, id) = text.split_once(MARK).ok_or_else(|| Malformed::new("request.id_malformed", rule))?;
        let owner = MspId::parse(owner).map_err(|error| Malformed::from(&error))?;
        Ok(Self { owner, id: id.parse()? })
    }
}

impl<Id: FromStr<Err = Malformed>> FromStr for ScopedRef<Id> {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        match text.strip_prefix(MARK) {
            Some(own) => own.parse().map(Self::Own),
            None if text.contains(MARK) => text.parse().map(Self::Of),
            None => text.parse().map(Self::Own),
        }
    }
}

impl<Id: FromStr<Err = Malformed>> TryFrom<String> for Scoped<Id> {
    type Error = Malformed;

    fn try_from(text: String) -> Result<Self, Malformed> {
        text.parse()
    }
}

impl<Id: FromStr<Err = Malformed>> TryFrom<String> for ScopedRef<Id> {
    type Error = Malformed;

    fn try_from(text: String) -> Result<Self, Malformed> {
        text.parse()
    }
}

impl<Id: AsRef<str>> From<Scoped<Id>> for String {
    fn from(scoped: Scoped<Id>) -> String {
        scoped.to_string()
    }
}

impl<Id: AsRef<str>> From<ScopedRef<Id>> for String {
    fn from(reference: ScopedRef<Id>) -> String {
        reference.to_string()
    }
}

/// Two parts, so that a scan finds all records of one party.
impl<Id: KeyPart + Clone> TableKey for Scoped<Id> {
    const SHAPE: &'static [&'static str] = &["owner", Id::SHAPE];

    fn to_parts(&self) -> Vec<String> {
        vec![self.owner.as_str().to_owned(), self.id.to_part()]
    }

    fn from_parts(parts: &[&str]) -> Option<Self> {
        let [owner, id] = parts else { return None };
        Some(Self { owner: MspId::parse(owner).ok()?, id: Id::from_part(id)? })
    }
}

impl<Id: KeyPart + Clone> PrefixOf<Scoped<Id>> for Part<MspId> {}

impl<Id: JsonSchema> JsonSchema for Scoped<Id> {
    fn schema_name() -> Cow<'static, str> {
        format!("Scoped{}", Id::schema_name()).into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "A record's whole name: the MSP id of the party that chose the id, a slash, and the id",
            "pattern": "^[A-Za-z0-9][A-Za-z0-9.-]{0,63}/.+$",
            "examples": [example::<Id>(generator)],
        })
    }
}

impl<Id: JsonSchema> JsonSchema for ScopedRef<Id> {
    fn schema_name() -> Cow<'static, str> {
        format!("RefTo{}", Id::schema_name()).into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "A record's name: MSP id, slash and id; the id alone for the caller's own; or a slash and the \
                            id for the caller's own when the id holds a slash itself",
            "minLength": 1,
            "maxLength": NAME_LENGTH_MAX,
            "examples": [example::<Id>(generator)],
        })
    }
}

/// The whole name of a record whose id is the id's own example.
fn example<Id: JsonSchema>(generator: &mut schemars::SchemaGenerator) -> String {
    let schema = Id::json_schema(generator);
    let id = schema.get("examples").and_then(|examples| examples.get(0)).and_then(serde_json::Value::as_str);
    format!("ExporterMSP/{}", id.unwrap_or("1"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::common::InvoiceId;

    type Whole = Scoped<InvoiceId>;
    type Named = ScopedRef<InvoiceId>;

    fn msp(text: &str) -> MspId {
        MspId::parse(text).expect("an MSP id")
    }

    #[test]
    fn the_first_slash_ends_the_party() {
        for (text, owner, id) in [("AMSP/INV-7", "AMSP", "INV-7"), ("A.B-1/2026/001", "A.B-1", "2026/001")] {
            let whole: Whole = text.parse().expect(text);
            assert_eq!((whole.owner.as_str(), whole.id.as_str()), (owner, id));
            assert_eq!(whole.to_string(), text);
        }
        for text in ["INV-7", "/INV-7", "A B/INV-7", "AMSP/", "AMSP/.."] {
            assert!(text.parse::<Whole>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_short_name_means_the_callers_own_record() {
        let caller = msp("BMSP");
        for (text, whole) in [
            ("INV-7", "BMSP/INV-7"),
            ("/2026/001", "BMSP/2026/001"),
            ("AMSP/INV-7", "AMSP/INV-7"),
            ("AMSP/2026/001", "AMSP/2026/001"),
            ("/AMSP/INV-7", "BMSP/AMSP/INV-7"),
        ] {
            let named: Named = text.parse().expect(text);
            assert_eq!(named.to_string(), text);
            assert_eq!(named.of(&caller).to_string(), whole);
        }
        for text in ["", "/", "A B/INV-7", " INV", "a\u{0}"] {
            assert!(text.parse::<Named>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn one_id_of_two_parties_is_two_keys_with_the_party_first() {
        let [one, other] =
            ["AMSP", "BMSP"].map(|owner| Scoped::new(msp(owner), "INV-7".parse::<InvoiceId>().expect("an id")));
        assert_eq!(one.to_parts(), ["AMSP", "INV-7"]);
        assert_ne!(one.to_parts(), other.to_parts());
        assert_eq!(Whole::from_parts(&["AMSP", "INV-7"]), Some(one));
        assert_eq!(Whole::from_parts(&["A B", "INV-7"]), None);
    }
}
