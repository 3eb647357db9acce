//! What opens a commitment, as it travels: in transient data and private collections, and nowhere else.

use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use trade_proofs::OpeningText;
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::{Malformed, SaltedDocument};

/// Greatest amount that can be committed to or named as a bound, in minor units: 2^48 − 1. So no equation between
/// committed amounts can wrap.
pub const AMOUNT_MAX: u64 = (1 << 48) - 1;

/// The value of a commitment in minor units, 0 to 2^48 − 1, and its blinding factor. It prints nothing.
#[derive(Clone)]
pub struct Opening(trade_proofs::Opening);

impl Opening {
    /// The value that `trade-proofs` works on.
    pub fn get(&self) -> &trade_proofs::Opening {
        &self.0
    }
}

impl TryFrom<trade_proofs::Opening> for Opening {
    type Error = Malformed;

    fn try_from(opening: trade_proofs::Opening) -> Result<Self, Self::Error> {
        if opening.value() <= AMOUNT_MAX {
            return Ok(Self(opening));
        }
        Err(Malformed::new("request.number_malformed", "the value must be at most 2^48 - 1 minor units"))
    }
}

/// An opening as it travels, with the document of its record or without.
#[derive(Serialize, Deserialize, JsonSchema, Zeroize, ZeroizeOnDrop)]
#[serde(deny_unknown_fields)]
struct OpeningFields {
    /// The value in minor units of the currency, decimal string, at most 2^48 - 1.
    #[schemars(regex(pattern = r"^(0|[1-9][0-9]{0,14})$"), example = "1284550")]
    value_minor: String,
    /// The blinding factor: 32 little-endian bytes as 64 lower-case hexadecimal digits.
    #[schemars(
        regex(pattern = r"^[0-9a-f]{64}$"),
        example = "4c1f0a9be2d35f7788a6b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f700"
    )]
    blinding: String,
    /// What the record's salted digest was made from; exactly when the record has one.
    #[zeroize(skip)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    document: Option<SaltedDocument>,
}

impl OpeningFields {
    fn new(opening: &Opening, document: Option<SaltedDocument>) -> Self {
        let text = OpeningText::from(&opening.0);
        Self { value_minor: text.value.clone(), blinding: text.blinding.clone(), document }
    }

    /// Reads the fields. What the private input held is never repeated, so the reader's own words are not either.
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<DocumentedOpening, D::Error> {
        let fields = Self::deserialize(deserializer).map_err(|_| D::Error::custom(refused()))?;
        let text = OpeningText { value: fields.value_minor.clone(), blinding: fields.blinding.clone() };
        let opening = text.open().map_err(|_| D::Error::custom(refused()))?;
        let opening = Opening::try_from(opening).map_err(D::Error::custom)?;
        Ok(DocumentedOpening { opening, document: fields.document.clone() })
    }
}

fn refused() -> Malformed {
    Malformed::new("private.malformed", "does not hold the opening that this transaction expects")
}

impl Serialize for Opening {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        OpeningFields::new(self, None).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Opening {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match OpeningFields::read(deserializer)? {
            DocumentedOpening { opening, document: None } => Ok(opening),
            DocumentedOpening { .. } => Err(D::Error::custom(refused())),
        }
    }
}

impl JsonSchema for Opening {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Opening".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let mut schema = OpeningFields::json_schema(generator);
        if let Some(properties) = schema.get_mut("properties").and_then(serde_json::Value::as_object_mut) {
            properties.remove("document");
        }
        schema
    }
}

/// What opens the commitment of a record, and the document that the record names by a salted digest, if it names one.
#[derive(Clone)]
pub struct DocumentedOpening {
    /// Value and blinding factor.
    pub opening: Opening,
    /// The document's digest and salt.
    pub document: Option<SaltedDocument>,
}

impl Serialize for DocumentedOpening {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        OpeningFields::new(&self.opening, self.document.clone()).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for DocumentedOpening {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        OpeningFields::read(deserializer)
    }
}

impl JsonSchema for DocumentedOpening {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "DocumentedOpening".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        OpeningFields::json_schema(generator)
    }
}
