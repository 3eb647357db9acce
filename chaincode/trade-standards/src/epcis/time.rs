//! Times of events: date, time and offset in ISO 8601, kept as UTC milliseconds.

use std::fmt;

/// A moment, to the millisecond, between the years 1 and 9999. Finer fractions are rounded by their fourth
/// digit, as CBV 2.0 §8.9 demands for event hashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventTime {
    unix_ms: i64,
}

impl EventTime {
    /// Parses `2020-03-04T11:00:30.000+01:00` or the same with `Z`; the offset is mandatory.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        if !text.is_ascii() || !(20..=64).contains(&bytes.len()) {
            return None;
        }
        let shape = bytes[4] == b'-'
            && bytes[7] == b'-'
            && matches!(bytes[10], b'T' | b't')
            && bytes[13] == b':'
            && bytes[16] == b':';
        if !shape {
            return None;
        }
        let (year, month, day) = (number(&text[..4])?, number(&text[5..7])?, number(&text[8..10])?);
        let (hour, minute, second) = (number(&text[11..13])?, number(&text[14..16])?, number(&text[17..19])?);
        if hour > 23 || minute > 59 || second > 59 || year == 0 {
            return None;
        }
        let days = days_since_1970(year, month, day)?;
        let (millis, zone) = fraction(&text[19..])?;
        let seconds = days * 86_400 + hour * 3_600 + minute * 60 + second - offset_minutes(zone)? * 60;
        Self::from_unix_ms(seconds * 1_000 + millis)
    }

    /// From milliseconds since 1970-01-01T00:00:00Z; `None` outside the years 1 to 9999.
    pub fn from_unix_ms(unix_ms: i64) -> Option<Self> {
        (-62_135_596_800_000..=253_402_300_799_999).contains(&unix_ms).then_some(Self { unix_ms })
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub fn unix_ms(self) -> i64 {
        self.unix_ms
    }

    /// Whole seconds since 1970-01-01T00:00:00Z, rounded down.
    pub fn unix_seconds(self) -> i64 {
        self.unix_ms.div_euclid(1_000)
    }
}

/// UTC with three decimals: `2020-03-04T10:00:30.000Z`.
impl fmt::Display for EventTime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (day, rest) = (self.unix_ms.div_euclid(86_400_000), self.unix_ms.rem_euclid(86_400_000));
        let (year, month, date) = civil(day);
        let (hour, minute) = (rest / 3_600_000, rest / 60_000 % 60);
        let (second, millis) = (rest / 1_000 % 60, rest % 1_000);
        write!(formatter, "{year:04}-{month:02}-{date:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
    }
}

/// Whether `text` is an offset as `eventTimeZoneOffset` allows it: a sign, hours to 13, minutes, or ±14:00.
pub(super) fn is_zone_offset(text: &str) -> bool {
    text.len() == 6 && offset_minutes(text).is_some()
}

/// Milliseconds (0 to 1000, rounded by the fourth digit) and the rest behind the fraction.
fn fraction(text: &str) -> Option<(i64, &str)> {
    let Some(digits_on) = text.strip_prefix(['.', ',']) else {
        return Some((0, text));
    };
    let length = digits_on.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, zone) = digits_on.split_at(length);
    if digits.is_empty() {
        return None;
    }
    let padded = format!("{digits:0<4}");
    let millis = number(&padded[..3])?;
    let round_up = padded.as_bytes()[3] >= b'5';
    Some((millis + i64::from(round_up), zone))
}

fn offset_minutes(zone: &str) -> Option<i64> {
    if matches!(zone, "Z" | "z") {
        return Some(0);
    }
    let (sign, rest) = match zone.strip_prefix('+') {
        Some(rest) => (1, rest),
        None => (-1, zone.strip_prefix('-')?),
    };
    let (hours, minutes) = rest.split_once(':')?;
    if hours.len() != 2 || minutes.len() != 2 {
        return None;
    }
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    let offset = hours * 60 + minutes;
    (minutes < 60 && offset <= 14 * 60).then_some(sign * offset)
}

fn number(digits: &str) -> Option<i64> {
    digits.bytes().try_fold(0, |value, byte| byte.is_ascii_digit().then(|| value * 10 + i64::from(byte - b'0')))
}

/// Days from 1970-01-01 to a date of the Gregorian calendar.
fn days_since_1970(year: i64, month: i64, day: i64) -> Option<i64> {
    let month = time::Month::try_from(u8::try_from(month).ok()?).ok()?;
    let date = time::Date::from_calendar_date(i32::try_from(year).ok()?, month, u8::try_from(day).ok()?).ok()?;
    Some(i64::from(date.to_julian_day()) - JULIAN_DAY_1970)
}

/// Year, month and day of a number of days since 1970-01-01.
fn civil(days: i64) -> (i32, u8, u8) {
    let julian = i32::try_from(days + JULIAN_DAY_1970).expect("the years 1 to 9999 fit");
    let date = time::Date::from_julian_day(julian).expect("the years 1 to 9999 are in range");
    (date.year(), u8::from(date.month()), date.day())
}

const JULIAN_DAY_1970: i64 = 2_440_588;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_become_utc_with_three_decimals() {
        let table = [
            ("2020-03-04T11:00:30.000+01:00", "2020-03-04T10:00:30.000Z"),
            ("2020-03-04T11:00:30+01:00", "2020-03-04T10:00:30.000Z"),
            ("2022-02-16T20:33:31.116000-06:00", "2022-02-17T02:33:31.116Z"),
            ("2023-02-02T11:04:03.1415Z", "2023-02-02T11:04:03.142Z"),
            ("2023-02-02T11:04:03.1414999Z", "2023-02-02T11:04:03.141Z"),
            ("2023-12-31T23:59:59.9995Z", "2024-01-01T00:00:00.000Z"),
            ("1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999Z"),
            ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z"),
            ("2024-02-29T00:00:00+14:00", "2024-02-28T10:00:00.000Z"),
        ];
        for (text, expected) in table {
            let parsed = EventTime::parse(text).map(|time| time.to_string());
            assert_eq!(parsed.as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_moment_is_refused() {
        for text in [
            "",
            "2020-03-04",
            "2020-03-04T11:00:30",
            "2020-03-04 11:00:30Z",
            "2020-02-30T11:00:30Z",
            "2020-13-04T11:00:30Z",
            "2020-03-04T24:00:00Z",
            "2020-03-04T11:00:60Z",
            "2020-03-04T11:00:30.Z",
            "2020-03-04T11:00:30+1:00",
            "2020-03-04T11:00:30+15:00",
            "2020-03-04T11:00:30+10:60",
            "2020-03-04T11:00:30Zulu",
            "0001-01-01T00:00:00+01:00",
            "9999-12-31T23:59:59.9995Z",
            "2o20-03-04T11:00:30Z",
            "２020-03-04T11:00:30Z",
        ] {
            assert_eq!(EventTime::parse(text), None, "{text}");
        }
    }

    #[test]
    fn an_offset_is_a_sign_two_digits_and_two_digits() {
        for text in ["+00:00", "-00:00", "+13:59", "-14:00"] {
            assert!(is_zone_offset(text), "{text}");
        }
        // Six bytes with a colon in the fourth place, of which some stand inside a character.
        for text in
            ["é1:00", "+é:00", "+01:é", "✓:00", "😀:0", "+14:01", "+01:60", "01:000", "+1:000", "+-1:00", "Z", ""]
        {
            assert!(!is_zone_offset(text), "{text}");
        }
    }
}
