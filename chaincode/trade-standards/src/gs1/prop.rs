//! What holds for every GS1 key: one canonical text, whatever spelling it came in.

use proptest::prelude::*;

use super::*;
use crate::identifier::gs1_check_digit;

/// Characters of set 82 (General Specifications, figure 7.11-1).
const SET_82: &str = "[A-Za-z0-9!\"%&'()*+,./:;<=>?_-]{1,20}";

/// The path with every character percent-encoded whose turn it is in `choice`, in either letter case.
fn encoded(segment: &str, choice: u64) -> String {
    let turn = |index: usize| choice.rotate_right(index as u32) & 3;
    let spell = |(index, byte): (usize, u8)| match (turn(index), byte.is_ascii_alphanumeric()) {
        (0, true) => format!("%{byte:02x}"),
        (1, true) => format!("%{byte:02X}"),
        (_, true) => char::from(byte).to_string(),
        (2, false) => format!("%{byte:02x}"),
        (_, false) => format!("%{byte:02X}"),
    };
    segment.bytes().enumerate().map(spell).collect()
}

/// The text in capitals where `choice` says so.
fn recased(text: &str, choice: u64) -> String {
    let spell = |(index, letter): (usize, char)| {
        if choice.rotate_left(index as u32) & 1 == 1 { letter.to_ascii_uppercase() } else { letter }
    };
    text.chars().enumerate().map(spell).collect()
}

proptest! {
    #[test]
    fn a_serialised_item_is_one_thing_in_every_spelling(
        body in "[0-9]{13}",
        serial in SET_82,
        lot in SET_82,
        choice: u64,
    ) {
        // Segments of dots are refused.
        prop_assume!(![".", ".."].iter().any(|dots| serial == *dots || lot == *dots));
        let gtin = format!("{body}{}", gs1_check_digit(&body).expect("digits only"));
        let plain = format!("https://id.gs1.org/01/{gtin}/21/{}", encoded(&serial, u64::MAX));
        let item = Gs1Uri::parse(&plain).expect("a good link").expect("a GS1 URI");
        prop_assert_eq!(item.serial(), Some(serial.as_str()));
        let spellings = [
            format!(
                "{}/{}/{}/{}/{}",
                recased("https://id.gs1.org", choice),
                encoded("01", choice),
                encoded(&gtin, choice),
                encoded("21", !choice),
                encoded(&serial, choice)
            ),
            format!(
                "{}//shop/./{}/{gtin}/{}/{}/{}/{}/?linkType=all",
                recased("http://brand.example:8080", choice),
                recased("gtin", choice),
                recased("lot", choice),
                encoded(&lot, choice),
                recased("ser", !choice),
                encoded(&serial, !choice)
            ),
            // The indicator stands before the item reference; where the company prefix ends does not matter.
            format!(
                "{}:{}.{}{}.{}",
                recased("urn:epc:id:sgtin", choice),
                &body[1..8],
                &body[..1],
                &body[8..],
                encoded(&serial, choice)
            ),
        ];
        for spelling in spellings {
            let found = ObjectUri::parse(&spelling).map_err(|error| TestCaseError::fail(format!("{spelling}: {error}")))?;
            prop_assert_eq!(found.canonical(), item.canonical(), "{}", spelling);
        }
    }

    #[test]
    fn a_canonical_text_is_its_own_canonical_text(text in "(https://[a-z.]{1,12}|urn:epc:id:[a-z]{3,6}:|[a-z]{1,5}:)[!-~]{1,60}") {
        if let Ok(found) = ObjectUri::parse(&text) {
            let again = ObjectUri::parse(found.canonical()).map_err(|error| TestCaseError::fail(format!("{found}: {error}")))?;
            prop_assert_eq!(again.canonical(), found.canonical());
            prop_assert_eq!(again.gs1().is_some(), found.gs1().is_some());
        }
    }

    /// The same with paths that look like links, right ones among them.
    #[test]
    fn a_link_is_read_once_or_refused(
        path in "(/(01|00|414|8003|8004|8010|gtin|10|21|22|254|%30%31|[.]{1,2}|)(/(09521234543213|9521234543213|952123|4012345000054|A%2fb)?)?){1,4}",
        query in "([?](21|01|10|x)=(09521234543213|L1))?",
    ) {
        for domain in ["https://id.gs1.org", "HTTP://Brand.example"] {
            let text = format!("{domain}{path}{query}");
            if let Ok(found) = ObjectUri::parse(&text) {
                let again = ObjectUri::parse(found.canonical()).map_err(|error| TestCaseError::fail(format!("{found}: {error}")))?;
                prop_assert_eq!(again.canonical(), found.canonical());
            }
        }
    }

    #[test]
    fn no_text_makes_a_reader_panic(text: String, end in "[ -~]{0,60}") {
        for begin in ["", "https://id.gs1.org/", "urn:epc:id:sgtin:", "urn:epc:idpat:itip:", "https://x/01/"] {
            for text in [format!("{begin}{text}"), format!("{begin}{end}")] {
                drop((ObjectUri::parse(&text), ObjectUri::parse_form_only(&text), Gs1Uri::parse_form_only(&text)));
            }
        }
    }
}
