//! Offices of industrial property (WIPO ST.3): where the rights that one registers can be valid, and of which kinds.
//!
//! A table of upper bounds: an office that can cover a country does so only where the right's owner lists it, and the
//! attester of the office confirms the list. Copyright arises without an office, so its territories are not bounded.
//! Unified effects, such as the unitary patent, lie within the bounds of the office that grants them.

use trade_standards::identifier::CountryCode;

use super::RightKind::{self, Design, GeographicalIndication, Mark, Patent, UtilityModel};
use crate::common::OfficeCode;

/// Why an office cannot have registered a right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OfficeRefusal {
    /// The code names neither a country nor an office of several countries.
    Unknown,
    /// The office does not register rights of this kind.
    Kind,
    /// Its rights are never valid in this country.
    Territory(CountryCode),
}

/// The member states of the European Union, with the outermost regions that have country codes of their own (TFEU,
/// article 355).
const UNION: &[&str] = &[
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GF", "GP", "GR", "HR", "HU", "IE", "IT", "LT",
    "LU", "LV", "MF", "MQ", "MT", "NL", "PL", "PT", "RE", "RO", "SE", "SI", "SK", "YT",
];
/// Contracting states of the European Patent Convention, and states for which it is extended or validated.
const EUROPEAN_PATENT: &[&str] = &[
    "AL", "AT", "BA", "BE", "BG", "CH", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GB", "GE", "GR", "HR", "HU",
    "IE", "IS", "IT", "KH", "LI", "LT", "LU", "LV", "MA", "MC", "MD", "ME", "MK", "MT", "NL", "NO", "PL", "PT", "RO",
    "RS", "SE", "SI", "SK", "SM", "TN", "TR",
];
const BENELUX: &[&str] = &["BE", "LU", "NL"];
/// African Intellectual Property Organization, by its French initials.
const OAPI: &[&str] =
    &["BF", "BJ", "CF", "CG", "CI", "CM", "GA", "GN", "GQ", "GW", "KM", "ML", "MR", "NE", "SN", "TD", "TG"];
/// African Regional Intellectual Property Organization.
const ARIPO: &[&str] = &[
    "BW", "CV", "GH", "GM", "KE", "LR", "LS", "MU", "MW", "MZ", "NA", "RW", "SC", "SD", "SL", "ST", "SZ", "TZ", "UG",
    "ZM", "ZW",
];
/// Eurasian Patent Organization.
const EURASIA: &[&str] = &["AM", "AZ", "BY", "KG", "KZ", "RU", "TJ", "TM"];
/// Patent Office of the Cooperation Council for the Arab States of the Gulf.
const GULF: &[&str] = &["AE", "BH", "KW", "OM", "QA", "SA"];

/// An office of several countries: its codes, what it registers, and where; every country when none is listed.
struct Office {
    codes: &'static [&'static str],
    kinds: &'static [RightKind],
    territories: Option<&'static [&'static str]>,
}

const OFFICES: &[Office] = &[
    // European Union Intellectual Property Office.
    Office { codes: &["EM"], kinds: &[Mark, Design, GeographicalIndication], territories: Some(UNION) },
    Office { codes: &["EP"], kinds: &[Patent], territories: Some(EUROPEAN_PATENT) },
    // International Bureau of WIPO: Madrid, Hague and Lisbon registrations, in the countries that they designate. An
    // international application for a patent is no right.
    Office { codes: &["WO", "IB"], kinds: &[Mark, Design, GeographicalIndication], territories: None },
    Office { codes: &["BX"], kinds: &[Mark, Design], territories: Some(BENELUX) },
    Office {
        codes: &["OA"],
        kinds: &[Mark, Patent, UtilityModel, Design, GeographicalIndication],
        territories: Some(OAPI),
    },
    Office { codes: &["AP"], kinds: &[Mark, Patent, UtilityModel, Design], territories: Some(ARIPO) },
    Office { codes: &["EA"], kinds: &[Patent, Design], territories: Some(EURASIA) },
    Office { codes: &["GC"], kinds: &[Patent], territories: Some(GULF) },
];

