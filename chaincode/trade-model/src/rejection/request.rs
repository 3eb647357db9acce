//! Rules about the form of a request: a value of the wrong form, and a place where it stands.
//!
//! The types of [`crate::common`] and `trade-standards` hold these rules; a request is read here, so that gateway and
//! chaincode refuse the same request by the same code at the same place.

use fabric_contract::ArgumentError;
use serde::de::DeserializeOwned;

use crate::common::Malformed;

/// Declares the rules: each has the place and the rule in words.
macro_rules! request_rejections {
    ($($(#[$doc:meta])* $variant:ident = $status:literal, $code:literal, $title:literal;)+) => {
        /// A value of the wrong form. Every variant says where it stands and which rule it breaks.
        #[derive(Debug, Clone, PartialEq, Eq)]
        #[allow(missing_docs, reason = "`field` is a JSON pointer, `rule` a sentence without the field's name")]
        pub enum RequestRejection {
            $($(#[$doc])* #[doc = ""] #[doc = concat!("Code `", $code, "`, status ", stringify!($status), ".")]
              $variant { field: String, rule: String },)+
        }

        impl RequestRejection {
            /// The rules in order: stable code, status, title.
            pub const RULES: &'static [crate::rejection::rule::Rule] =
                &[$(crate::rejection::rule::Rule { code: $code, status: $status, title: $title }),+];

            /// The rejection with this code; [`RequestRejection::Malformed`] for a code that is not listed here.
            fn of_code(code: &str, field: String, rule: String) -> Self {
                match code {
                    $($code => Self::$variant { field, rule },)+
                    _ => Self::Malformed { field, rule },
                }
            }

            /// The stable code, `<domain>.<rule>`.
            pub fn code(&self) -> &'static str {
                match self { $(Self::$variant { .. } => $code,)+ }
            }

            /// A short title that never varies.
            pub fn title(&self) -> &'static str {
                match self { $(Self::$variant { .. } => $title,)+ }
            }

            /// The HTTP-like status, 400 to 499.
            pub fn status(&self) -> u16 {
                match self { $(Self::$variant { .. } => $status,)+ }
            }

            /// Where the value stands: a JSON pointer.
            pub fn field(&self) -> &str {
                match self { $(Self::$variant { field, .. } => field,)+ }
            }

            /// The rule it breaks, in words.
            pub fn rule(&self) -> &str {
                match self { $(Self::$variant { rule, .. } => rule,)+ }
            }
        }
    };
}

request_rejections! {
    /// The request is no JSON of its type: a field is missing, unknown or of another kind.
    Malformed = 400, "request.malformed", "The request has the wrong form";
    /// An id has the wrong form.
    IdMalformed = 400, "request.id_malformed", "An id has the wrong form";
    /// A text is too short or too long or holds control characters.
    TextMalformed = 400, "request.text_malformed", "A text has the wrong length or characters";
    /// A text holds a character that cannot be seen, such as a bidirectional control or one of no width.
    TextInvisible = 400, "request.text_invisible", "A text holds an invisible character";
    /// A list is longer than its bound.
    TooMany = 400, "request.too_many", "A list is too long";
    /// A list that needs entries has none.
    Empty = 400, "request.empty", "A list is empty";
    /// A list names the same thing twice.
    Duplicate = 400, "request.duplicate", "A list names something twice";
    /// A digest is not 64 lower-case hexadecimal digits.
    DigestMalformed = 400, "request.digest_malformed", "A digest has the wrong form";
    /// A number is not in the form or range its field asks for.
    NumberMalformed = 400, "request.number_malformed", "A number has the wrong form or range";
    /// A date or a time has the wrong form or does not exist.
    TimeMalformed = 400, "request.time_malformed", "A date or time has the wrong form";
    /// A period ends before it begins.
    PeriodDisordered = 400, "request.period_disordered", "A period ends before it begins";
    /// A cursor is not one that a page answered, or belongs to another list.
    CursorMalformed = 400, "request.cursor_malformed", "A cursor cannot be read";
    /// An identifier of a standard has the wrong form.
    IdentifierMalformed = 400, "identifier.malformed", "An identifier has the wrong form";
    /// The check digit of an identifier is wrong.
    CheckDigit = 400, "identifier.check_digit", "A check digit is wrong";
    /// A code is well formed and not on its list.
    NotListed = 400, "identifier.not_listed", "A code is not on its list";
    /// A commitment is not a canonical, non-identity point.
    CommitmentMalformed = 400, "proof.commitment_malformed", "A commitment cannot be read";
    /// A proof cannot be read: wrong form, version, suite or size.
    ProofMalformed = 400, "proof.malformed", "A proof cannot be read";
    /// The private input is not what this transaction expects. What it held is not repeated.
    OpeningMalformed = 400, "private.malformed", "The private input cannot be read";
    /// A GS1 company prefix has the wrong form.
    CompanyPrefixMalformed = 400, "governance.company_prefix_malformed", "A GS1 company prefix has the wrong form";
    /// An item's identifier cannot be read.
    ItemIdMalformed = 400, "item.id_malformed", "The item's identifier cannot be read";
    /// The check digit of an item's identifier is wrong.
    ItemCheckDigit = 400, "item.check_digit", "The check digit of an item's identifier is wrong";
    /// A serial number of a range has the wrong form.
    SerialMalformed = 400, "item.serial_malformed", "A serial number has the wrong form";
    /// A range of serial numbers ends before it begins, or its ends have different lengths.
    SerialsDisordered = 400, "item.serials_disordered", "A range of serial numbers is out of order";
    /// Office or number of a registration have the wrong form.
    RegistrationMalformed = 400, "rights.registration_malformed", "Office or number has the wrong form";
    /// Nice classes belong to marks and run from 1 to 45.
    NiceClassInvalid = 400, "rights.nice_class_invalid", "Nice classes are wrong";
    /// The media type has the wrong form.
    MediaTypeMalformed = 400, "evidence.media_type_malformed", "The media type has the wrong form";
    /// A tariff code or its beginning has the wrong form.
    HsCodeMalformed = 400, "customs.hs_code_malformed", "An HS code has the wrong form";
    /// The unit has the wrong form.
    UnitMalformed = 400, "customs.unit_malformed", "The unit has the wrong form";
}

impl RequestRejection {
    /// The rejection of a value of the wrong form at `field`, a JSON pointer.
    pub fn of(field: impl Into<String>, malformed: &Malformed) -> Self {
        Self::of_code(malformed.code(), field.into(), malformed.rule().to_owned())
    }

    /// One sentence with the facts of this case.
    pub fn detail(&self) -> String {
        match self.field() {
            "" => self.rule().to_owned(),
            field => format!("{field}: {}", self.rule()),
        }
    }
}

impl From<&ArgumentError> for RequestRejection {
    fn from(error: &ArgumentError) -> Self {
        match Malformed::of_message(&error.message) {
            Some(malformed) => Self::of(error.pointer.clone(), &malformed),
            None => Self::Malformed { field: error.pointer.clone(), rule: error.message.clone() },
        }
    }
}

/// Reads a request, an answer or a private input from JSON.
///
/// # Errors
/// [`RequestRejection`] with the place of the first value that is not of its type.
pub fn read<T: DeserializeOwned>(text: &[u8]) -> Result<T, RequestRejection> {
    fabric_contract::from_json(text).map_err(|error| RequestRejection::from(&error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::customs::FileDeclaration;
    use crate::governance::ProposeFounding;

    fn refused<T: DeserializeOwned>(text: &str) -> (String, String) {
        match read::<T>(text.as_bytes()) {
            Ok(_) => panic!("{text} was read"),
            Err(rejection) => (rejection.code().to_owned(), rejection.field().to_owned()),
        }
    }

    #[test]
    fn a_wrong_value_is_refused_by_its_own_code_at_its_place() {
        let member = r#"{"msp_id":"AMSP","name":"A","country":"DE","roles":["maker"]"#;
        for (tail, code, field) in [
            (r#","gln":"4012345000055"}"#, "identifier.check_digit", "/members/1/gln"),
            (r#","gln":"40123"}"#, "identifier.malformed", "/members/1/gln"),
            (
                r#","gs1_company_prefixes":["40123","x"]}"#,
                "governance.company_prefix_malformed",
                "/members/1/gs1_company_prefixes/1",
            ),
            (r#","gs1_company_prefixes":["40123","40123"]}"#, "request.duplicate", "/members/1/gs1_company_prefixes"),
            (r#","colour":"red"}"#, "request.malformed", "/members/1/colour"),
            ("", "request.malformed", ""),
        ] {
            let text = format!(r#"{{"members":[{member}}},{member}{tail}]}}"#);
            let found = refused::<ProposeFounding>(&text);
            assert_eq!(found.0, code, "{text}");
            if !field.is_empty() {
                assert_eq!(found.1, field, "{text}");
            }
        }
    }

    #[test]
    fn an_invisible_character_is_refused_by_name_at_its_place() {
        let text =
            "{\"members\":[{\"msp_id\":\"AMSP\",\"name\":\"Acme\u{200b}\",\"country\":\"DE\",\"roles\":[\"maker\"]}]}";
        let rejection = read::<ProposeFounding>(text.as_bytes()).map(drop).expect_err("a name that looks like another");
        assert_eq!((rejection.code(), rejection.field()), ("request.text_invisible", "/members/0/name"));
        assert!(rejection.rule().contains("character 5 is U+200B"), "{}", rejection.rule());
        // The control: without it the request is read.
        assert!(read::<ProposeFounding>(text.replace('\u{200b}', "").as_bytes()).is_ok());
    }

    #[test]
    fn codes_of_the_harmonized_system_that_do_not_exist_are_refused() {
        for code in ["000000", "770000", "990000"] {
            let text = format!(r#"{{"declaration_id":"d","hs_code":"{code}"}}"#);
            assert_eq!(refused::<FileDeclaration>(&text), ("customs.hs_code_malformed".into(), "/hs_code".into()));
        }
        for id in [".", "..", "a/b", ""] {
            let text = format!(r#"{{"declaration_id":"{id}"}}"#);
            assert_eq!(refused::<FileDeclaration>(&text), ("request.id_malformed".into(), "/declaration_id".into()));
        }
    }
}
