//! What holds for every identifier: its text is canonical, and a check digit finds the faults that its standard
//! promises.

use std::fmt::Display;
use std::str::FromStr;

use proptest::prelude::*;

use super::*;

fn digits(count: usize) -> impl Strategy<Value = String> {
    proptest::collection::vec(0..10u8, count)
        .prop_map(|digits| digits.iter().map(|digit| char::from(b'0' + digit)).collect())
}

/// Digits with the GS1 check digit behind them.
fn checked(body: &str) -> String {
    let check = gs1_check_digit(body).expect("digits only");
    format!("{body}{check}")
}

/// A number with check digits of ISO 7064, which stand behind `front` and are computed over `rest`, `front` and 00.
fn with_mod97(front: &str, rest: &str) -> String {
    let remainder = iso7064_mod97(&format!("{rest}{front}00")).expect("digits and capitals only");
    format!("{front}{:02}{rest}", 98 - remainder)
}

/// The text with another digit at a place that holds one.
fn another_digit(text: &str, place: usize, shift: u8) -> Option<String> {
    let mut bytes = text.as_bytes().to_vec();
    let byte = bytes.get_mut(place).filter(|byte| byte.is_ascii_digit())?;
    *byte = b'0' + (*byte - b'0' + shift) % 10;
    String::from_utf8(bytes).ok()
}

/// The text with two neighbouring digits exchanged, unless they are equal.
fn exchanged(text: &str, place: usize) -> Option<String> {
    let mut bytes = text.as_bytes().to_vec();
    let (a, b) = (*bytes.get(place)?, *bytes.get(place + 1)?);
    bytes.swap(place, place + 1);
    (a != b && a.is_ascii_digit() && b.is_ascii_digit()).then(|| String::from_utf8(bytes).ok()).flatten()
}

/// Reading, writing and reading again gives the same value, and the text that was written is the canonical one.
fn reads_as_written<T>(text: &str) -> Result<(), TestCaseError>
where
    T: FromStr<Err = IdentifierError> + Display + PartialEq + std::fmt::Debug,
{
    let value: T = text.parse().map_err(|error| TestCaseError::fail(format!("{text}: {error}")))?;
    let again: T = value.to_string().parse().map_err(|error| TestCaseError::fail(format!("{value}: {error}")))?;
    prop_assert_eq!(again.to_string(), value.to_string());
    prop_assert_eq!(again, value);
    Ok(())
}

fn refuses<T: FromStr<Err = IdentifierError>>(text: &str) -> Result<(), TestCaseError> {
    let check_digit = matches!(text.parse::<T>(), Err(IdentifierError::CheckDigit { .. }));
    prop_assert!(check_digit, "{} is taken, or refused for another reason", text);
    Ok(())
}

proptest! {
    #[test]
    fn gs1_numbers_read_as_written_and_find_one_wrong_digit(
        (gtin8, gtin12, gtin13, gtin14) in (digits(7), digits(11), digits(12), digits(13)),
        sscc in digits(17),
        place in 0..18usize,
        shift in 1..10u8,
    ) {
        for body in [&gtin8, &gtin12, &gtin13, &gtin14] {
            reads_as_written::<Gtin>(&checked(body))?;
            if let Some(wrong) = another_digit(&checked(body), place, shift) {
                refuses::<Gtin>(&wrong)?;
            }
        }
        reads_as_written::<Gln>(&checked(&gtin13))?;
        reads_as_written::<Sscc>(&checked(&sscc))?;
        refuses::<Sscc>(&another_digit(&checked(&sscc), place, shift).expect("18 digits"))?;
    }

    /// The weights 3 and 1 differ by 2: exchanged neighbours are found unless they differ by 5.
    #[test]
    fn gs1_numbers_find_exchanged_neighbours_that_do_not_differ_by_five(body in digits(17), place in 0..17usize) {
        let text = checked(&body);
        if let Some(wrong) = exchanged(&text, place) {
            let (a, b) = (text.as_bytes()[place], text.as_bytes()[place + 1]);
            prop_assert_eq!(wrong.parse::<Sscc>().is_ok(), a.abs_diff(b) == 5);
        }
    }

    #[test]
    fn mod_97_finds_one_wrong_digit_and_exchanged_digits(
        account in digits(18),
        entity in "[0-9A-Z]{18}",
        reference in "[0-9A-Z]{1,21}",
        place in 0..25usize,
        shift in 1..10u8,
    ) {
        let iban = with_mod97("DE", &account);
        let lei = {
            let remainder = iso7064_mod97(&format!("{entity}00")).expect("digits and capitals only");
            format!("{entity}{:02}", 98 - remainder)
        };
        let rf = with_mod97("RF", &reference);
        reads_as_written::<Iban>(&iban)?;
        reads_as_written::<Lei>(&lei)?;
        reads_as_written::<CreditorReference>(&rf)?;
        for change in [|text: &str, place, shift| another_digit(text, place, shift), |text: &str, place, _| exchanged(text, place)] {
            change(&iban, place, shift).map_or(Ok(()), |wrong| refuses::<Iban>(&wrong))?;
            change(&lei, place, shift).map_or(Ok(()), |wrong| refuses::<Lei>(&wrong))?;
            change(&rf, place, shift).map_or(Ok(()), |wrong| refuses::<CreditorReference>(&wrong))?;
        }
    }

    /// A remainder of 10 is written 0, like a remainder of 0; all other check digits are unmistakable (ISO 6346).
    #[test]
    fn container_numbers_find_one_wrong_digit(owner in "[A-Z]{3}[UJZR][0-9]{6}", place in 4..10usize, shift in 1..10u8) {
        let number = (0..10).map(|check| format!("{owner}{check}")).find(|text| ContainerNumber::parse(text).is_ok());
        let number = number.ok_or_else(|| TestCaseError::fail("no check digit fits"))?;
        reads_as_written::<ContainerNumber>(&number)?;
        if !number.ends_with('0') {
            refuses::<ContainerNumber>(&another_digit(&number, place, shift).expect("a digit stands there"))?;
        }
    }

    #[test]
    fn codes_without_a_check_digit_read_as_written(
        msp in "[A-Za-z0-9][A-Za-z0-9.-]{0,63}",
        uetr in "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
        bic in "[A-Z]{4}DE[A-Z0-9]{2}([A-Z0-9]{3})?",
        place in "NL[A-Z2-9]{3}",
    ) {
        reads_as_written::<MspId>(&msp)?;
        reads_as_written::<Uetr>(&uetr)?;
        reads_as_written::<Bic>(&bic)?;
        reads_as_written::<UnLocode>(&place)?;
    }

    #[test]
    fn no_text_makes_a_reader_panic(text: String, ascii in "[ -~]{0,40}") {
        for text in [&text, &ascii] {
            drop((Gtin::parse(text), Gln::parse(text), Sscc::parse(text), Lei::parse(text), Iban::parse(text)));
            drop((CreditorReference::parse(text), ContainerNumber::parse(text), ImoNumber::parse(text)));
            drop((Uetr::parse(text), Bic::parse(text), CountryCode::parse(text), UnLocode::parse(text), MspId::parse(text)));
        }
    }
}
