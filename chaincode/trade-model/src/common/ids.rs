//! Ids of records: those that a party chooses, and those that the ledger makes.

use trade_standards::digest::Digest256;
use trade_standards::epcis::EventHash;
use trade_standards::identifier::MspId;

use super::{Invisible, Malformed, text_type};

/// Longest id that a party chooses, in characters.
const CHOSEN_MAX: usize = 64;

/// 1 to 64 letters, digits, dots, dashes and underscores. `.` and `..` mean folders in a path of the web and of files,
/// so a record with such an id could not be asked for.
fn chosen(text: &str) -> Result<String, Malformed> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    let holds = (1..=CHOSEN_MAX).contains(&text.len()) && text.bytes().all(allowed) && !matches!(text, "." | "..");
    if holds {
        return Ok(text.to_owned());
    }
    let rule = "must have 1 to 64 letters, digits, dots, dashes or underscores, and not be `.` or `..`";
    Err(Malformed::new("request.id_malformed", rule))
}

fn hexadecimal(text: &str, digits: usize) -> Result<String, Malformed> {
    let holds = text.len() == digits && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if holds {
        return Ok(text.to_owned());
    }
    Err(Malformed::new("request.id_malformed", format!("must be {digits} lower-case hexadecimal digits")))
}

macro_rules! chosen_ids {
    ($($(#[$meta:meta])* $name:ident, $example:literal;)+) => {
        $(text_type! { $(#[$meta])* $name, "^[A-Za-z0-9._-]{1,64}$", $example, chosen })+
    };
}

chosen_ids! {
    /// The id of a tariff; the same over its versions.
    TariffId, "TARIFF-DE";
    /// The id of a value band, unique in its tariff.
    BandId, "watches";
    /// The id of a customs rule, unique in its tariff.
    RuleId, "value-in-band";
    /// The id of a declaration.
    DeclarationId, "DEC-DE-1";
    /// The id of a licence.
    LicenceId, "LIC-1";
    /// The id of an agreement between two members.
    AgreementId, "TERMS-2026";
    /// The id of a bank entry.
    EntryId, "ENTRY-7";
    /// The id of a custody transfer.
    TransferId, "OFFER-1";
    /// The id of a recovery of goods.
    RecoveryId, "RECOVERY-1";
    /// The id of a title transfer.
    TitleTransferId, "TITLE-1";
    /// The id of a mandate.
    MandateId, "MANDATE-1";
    /// The id of an order to disclose.
    OrderId, "ORDER-1";
}

text_type! {
    /// The id of a right: `<office>-<kind>-<number>`, for example `EM-mark-018123456`.
    RightId, "^[A-Za-z0-9._-]{1,80}$", "EM-mark-018123456", |text| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
        if (1..=80).contains(&text.len()) && text.bytes().all(allowed) && !matches!(text, "." | "..") {
            return Ok(text.to_owned());
        }
        Err(Malformed::new("request.id_malformed", "must be of the form <office>-<kind>-<number>"))
    }
}

/// Longest number of a document, in characters.
const NUMBER_MAX: usize = 70;

/// A number as the systems of an enterprise make them: 1 to 70 characters, slashes, blanks and umlauts among them.
///
/// Two numbers that look alike must be one: no blank at either end or beside another, no other white space, nothing
/// invisible, and accents as part of their letter (NFC), never as a character of their own.
fn document_number(text: &str) -> Result<String, Malformed> {
    let malformed = |rule| Err(Malformed::new("request.id_malformed", rule));
    if !(1..=NUMBER_MAX).contains(&text.chars().count()) || matches!(text, "." | "..") {
        return malformed("must have 1 to 70 characters, and not be `.` or `..`");
    }
    if text.trim() != text || text.contains("  ") || text.chars().any(|char| char != ' ' && char.is_whitespace()) {
        return malformed("must hold no white space but single blanks inside");
    }
    if text.chars().any(|char| char.is_control() || is_noncharacter(char)) || Invisible::in_text(text).is_some() {
        return malformed("must hold no control characters and nothing invisible");
    }
    if text.chars().any(|char| ('\u{300}'..='\u{36f}').contains(&char)) {
        return malformed("must have accents as part of their letters (NFC)");
    }
    Ok(text.to_owned())
}

/// What Unicode reserves for a program's own use; Fabric ends ranges of keys with the last one.
fn is_noncharacter(char: char) -> bool {
    u32::from(char) & 0xfffe == 0xfffe || ('\u{fdd0}'..='\u{fdef}').contains(&char)
}

text_type! {
    /// The number of an invoice, as the seller's system made it.
    InvoiceId, "^.{1,70}$", "2026/INV 7", document_number
}

text_type! {
    /// The id of an alarm: 32 lower-case hexadecimal digits, made from what it is about.
    AlarmId, "^[0-9a-f]{32}$", "0123456789abcdef0123456789abcdef", |text| hexadecimal(text, 32)
}

text_type! {
    /// The id of a proposal: 32 lower-case hexadecimal digits, made from what it says.
    ProposalId, "^[0-9a-f]{32}$", "0123456789abcdef0123456789abcdef", |text| hexadecimal(text, 32)
}

text_type! {
    /// The id of the alarms of one statement: 32 lower-case hexadecimal digits, made from the record of its event.
    AlarmGroupId, "^[0-9a-f]{32}$", "0123456789abcdef0123456789abcdef", |text| hexadecimal(text, 32)
}

text_type! {
    /// The id of a Fabric transaction: 64 lower-case hexadecimal digits.
    TransactionId, "^[0-9a-f]{64}$", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    |text| hexadecimal(text, 64)
}

text_type! {
    /// The id of a hold: that of the transaction that placed it, 64 lower-case hexadecimal digits. Nobody chooses it,
    /// so nobody takes it first.
    HoldId, "^[0-9a-f]{64}$", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    |text| hexadecimal(text, 64)
}

text_type! {
    /// The id of a record of an event: `<event hash>&recorder=<MSP id>`. An event belongs to its recorder: an id that
    /// the first recorder could take would let a copy sent early get into the way of the rightful record.
    EventRecordId, "^ni:///sha-256;[0-9a-f]{64}[?]ver=CBV2[.]0&recorder=.+$",
    "ni:///sha-256;f362f815298cd49f325493ffd3b5a35ef014583f68d74c50e303a4556591ec0f?ver=CBV2.0&recorder=ExporterMSP",
    |text| {
        let parts = text.split_once(RECORDER);
        if parts.is_some_and(|(hash, msp)| EventHash::parse(hash).is_ok() && MspId::parse(msp).is_ok()) {
            return Ok(text.to_owned());
        }
        Err(Malformed::new("request.id_malformed", "must be an event hash with &recorder=<MSP id>"))
    }
}

const RECORDER: &str = "&recorder=";

impl EventRecordId {
    /// The id of a member's record of an event.
    pub fn of(event_hash: &EventHash, recorder: &MspId) -> Self {
        Self(format!("{}{RECORDER}{recorder}", event_hash.as_str()))
    }

    /// The hash of the event, without its recorder.
    pub fn event_hash(&self) -> &str {
        self.0.split_once(RECORDER).map_or(self.0.as_str(), |(event_hash, _)| event_hash)
    }
}

impl AlarmId {
    /// The first half of a SHA-256 digest.
    pub fn of_digest(digest: [u8; 32]) -> Self {
        Self(hex::encode(&digest[..16]))
    }
}

impl ProposalId {
    /// The first half of a SHA-256 digest.
    pub fn of_digest(digest: &Digest256) -> Self {
        Self(digest.as_str()[..32].to_owned())
    }
}

impl AlarmGroupId {
    /// The id of the alarms that the record of an event raises: the first half of the digest of its id.
    pub fn of(record_id: &EventRecordId) -> Self {
        Self(Digest256::of(record_id.as_str().as_bytes()).as_str()[..32].to_owned())
    }
}

impl HoldId {
    /// The id of the hold that a transaction places; it places at most one.
    pub fn of(transaction_id: &TransactionId) -> Self {
        Self(transaction_id.as_str().to_owned())
    }
}

impl RightId {
    /// The id that office, kind and number make.
    pub fn of(office: &super::OfficeCode, kind: &str, number: &super::RegistrationNumber) -> Self {
        Self(format!("{office}-{kind}-{number}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chosen_id_fits_into_a_path() {
        for text in ["a", "A.b-c_9", "...", "-", &"x".repeat(64)] {
            assert_eq!(DeclarationId::parse(text).map(String::from).as_deref(), Ok(text));
        }
        for text in ["", ".", "..", "a/b", "ä", "a b", "a\0", &"x".repeat(65)] {
            let refused = DeclarationId::parse(text).map_err(|error| error.code().to_owned());
            assert_eq!(refused, Err("request.id_malformed".to_owned()), "{text:?}");
        }
    }

    #[test]
    fn a_number_keeps_the_characters_of_an_enterprises_systems_and_nothing_that_only_looks_alike() {
        for text in ["INV-7", "2026/001", "RE 2026 0815", "Müller & Söhne #4 (b)", "東京-1", &"ü".repeat(70)] {
            assert_eq!(InvoiceId::parse(text).map(String::from).as_deref(), Ok(text));
        }
        for text in [
            "",
            " ",
            ".",
            "..",
            " a",
            "a ",
            "a  b",
            "a\tb",
            "a\u{a0}b",
            "a\u{0}",
            "a\u{202e}b",
            "a\u{200b}",
            "u\u{308}",
            "a\u{10ffff}",
            "a\u{fdd0}",
            &"x".repeat(71),
        ] {
            let refused = InvoiceId::parse(text).map_err(|error| error.code().to_owned());
            assert_eq!(refused, Err("request.id_malformed".to_owned()), "{text:?}");
        }
    }

    #[test]
    fn a_record_of_an_event_is_its_hash_with_its_recorder() {
        let hash = format!("ni:///sha-256;{}?ver=CBV2.0", "0f".repeat(32));
        let text = format!("{hash}&recorder=AMSP");
        assert_eq!(EventRecordId::parse(&text).map(String::from), Ok(text));
        for text in
            [String::new(), "x".to_owned(), hash.clone(), format!("{hash}&recorder="), format!("{hash}&recorder=a b")]
        {
            assert!(EventRecordId::parse(&text).is_err(), "{text:?}");
        }
    }
}
