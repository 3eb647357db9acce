//! Good and bad texts for every identifier, from the standards and from well-known examples.

use super::*;
use IdentifierError as E;

/// The rule that `text` breaks as a `T`, or `ok` and the canonical text.
fn verdict<T>(text: &str) -> String
where
    T: std::str::FromStr<Err = E> + std::fmt::Display,
{
    match text.parse::<T>() {
        Ok(identifier) => format!("ok {identifier}"),
        Err(error) => rule(&error).to_owned(),
    }
}

fn rule(error: &E) -> &'static str {
    match error {
        E::Length { .. } => "Length",
        E::Character { .. } => "Character",
        E::CheckDigit { .. } => "CheckDigit",
        E::UnknownCountry { .. } => "UnknownCountry",
        E::NotListed { .. } => "NotListed",
        E::Form { .. } => "Form",
    }
}

#[test]
fn every_identifier_judges_its_vectors() {
    for (judge, text, expected) in [GS1_KEYS, ACCOUNTS_AND_PARTIES, TRANSPORT, MESSAGES_AND_PLACES].concat() {
        assert_eq!(judge(text), expected, "{text}");
    }
}

/// What judges, the text, and what it says.
type Row = (fn(&str) -> String, &'static str, &'static str);

const GS1_KEYS: &[Row] = &[
    (verdict::<Gtin>, "09521234543213", "ok 09521234543213"),
    (verdict::<Gtin>, "04012345987652", "ok 04012345987652"),
    (verdict::<Gtin>, "4012345123456", "ok 04012345123456"),
    (verdict::<Gtin>, "614141007349", "ok 00614141007349"),
    (verdict::<Gtin>, "97803111", "CheckDigit"),
    (verdict::<Gtin>, "96385074", "ok 00000096385074"),
    (verdict::<Gtin>, "09521234543214", "CheckDigit"),
    (verdict::<Gtin>, "0952123454321", "CheckDigit"),
    (verdict::<Gtin>, "095212345432133", "Length"),
    (verdict::<Gtin>, "0952123454321X", "Character"),
    (verdict::<Gtin>, "", "Length"),
    (verdict::<Gtin>, "٠٩٥٢١٢٣", "Character"),
    (verdict::<Gln>, "4012345000054", "ok 4012345000054"),
    (verdict::<Gln>, "4012345000055", "CheckDigit"),
    (verdict::<Gln>, "401234500005", "Length"),
    (verdict::<Sscc>, "006141411234567890", "ok 006141411234567890"),
    (verdict::<Sscc>, "040123450000001112", "ok 040123450000001112"),
    (verdict::<Sscc>, "006141411234567891", "CheckDigit"),
];

const ACCOUNTS_AND_PARTIES: &[Row] = &[
    (verdict::<Lei>, "213800KUD8LAJWSQ9D15", "ok 213800KUD8LAJWSQ9D15"),
    (verdict::<Lei>, "213800KUD8LXJWSQ9D15", "CheckDigit"),
    (verdict::<Lei>, "213800kud8lajwsq9d15", "Character"),
    (verdict::<Lei>, "213800KUD8LAJWSQ9D1", "Length"),
    (verdict::<Lei>, "213800KUD8LAJWSQ9DAA", "Character"),
    (verdict::<Iban>, "DE89370400440532013000", "ok DE89370400440532013000"),
    (verdict::<Iban>, "CH2909000000250094239", "ok CH2909000000250094239"),
    (verdict::<Iban>, "GB82WEST12345698765432", "ok GB82WEST12345698765432"),
    (verdict::<Iban>, "0001", "Length"),
    (verdict::<Iban>, "DE89370400440532013001", "CheckDigit"),
    (verdict::<Iban>, "DE8937040044053201300", "Length"),
    (verdict::<Iban>, "ZZ89370400440532013000", "UnknownCountry"),
    (verdict::<Iban>, "DE89 3704 0044 0532 013000", "Character"),
    (verdict::<CreditorReference>, "RF18539007547034", "ok RF18539007547034"),
    (verdict::<CreditorReference>, "RF185390075470Y", "ok RF185390075470Y"),
    (verdict::<CreditorReference>, "RF185390075470X", "CheckDigit"),
    (verdict::<CreditorReference>, "RF17539007547034", "CheckDigit"),
    (verdict::<CreditorReference>, "4654654654654654", "Character"),
    (verdict::<CreditorReference>, "RF18", "Length"),
];

