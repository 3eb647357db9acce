//! What holds for every value that travels as text: it is written as it is read, and one value has one text.

use std::fmt::{Debug, Display};
use std::str::FromStr;

use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::customs::{TariffCode, TariffPrefix, UnitCode};
use crate::digest::Digest256;
use crate::epcis::{EventHash, EventId};
use crate::json::Json;
use crate::malformed::{CODES, Coded, Malformed};
use crate::money::{Amount, CurrencyCode, MinorUnits};
use crate::percent::{self, Plus};
use crate::quantity::Quantity;
use crate::time::{Date, UtcTime};

/// Text and JSON give the value back, and nothing but its own text does.
fn travels<T>(value: T) -> Result<(), TestCaseError>
where
    T: FromStr<Err: Coded> + Display + Debug + PartialEq + Serialize + DeserializeOwned,
{
    let text = value.to_string();
    let again = text.parse::<T>().map_err(|error| TestCaseError::fail(format!("{text}: {error}")))?;
    prop_assert_eq!(&again, &value);
    prop_assert_eq!(again.to_string(), text.clone());
    let json = serde_json::to_string(&value).map_err(|error| TestCaseError::fail(error.to_string()))?;
    prop_assert_eq!(&json, &format!("\"{text}\""));
    let read = serde_json::from_str::<T>(&json).map_err(|error| TestCaseError::fail(error.to_string()))?;
    prop_assert_eq!(read, value);
    Ok(())
}

/// Whatever is refused is refused with a code on the list.
fn refuses_by_code<T: FromStr<Err: Coded> + DeserializeOwned>(text: &str) -> Result<(), TestCaseError> {
    let value = serde_json::Value::String(text.to_owned());
    match (text.parse::<T>(), serde_json::from_value::<T>(value)) {
        (Ok(_), Ok(_)) => {}
        (Err(error), Err(refusal)) => {
            let (message, explanation) = (refusal.to_string(), error.to_string());
            let found = Malformed::of_message(&message);
            prop_assert_eq!(found, Some((error.code(), explanation.as_str())));
            prop_assert!(CODES.contains(&error.code()));
        }
        _ => prop_assert!(false, "text and JSON disagree about {:?}", text),
    }
    Ok(())
}

proptest! {
    #[test]
    fn values_travel_as_one_text(
        minor: u64,
        millionths in 1..=999_999_999_999_999_999u64,
        bytes: [u8; 32],
        tariff in "0[1-9](0[1-9]|[1-9][0-9])[0-9]{2}([0-9]{2}){0,2}",
        unit in "[A-Z0-9]{1,3}",
        seconds in -62_167_219_200..=253_402_300_799i64,
        nanos in 0..1_000_000_000u32,
    ) {
        travels(MinorUnits::from(minor))?;
        travels(Quantity::from_millionths(millionths).expect("in range"))?;
        travels(Digest256::of(&bytes))?;
        travels(EventHash::of(&hex::encode(bytes)))?;
        travels(EventId::from(EventHash::of(&hex::encode(bytes))))?;
        travels(TariffPrefix::parse(&tariff[..4]).expect("a heading"))?;
        travels(TariffCode::parse(&tariff).expect("a tariff code"))?;
        travels(UnitCode::parse(&unit).expect("a unit"))?;
        let moment = UtcTime::from_unix(seconds, nanos).expect("in range");
        travels(moment)?;
        travels(moment.date())?;
    }

    #[test]
    fn amounts_come_back_from_major_units(minor: u64, currency in prop::sample::select(vec!["JPY", "EUR", "KWD", "CLF"])) {
        let currency = CurrencyCode::parse(currency).expect("a listed currency");
        let amount = Amount::new(minor, currency.clone());
        // ISO 20022 allows 18 digits before the point.
        prop_assume!(minor / 10u64.pow(currency.exponent()) < 10u64.pow(18));
        prop_assert_eq!(Amount::from_major(&amount.to_major(), currency), Ok(amount));
    }

    #[test]
    fn every_refusal_has_its_code(text: String, digits in "[0-9.]{0,12}", ascii in "[ -~]{0,70}") {
        for text in [&text, &digits, &ascii] {
            refuses_by_code::<MinorUnits>(text)?;
            refuses_by_code::<Quantity>(text)?;
            refuses_by_code::<TariffCode>(text)?;
            refuses_by_code::<TariffPrefix>(text)?;
            refuses_by_code::<UnitCode>(text)?;
            refuses_by_code::<Digest256>(text)?;
            refuses_by_code::<EventHash>(text)?;
            refuses_by_code::<EventId>(text)?;
            refuses_by_code::<CurrencyCode>(text)?;
            refuses_by_code::<Date>(text)?;
            refuses_by_code::<UtcTime>(text)?;
        }
    }

    #[test]
    fn percent_encoding_is_undone_by_decoding(text: String, any in "[%0-9A-Fa-f+ ]{0,20}") {
        prop_assert_eq!(percent::decode(&percent::encode(&text), Plus::Itself), Ok(text));
        if let Ok(normal) = percent::normal_form(&any) {
            prop_assert_eq!(percent::decode(&normal, Plus::Itself), percent::decode(&any, Plus::Itself));
            prop_assert_eq!(percent::normal_form(&normal), Ok(normal));
        }
    }

    #[test]
    fn json_is_written_as_it_is_read(text in "[\\[\\]{}:,\"0-9a-c .eE+-]{0,40}", name: String) {
        if let Ok(json) = Json::parse(&text, 8) {
            prop_assert_eq!(Json::parse(&json.to_string(), 8), Ok(json));
        }
        let object = Json::Object(vec![(name.clone(), Json::Text(name.clone()))]);
        prop_assert_eq!(Json::parse(&object.to_string(), 1), Ok(object.clone()));
        let other = serde_json::from_str::<serde_json::Value>(&object.to_string()).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(other[&name].as_str(), Some(name.as_str()));
    }
}
