//! What may be done to a cell on its way into a request: a small fixed set, and no language.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use time::{Date, Month, OffsetDateTime, Time, UtcOffset};
use trade_standards::identifier::gs1_check_digit_holds;

use crate::{
    Cell, RowFault,
    cell::{is_error, is_scientific},
};

/// Most characters that are put before a cell.
const PREFIX_MAX: usize = 1_000;

/// Most characters of the format of a day.
const FORMAT_MAX: usize = 40;

/// One step of what is done to a cell. Steps are taken in their order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Conversion {
    /// Blanks at both ends are left out.
    Trim {},
    /// `text` is put before it.
    Prefix {
        /// What to put before it.
        #[schemars(length(min = 1, max = 1000), example = &"https://id.gs1.org/01/")]
        text: String,
    },
    /// Each value becomes another one; a value that is not listed is a fault.
    Values {
        /// What becomes of each value.
        values: BTreeMap<String, String>,
    },
    /// A decimal number becomes digits with a point, without thousands separators.
    Decimal {
        /// What stands before the decimals: `,` or `.`.
        #[schemars(regex(pattern = "^[.,]$"), example = &",")]
        mark: char,
        /// What may stand between thousands, such as `.` or a blank. Default: nothing may.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(length(min = 1, max = 1))]
        thousands: Option<char>,
    },
    /// A decimal number with a point becomes a whole number of minor units: with 2 decimals `12.5` becomes `1250`.
    MinorUnits {
        /// How many decimals the currency has, 0 to 4.
        #[schemars(range(min = 0, max = 4), example = &2)]
        decimals: u8,
    },
    /// A number that never has leading zeros becomes text.
    WholeNumber {},
    /// A number becomes text of exactly so many digits, filled with zeros in front.
    Digits {
        /// How many digits, 1 to 30.
        #[schemars(range(min = 1, max = 30), example = &18)]
        count: u8,
    },
    /// A GTIN of 8, 12, 13 or 14 digits becomes one of 14; its check digit must be right.
    Gtin {},
    /// A day becomes `YYYY-MM-DD`.
    Date {
        /// How it is written, of `YYYY`, `MM`, `DD` and what stands between them, such as `DD.MM.YYYY`.
        #[schemars(length(min = 1, max = 40), example = &"DD.MM.YYYY")]
        format: String,
    },
    /// A day with a time becomes a moment in UTC (RFC 3339).
    Moment {
        /// How it is written, of `YYYY`, `MM`, `DD`, `hh`, `mm`, `ss` and what stands between them.
        #[schemars(length(min = 1, max = 40), example = &"DD.MM.YYYY hh:mm")]
        format: String,
        /// The offset of the clock from UTC, such as `+01:00`.
        #[schemars(regex(pattern = r"^[+-][0-9]{2}:[0-9]{2}$"), example = &"+01:00")]
        offset: String,
    },
}

/// Takes a cell through all steps. What is left is a text, a flag, or what JSON nests.
pub(crate) fn convert(cell: Cell, steps: &[Conversion]) -> Result<Cell, RowFault> {
    if matches!(&cell, Cell::Text(text) if is_error(text)) {
        return Err(broken());
    }
    let cell = steps.iter().try_fold(cell, |cell, step| step.apply(cell))?;
    match cell {
        Cell::Text(text) if is_scientific(&text) => Err(shortened()),
        Cell::Moment([.., 0, 0, 0]) => Ok(Cell::Text(cell.shown())),
        Cell::Moment(_) => Err(RowFault::new(
            "time_without_zone",
            "The cell holds a day with a time; the mapping does not say of which clock (`moment`).",
        )),
        Cell::Broken(_) => Err(broken()),
        Cell::Lossy(text) if is_scientific(&text) => Err(shortened()),
        Cell::Lossy(_) => Err(RowFault::new(
            "number_inexact",
            "The cell holds a number that may have lost digits: more than fifteen, or decimals in JSON. Write it as \
             text.",
        )),
        other => Ok(other),
    }
}