const TRANSPORT: &[Row] = &[
    (verdict::<ContainerNumber>, "CSQU3054383", "ok CSQU3054383"),
    (verdict::<ContainerNumber>, "CSQU3054384", "CheckDigit"),
    (verdict::<ContainerNumber>, "CSQA3054383", "Form"),
    (verdict::<ContainerNumber>, "CSQU305438", "Length"),
    (verdict::<ImoNumber>, "9319466", "ok 9319466"),
    (verdict::<ImoNumber>, "8814275", "ok 8814275"),
    (verdict::<ImoNumber>, "8814274", "CheckDigit"),
];

const MESSAGES_AND_PLACES: &[Row] = &[
    (verdict::<Uetr>, "255ae394-9965-4438-ac86-f406feada396", "ok 255ae394-9965-4438-ac86-f406feada396"),
    (verdict::<Uetr>, "255ae394-9965-1438-ac86-f406feada396", "Form"),
    (verdict::<Uetr>, "255ae394-9965-4438-cc86-f406feada396", "Form"),
    (verdict::<Uetr>, "255AE394-9965-4438-AC86-F406FEADA396", "Character"),
    (verdict::<Bic>, "DEUTDEFF", "ok DEUTDEFF"),
    (verdict::<Bic>, "DEUTDEFF500", "ok DEUTDEFF500"),
    (verdict::<Bic>, "DEUTQQFF", "UnknownCountry"),
    (verdict::<Bic>, "DEUTDEFF5", "Length"),
    (verdict::<Bic>, "DEUT11FF", "Character"),
    (verdict::<CountryCode>, "DE", "ok DE"),
    (verdict::<CountryCode>, "XX", "NotListed"),
    (verdict::<CountryCode>, "de", "Character"),
    (verdict::<CountryCode>, "DEU", "Length"),
    (verdict::<UnLocode>, "CNSHA", "ok CNSHA"),
    (verdict::<UnLocode>, "NLRTM", "ok NLRTM"),
    (verdict::<UnLocode>, "NLR1M", "Character"),
    (verdict::<UnLocode>, "QQRTM", "UnknownCountry"),
    (verdict::<MspId>, "ExporterMSP", "ok ExporterMSP"),
    (verdict::<MspId>, "", "Length"),
    (verdict::<MspId>, "Exporter MSP", "Character"),
    (verdict::<MspId>, "Exporter\u{0}MSP", "Character"),
];

#[test]
fn an_identifier_travels_as_its_text_and_is_checked_on_the_way_in() {
    let gtin: Gtin = serde_json::from_str("\"4012345123456\"").expect("a good GTIN-13");
    assert_eq!(serde_json::to_string(&gtin).expect("text"), "\"04012345123456\"");
    let error = serde_json::from_str::<Gtin>("\"4012345123457\"").expect_err("a wrong check digit");
    assert!(error.to_string().contains("check digits"), "{error}");
}

#[test]
fn a_container_check_remainder_of_ten_counts_as_zero() {
    let with_zero = (0..1_000_000u32).map(|serial| format!("CSQU{serial:06}0"));
    let accepted = with_zero.filter(|text| ContainerNumber::parse(text).is_ok()).count();
    // Remainders 0 and 10 both end in 0: two elevenths of all serials.
    assert!((175_000..190_000).contains(&accepted), "{accepted}");
}
