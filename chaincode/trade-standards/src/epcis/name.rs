//! The names that EPCIS 2.0 events go by: the event hash of CBV 2.0 §8.9, and the id that a sender gives.

use crate::digest::{Digest256, DigestError, is_digest};
use crate::gs1::is_uri;
use crate::identifier::{IdentifierError, IdentifierKind, text_identifier};

const HASH_BEGIN: &str = "ni:///sha-256;";
const HASH_END: &str = "?ver=CBV2.0";

crate::text_type! {
    /// The hash of an event as a named-information URI (RFC 6920): `ni:///sha-256;<64 hexadecimal digits>?ver=CBV2.0`.
    EventHash, DigestError, "event hash of CBV 2.0 as a named-information URI (RFC 6920)",
    "^ni:///sha-256;[0-9a-f]{64}\\?ver=CBV2\\.0$",
    "ni:///sha-256;e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855?ver=CBV2.0"
}

impl EventHash {
    /// The hash of a pre-hash string.
    pub fn of(prehash: &str) -> Self {
        Self(format!("{HASH_BEGIN}{}{HASH_END}", Digest256::of(prehash.as_bytes())))
    }

    /// The 64 hexadecimal digits.
    pub fn digest_hex(&self) -> &str {
        &self.0[HASH_BEGIN.len()..][..64]
    }

    fn canonical(text: &str) -> Result<String, DigestError> {
        let digest = text.strip_prefix(HASH_BEGIN).and_then(|rest| rest.strip_suffix(HASH_END));
        if digest.is_some_and(is_digest) { Ok(text.to_owned()) } else { Err(DigestError::EventHash) }
    }
}

text_identifier! {
    /// The id of an event: a URI that its sender chose, or its [`EventHash`].
    EventId, IdentifierKind::EventId, "^[A-Za-z][A-Za-z0-9+.-]*:", "urn:uuid:374d95fc-9457-4a51-bd6a-0bba133845a8"
}

impl EventId {
    fn canonical(text: &str) -> Result<String, IdentifierError> {
        let kind = IdentifierKind::EventId;
        is_uri(text)
            .map_err(|_| IdentifierError::Form { kind, rule: "an event's id is a URI of at most 2048 bytes" })?;
        Ok(text.to_owned())
    }
}

impl From<EventHash> for EventId {
    fn from(hash: EventHash) -> Self {
        Self(hash.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_hash_has_one_text() {
        let hash = EventHash::of("eventType=ObjectEvent");
        assert_eq!(EventHash::parse(hash.as_str()), Ok(hash.clone()));
        assert_eq!(hash.digest_hex(), Digest256::of(b"eventType=ObjectEvent").as_str());
        let digits = hash.digest_hex();
        for text in [
            String::new(),
            digits.to_owned(),
            format!("ni:///sha-256;{digits}"),
            format!("NI:///sha-256;{digits}?ver=CBV2.0"),
            format!("ni:///sha-256;{}?ver=CBV2.0", digits.to_uppercase()),
            format!("ni:///sha-256;{}?ver=CBV2.0", &digits[1..]),
        ] {
            assert_eq!(EventHash::parse(&text), Err(DigestError::EventHash), "{text}");
        }
    }

    #[test]
    fn an_event_id_is_a_uri() {
        let hash = EventHash::of("");
        assert_eq!(EventId::parse(hash.as_str()), Ok(EventId::from(hash)));
        for text in ["", "event 1", "1:2", "urn:", "urn:a b"] {
            assert!(EventId::parse(text).is_err(), "{text:?}");
        }
    }
}