/// Countries with a code of their own where the rights of another country's office are valid.
const DEPENDENT: &[(&str, &[&str])] = &[
    ("CH", &["LI"]),
    ("FR", &["GF", "GP", "MF", "MQ", "NC", "PF", "PM", "RE", "TF", "WF", "YT"]),
    ("GB", &["IM"]),
    ("US", &["AS", "GU", "MP", "PR", "VI"]),
];

/// Whether an office can have registered such a right for these countries.
///
/// # Errors
/// [`OfficeRefusal`] names what cannot be.
pub fn check_office<'t>(
    office: &OfficeCode,
    kind: RightKind,
    territories: impl IntoIterator<Item = &'t CountryCode>,
) -> Result<(), OfficeRefusal> {
    if kind == RightKind::Copyright {
        return Ok(());
    }
    let code = office.as_str();
    let beyond = |covers: &dyn Fn(&str) -> bool| {
        let outside = territories.into_iter().find(|country| !covers(country.as_str()));
        outside.map_or(Ok(()), |country| Err(OfficeRefusal::Territory(country.clone())))
    };
    if let Some(office) = OFFICES.iter().find(|office| office.codes.contains(&code)) {
        if !office.kinds.contains(&kind) {
            return Err(OfficeRefusal::Kind);
        }
        return beyond(&|country| office.territories.is_none_or(|territories| territories.contains(&country)));
    }
    if CountryCode::parse(code).is_err() {
        return Err(OfficeRefusal::Unknown);
    }
    beyond(&|country| country == code || is_dependent(country, code, kind))
}

fn is_dependent(country: &str, code: &str, kind: RightKind) -> bool {
    // Switzerland and Liechtenstein are one territory for patents only.
    let joined = code != "CH" || kind == RightKind::Patent;
    joined && DEPENDENT.iter().any(|(office, countries)| *office == code && countries.contains(&country))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(office: &str, kind: RightKind, countries: &[&str]) -> Result<(), OfficeRefusal> {
        let countries: Vec<CountryCode> =
            countries.iter().map(|code| CountryCode::parse(code).expect("a country")).collect();
        check_office(&OfficeCode::parse(office).expect("an office"), kind, &countries)
    }

    fn beyond(country: &str) -> Result<(), OfficeRefusal> {
        Err(OfficeRefusal::Territory(CountryCode::parse(country).expect("a country")))
    }

    #[test]
    fn a_mark_of_the_union_is_never_valid_outside_of_it() {
        assert_eq!(checked("EM", Mark, &["DE", "FR", "NL", "RE"]), Ok(()));
        for outside in ["CH", "GB", "NO", "IS", "US", "LI"] {
            assert_eq!(checked("EM", Mark, &["DE", outside]), beyond(outside));
        }
    }

    #[test]
    fn a_national_office_registers_for_its_own_country() {
        assert_eq!(checked("CH", Mark, &["CH"]), Ok(()));
        assert_eq!(checked("CH", Mark, &["LI"]), beyond("LI"));
        assert_eq!(checked("CH", Patent, &["CH", "LI"]), Ok(()));
        assert_eq!(checked("CN", Mark, &["CN", "HK"]), beyond("HK"));
        assert_eq!(checked("US", Design, &["US", "PR"]), Ok(()));
    }

    #[test]
    fn an_office_registers_its_own_kinds_only_and_an_unknown_one_nothing() {
        assert_eq!(checked("EM", Patent, &["DE"]), Err(OfficeRefusal::Kind));
        assert_eq!(checked("WO", Patent, &["DE"]), Err(OfficeRefusal::Kind));
        assert_eq!(checked("EP", Patent, &["DE", "CH", "GB"]), Ok(()));
        assert_eq!(checked("WO", Mark, &["CH", "US", "DE"]), Ok(()));
        assert_eq!(checked("ZZ", Mark, &["DE"]), Err(OfficeRefusal::Unknown));
        assert_eq!(checked("ZZ", RightKind::Copyright, &["DE"]), Ok(()));
    }

    #[test]
    fn every_country_of_the_table_exists() {
        let listed = OFFICES.iter().flat_map(|office| office.territories.unwrap_or_default());
        for country in listed.chain(DEPENDENT.iter().flat_map(|(_, countries)| *countries)) {
            assert!(CountryCode::parse(country).is_ok(), "{country}");
        }
    }
}