impl Conversion {
    fn apply(&self, cell: Cell) -> Result<Cell, RowFault> {
        let text = match (self, cell) {
            (Self::Date { .. }, Cell::Moment([year, month, day, ..])) => return day_of(year, month, day),
            (Self::Moment { offset, .. }, Cell::Moment(parts)) => return moment(parts, offset),
            (Self::Trim {}, Cell::Text(text)) => return Ok(Cell::of_text(text.trim())),
            (Self::Trim {}, other) => return Ok(other),
            (_, Cell::Text(text)) if is_scientific(&text) => return Err(shortened()),
            (_, Cell::Text(text)) => text,
            (
                Self::Decimal { .. }
                | Self::MinorUnits { .. }
                | Self::WholeNumber {}
                | Self::Digits { .. }
                | Self::Gtin {},
                Cell::Number(text),
            ) => {
                // A spreadsheet's number has a point, whatever a text of the same column would have.
                return self.number(&text, '.', None).map(Cell::Text);
            }
            (Self::Values { .. }, Cell::Flag(flag)) => flag.to_string(),
            (_, Cell::Number(_)) => return Err(number_for_text()),
            (_, other) => return Ok(other),
        };
        let converted = match self {
            Self::Trim {} => text,
            Self::Prefix { text: before } => format!("{before}{text}"),
            Self::Values { values } => values.get(&text).cloned().ok_or_else(|| {
                RowFault::new("value_not_listed", "The mapping does not say what becomes of this value.")
            })?,
            Self::Decimal { mark, thousands } => self.number(&text, *mark, *thousands)?,
            Self::MinorUnits { .. } | Self::WholeNumber {} | Self::Digits { .. } | Self::Gtin {} => {
                self.number(&text, '.', None)?
            }
            Self::Date { format } => {
                let [year, month, day, ..] = parts(&text, format)?;
                return day_of(year, month, day);
            }
            Self::Moment { format, offset } => return moment(parts(&text, format)?, offset),
        };
        Ok(Cell::Text(converted))
    }

    fn number(&self, text: &str, mark: char, thousands: Option<char>) -> Result<String, RowFault> {
        let text = text.trim();
        match self {
            Self::Decimal { .. } => decimal(text, mark, thousands),
            Self::MinorUnits { decimals } => minor_units(text, usize::from(*decimals)),
            Self::Digits { count } => digits(text, usize::from(*count)),
            Self::Gtin {} => gtin(text),
            _ => whole(text),
        }
    }

    /// What is wrong with the step itself.
    pub(crate) fn flaw(&self) -> Option<&'static str> {
        let of_format = |format: &str, needed: &[&str]| {
            if format.chars().count() > FORMAT_MAX {
                return Some("has a format of more than 40 characters");
            }
            needed.iter().any(|part| format.matches(part).count() != 1).then_some("lacks a part, or has one twice")
        };
        match self {
            Self::Prefix { text } if text.is_empty() || text.chars().count() > PREFIX_MAX => {
                Some("puts not 1 to 1000 characters before the cell")
            }
            Self::Decimal { mark, thousands } => match (mark, thousands) {
                (',' | '.', Some(between)) if between == mark || between.is_ascii_digit() => {
                    Some("takes the same character, or a digit, between thousands")
                }
                (',' | '.', _) => None,
                _ => Some("has another mark than `,` and `.`"),
            },
            Self::MinorUnits { decimals: 5.. } => Some("has more than 4 decimals"),
            Self::Digits { count: 0 | 31.. } => Some("has not 1 to 30 digits"),
            Self::Values { values } if values.is_empty() => Some("lists no values"),
            Self::Date { format } => of_format(format, &["YYYY", "MM", "DD"]),
            Self::Moment { offset, .. } if offset_of(offset).is_none() => Some("has an offset that is not ±hh:mm"),
            Self::Moment { format, .. } => of_format(format, &["YYYY", "MM", "DD", "hh", "mm"]),
            _ => None,
        }
    }
}

pub(crate) fn number_for_text() -> RowFault {
    RowFault::new(
        "number_for_text",
        "The cell holds a number where a text is wanted, so leading zeros may be lost. Give the column the format \
         text, or the mapping `digits`, `gtin` or `whole_number`.",
    )
}

fn broken() -> RowFault {
    RowFault::new("cell_broken", "The cell holds an error of the spreadsheet, or a formula that was not computed.")
}

fn shortened() -> RowFault {
    RowFault::new(
        "number_in_scientific_notation",
        "A spreadsheet has shortened the number, and its last digits are lost. Give the column the format text and \
         fill it again.",
    )
}

fn decimal(text: &str, mark: char, thousands: Option<char>) -> Result<String, RowFault> {
    let malformed =
        || RowFault::new("decimal_malformed", "The cell is no decimal number of the form that the mapping names.");
    let (sign, rest) = text.strip_prefix('-').map_or(("", text), |rest| ("-", rest));
    let (whole, part) = rest.split_once(mark).map_or((rest, None), |(whole, part)| (whole, Some(part)));
    let groups: Vec<&str> = thousands.map_or(vec![whole], |between| whole.split(between).collect());
    let (first, others) = groups.split_first().ok_or_else(malformed)?;
    let grouped = others.is_empty() || (first.len() <= 3 && others.iter().all(|group| group.len() == 3));
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !grouped || !groups.iter().all(|group| is_digits(group)) || !part.is_none_or(is_digits) {
        return Err(malformed());
    }
    let whole = groups.concat();
    let whole = match whole.trim_start_matches('0') {
        "" => "0",
        digits => digits,
    };
    Ok(part.map_or_else(|| format!("{sign}{whole}"), |part| format!("{sign}{whole}.{part}")))
}

