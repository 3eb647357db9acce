//! Durations as Go writes them, of which configurations hold one or two: `2s`, `1m30s`, `1.5s`, `500ms`.

use std::time::Duration;

/// Reads a positive duration; `None` when it is none or longer than a day.
pub(crate) fn parse(text: &str) -> Option<Duration> {
    const DAY_NANOS: u128 = 24 * 3600 * 1_000_000_000;
    let mut rest = text;
    let mut nanos: u128 = 0;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'.').count();
        let (number, after) = rest.split_at(digits);
        let letters = after.bytes().take_while(|byte| !byte.is_ascii_digit() && *byte != b'.').count();
        let (unit, after) = after.split_at(letters);
        let scale: u128 = match unit {
            "h" => 3600 * 1_000_000_000,
            "m" => 60 * 1_000_000_000,
            "s" => 1_000_000_000,
            "ms" => 1_000_000,
            "us" | "µs" => 1_000,
            "ns" => 1,
            _ => return None,
        };
        nanos += scaled(number, scale)?;
        if nanos > DAY_NANOS {
            return None;
        }
        rest = after;
    }
    if nanos == 0 { None } else { Some(Duration::from_nanos(u64::try_from(nanos).ok()?)) }
}

fn scaled(number: &str, scale: u128) -> Option<u128> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if (whole.is_empty() && fraction.is_empty()) || whole.len() > 12 || fraction.len() > 12 || fraction.contains('.') {
        return None;
    }
    let whole: u128 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let part: u128 = if fraction.is_empty() { 0 } else { fraction.parse().ok()? };
    Some(whole * scale + part * scale / 10_u128.pow(fraction.len() as u32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn go_durations_are_read() {
        for (text, millis) in
            [("2s", 2000), ("500ms", 500), ("1m30s", 90_000), ("1.5s", 1500), ("1h", 3_600_000), (".5s", 500)]
        {
            assert_eq!(parse(text), Some(Duration::from_millis(millis)), "{text}");
        }
    }

    #[test]
    fn other_texts_are_not() {
        for text in ["", "0s", "2", "s", "-1s", "1.2.3s", "1d", "99999999999999h", "1e3s", ".s"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