fn minor_units(text: &str, decimals: usize) -> Result<String, RowFault> {
    let number = decimal(text, '.', None)?;
    let (whole, part) = number.split_once('.').unwrap_or((&number, ""));
    let kept = part.trim_end_matches('0');
    if kept.len() > decimals {
        return Err(RowFault::new("decimal_too_precise", format!("The amount has more than {decimals} decimals.")));
    }
    decimal(&format!("{whole}{kept:0<decimals$}"), '.', None)
}

fn whole(text: &str) -> Result<String, RowFault> {
    match text.parse::<u128>() {
        Ok(number) if text.bytes().all(|byte| byte.is_ascii_digit()) && number.to_string() == text => {
            Ok(number.to_string())
        }
        _ => Err(RowFault::new("whole_number_malformed", "The cell is no whole number without leading zeros.")),
    }
}

fn digits(text: &str, count: usize) -> Result<String, RowFault> {
    if text.is_empty() || text.len() > count || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(RowFault::new("digits_count", format!("The cell is no number of at most {count} digits.")));
    }
    Ok(format!("{text:0>count$}"))
}

/// Zeros in front change no GTIN, and with a check digit that is right nothing else was lost (GS1 General
/// Specifications, 7.9).
fn gtin(text: &str) -> Result<String, RowFault> {
    // A spreadsheet drops zeros at the front of any of them; below eight digits of a GTIN-8 nothing is left to check.
    if !(6..=14).contains(&text.len()) || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(RowFault::new("gtin_malformed", "The cell is no GTIN of 8, 12, 13 or 14 digits."));
    }
    let padded = format!("{text:0>14}");
    if !gs1_check_digit_holds(&padded) {
        return Err(RowFault::new("check_digit", "The check digit of the GTIN is wrong."));
    }
    Ok(padded)
}

/// Year, month, day, hour, minute, second of a text.
fn parts(text: &str, format: &str) -> Result<[u16; 6], RowFault> {
    let malformed = || RowFault::new("date_malformed", format!("The cell is not written as {format}."));
    let mut parts = [0; 6];
    let (mut text, mut format_left) = (text.trim(), format);
    while let Some(first) = format_left.chars().next() {
        let token = ["YYYY", "MM", "DD", "hh", "mm", "ss"].iter().position(|token| format_left.starts_with(token));
        let Some(place) = token else {
            text = text.strip_prefix(first).ok_or_else(malformed)?;
            format_left = &format_left[first.len_utf8()..];
            continue;
        };
        let most = if place == 0 { 4 } else { 2 };
        let count = text.bytes().take(most).take_while(u8::is_ascii_digit).count();
        // One digit alone where something stands between the parts: 2.11.2026.
        let alone = place > 0 && count == 1 && !text[1..].starts_with(|next: char| next.is_ascii_digit());
        if count != most && !alone {
            return Err(malformed());
        }
        parts[place] = text[..count].parse().map_err(|_| malformed())?;
        text = &text[count..];
        format_left = &format_left[most..];
    }
    if text.is_empty() { Ok(parts) } else { Err(malformed()) }
}

fn date(year: u16, month: u16, day: u16) -> Option<Date> {
    let month = Month::try_from(u8::try_from(month).ok()?).ok()?;
    Date::from_calendar_date(year.into(), month, u8::try_from(day).ok()?).ok()
}

fn no_such_day() -> RowFault {
    RowFault::new("date_malformed", "There is no such day or time.")
}

fn day_of(year: u16, month: u16, day: u16) -> Result<Cell, RowFault> {
    date(year, month, day).ok_or_else(no_such_day)?;
    Ok(Cell::Text(format!("{year:04}-{month:02}-{day:02}")))
}

fn moment([year, month, day, hour, minute, second]: [u16; 6], offset: &str) -> Result<Cell, RowFault> {
    let small = |number: u16| u8::try_from(number).unwrap_or(u8::MAX);
    let day = date(year, month, day).ok_or_else(no_such_day)?;
    let clock = Time::from_hms(small(hour), small(minute), small(second)).map_err(|_| no_such_day())?;
    let offset = offset_of(offset).ok_or_else(no_such_day)?;
    let moment =
        OffsetDateTime::new_in_offset(day, clock, offset).checked_to_offset(UtcOffset::UTC).ok_or_else(no_such_day)?;
    let (day, clock) = (moment.date(), moment.time());
    Ok(Cell::Text(format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
        day.year(),
        u8::from(day.month()),
        day.day(),
        clock.hour(),
        clock.minute(),
        clock.second()
    )))
}

fn offset_of(text: &str) -> Option<UtcOffset> {
    let (sign, rest) = match text.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = rest.split_once(':').filter(|(hours, minutes)| hours.len() == 2 && minutes.len() == 2)?;
    UtcOffset::from_hms(sign * hours.parse::<i8>().ok()?, sign * minutes.parse::<i8>().ok()?, 0).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Cell {
        Cell::Text(text.to_owned())
    }

    fn number(text: &str) -> Cell {
        Cell::Number(text.to_owned())
    }

    /// The text that comes out, or the code of the fault without its beginning.
    fn done(cell: Cell, steps: &[Conversion]) -> Result<String, String> {
        convert(cell, steps).map(|cell| cell.shown()).map_err(|fault| fault.code.replace("import.", ""))
    }

    fn ok(text: &str) -> Result<String, String> {
        Ok(text.to_owned())
    }

    fn fault(code: &str) -> Result<String, String> {
        Err(code.to_owned())
    }

    #[test]
    fn a_gtin_that_a_spreadsheet_has_changed_is_restored_by_its_check_digit_or_refused() {
        let gtin = [Conversion::Gtin {}];
        assert_eq!(done(number("9506000134352"), &gtin), ok("09506000134352"));
        assert_eq!(done(text("09506000134352"), &gtin), ok("09506000134352"));
        assert_eq!(done(text(" 614141007349 "), &gtin), ok("00614141007349"));
        assert_eq!(done(text("9.50600013435E+12"), &gtin), fault("number_in_scientific_notation"));
        assert_eq!(done(text("9.50600013435E+12"), &[]), fault("number_in_scientific_notation"));
        assert_eq!(done(number("9506000134353"), &gtin), fault("check_digit"));
        assert_eq!(done(text("950600013435X"), &gtin), fault("gtin_malformed"));
        assert_eq!(done(Cell::Lossy("1e300".to_owned()), &gtin), fault("number_inexact"));
    }

    #[test]
    fn a_number_fills_a_text_only_where_the_mapping_says_how_many_digits_it_has() {
        assert_eq!(done(number("12"), &[Conversion::Digits { count: 4 }]), ok("0012"));
        assert_eq!(done(number("12345"), &[Conversion::Digits { count: 4 }]), fault("digits_count"));
        assert_eq!(done(number("4711"), &[Conversion::WholeNumber {}]), ok("4711"));
        assert_eq!(done(text("0815"), &[Conversion::WholeNumber {}]), fault("whole_number_malformed"));
        assert_eq!(done(number("12.5"), &[Conversion::WholeNumber {}]), fault("whole_number_malformed"));
        let prefix = Conversion::Prefix { text: "PO-".to_owned() };
        assert_eq!(done(number("12"), std::slice::from_ref(&prefix)), fault("number_for_text"));
        assert_eq!(done(number("12"), &[Conversion::WholeNumber {}, prefix]), ok("PO-12"));
    }

    #[test]
    fn decimals_are_read_as_the_mapping_says_and_never_rounded() {
        let german = Conversion::Decimal { mark: ',', thousands: Some('.') };
        for (from, to) in [("1.234,50", "1234.50"), ("-12,5", "-12.5"), ("1234", "1234"), ("007", "7"), ("0,5", "0.5")]
        {
            assert_eq!(done(text(from), std::slice::from_ref(&german)), ok(to), "{from}");
        }
        for from in ["1.23,5", "12.50", "1,2,3", "", "12 €", ",5", "1..234"] {
            assert_eq!(
                done(Cell::Text(from.to_owned()), std::slice::from_ref(&german)),
                fault("decimal_malformed"),
                "{from}"
            );
        }
        assert_eq!(done(number("1234.5"), std::slice::from_ref(&german)), ok("1234.5"), "a spreadsheet has a point");
        let minor = Conversion::MinorUnits { decimals: 2 };
        assert_eq!(done(text("1.234,5"), &[german, minor.clone()]), ok("123450"));
        assert_eq!(done(text("0.05"), std::slice::from_ref(&minor)), ok("5"));
        assert_eq!(done(number("12.500"), std::slice::from_ref(&minor)), ok("1250"));
        assert_eq!(done(text("0.055"), &[minor]), fault("decimal_too_precise"));
    }

    #[test]
    fn what_a_report_shows_of_a_number_is_never_read_as_another_one() {
        let german = [Conversion::Decimal { mark: ',', thousands: Some('.') }];
        for (shown, code) in [
            (Cell::of_double(1.125).shown(), "decimal_malformed"),
            (Cell::Lossy("1.125".to_owned()).shown(), "decimal_malformed"),
            (Cell::of_double(106_141_412_345_678_908.0).shown(), "number_in_scientific_notation"),
        ] {
            assert_eq!(done(text(&shown), &german), fault(code), "{shown}");
        }
    }

    #[test]
    fn days_and_moments_become_what_iso_8601_says() {
        let day = |format: &str| [Conversion::Date { format: format.to_owned() }];
        assert_eq!(done(text("2.11.2026"), &day("DD.MM.YYYY")), ok("2026-11-02"));
        assert_eq!(done(text("20261102"), &day("YYYYMMDD")), ok("2026-11-02"));
        assert_eq!(done(Cell::Moment([2026, 11, 2, 0, 0, 0]), &day("DD.MM.YYYY")), ok("2026-11-02"));
        assert_eq!(done(Cell::Moment([2026, 11, 2, 0, 0, 0]), &[]), ok("2026-11-02"));
        assert_eq!(done(Cell::Moment([2026, 11, 2, 8, 0, 0]), &[]), fault("time_without_zone"));
        for wrong in ["31.02.2026", "2.11.26", "2/11/2026", "02.11.2026 ", "02.11.2026x", "", "é2.11.2026"] {
            let expected = if wrong.ends_with(' ') { ok("2026-11-02") } else { fault("date_malformed") };
            assert_eq!(done(Cell::Text(wrong.to_owned()), &day("DD.MM.YYYY")), expected, "{wrong:?}");
        }
        let moment = [Conversion::Moment { format: "DD.MM.YYYY hh:mm".to_owned(), offset: "+01:00".to_owned() }];
        assert_eq!(done(text("01.01.2027 00:30"), &moment), ok("2026-12-31T23:30:00Z"));
        assert_eq!(done(Cell::Moment([2026, 11, 2, 8, 15, 0]), &moment), ok("2026-11-02T07:15:00Z"));
        assert_eq!(done(text("01.01.2027 24:30"), &moment), fault("date_malformed"));
    }

    #[test]
    fn values_prefixes_and_blanks_are_what_they_say() {
        let values = [("Rechnung".to_owned(), "invoice".to_owned())].into();
        let steps = [Conversion::Trim {}, Conversion::Values { values }];
        assert_eq!(done(text(" Rechnung "), &steps), ok("invoice"));
        assert_eq!(done(text("rechnung"), &steps), fault("value_not_listed"));
        assert_eq!(done(text("  "), &[Conversion::Trim {}]), ok(""));
        assert_eq!(done(Cell::Broken("#REF!".to_owned()), &[]), fault("cell_broken"));
        assert_eq!(done(text("#N/A"), &[Conversion::Prefix { text: "PO-".to_owned() }]), fault("cell_broken"));
        assert_eq!(done(text("#4711"), &[]), ok("#4711"));
    }

    #[test]
    fn steps_that_cannot_work_are_known() {
        for flawed in [
            Conversion::Decimal { mark: ';', thousands: None },
            Conversion::Decimal { mark: ',', thousands: Some(',') },
            Conversion::MinorUnits { decimals: 5 },
            Conversion::Digits { count: 0 },
            Conversion::Prefix { text: String::new() },
            Conversion::Prefix { text: "x".repeat(1_001) },
            Conversion::Date { format: format!("DD.MM.YYYY{}", ".".repeat(31)) },
            Conversion::Values { values: BTreeMap::new() },
            Conversion::Date { format: "DD.MM".to_owned() },
            Conversion::Moment { format: "YYYY-MM-DD hh:mm".to_owned(), offset: "CET".to_owned() },
            Conversion::Moment { format: "YYYY-MM-DD".to_owned(), offset: "+01:00".to_owned() },
        ] {
            assert!(flawed.flaw().is_some(), "{flawed:?}");
        }
        assert_eq!(Conversion::Date { format: "DD.MM.YYYY".to_owned() }.flaw(), None);
        assert_eq!(Conversion::Date { format: format!("DD.MM.YYYY{}", ".".repeat(30)) }.flaw(), None);
        assert_eq!(Conversion::Prefix { text: "x".repeat(1_000) }.flaw(), None);
    }
}
