//! Reading small files of others.

use std::{fs, path::Path};

use anyhow::{Context, Result, anyhow, ensure};
use serde::de::DeserializeOwned;
use serde_norway::Value;

use crate::certificates::only_certificates;

/// The longest description, profile or list of authorities, in bytes (1 MiB).
const TEXT_BYTES_MAX: u64 = 1024 * 1024;

/// What some editors put before a text in UTF-8.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// The text of a file of at most 1 MiB, without a byte order mark.
///
/// # Errors
/// It cannot be read, is longer, or is no UTF-8.
pub(super) fn read_text(path: &Path) -> Result<String> {
    let shown = path.display();
    let size = fs::metadata(path).with_context(|| format!("cannot read {shown}"))?.len();
    ensure!(size <= TEXT_BYTES_MAX, "{shown} has {size} bytes, more than {TEXT_BYTES_MAX}");
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {shown}"))?;
    Ok(text.strip_prefix(BYTE_ORDER_MARK).map_or_else(|| text.clone(), str::to_owned))
}

/// The certificates of a PEM file.
///
/// # Errors
/// As [`read_text`] and [`only_certificates`].
pub(super) fn read_certificates(path: &Path) -> Result<Vec<u8>> {
    let certificates = only_certificates(&read_text(path)?).with_context(|| path.display().to_string())?;
    Ok(certificates.into_bytes())
}

/// What a JSON or YAML text says; merge keys (`<<`) are merged.
///
/// # Errors
/// It is neither, or has another form.
pub(super) fn parse<T: DeserializeOwned>(text: &str) -> Result<T> {
    let value = serde_json::from_str(text).or_else(|json| {
        let mut value: Value =
            serde_norway::from_str(text).map_err(|yaml| anyhow!("it is neither JSON ({json}) nor YAML ({yaml})"))?;
        value.apply_merge().context("a merge key (<<) in it cannot be followed")?;
        Ok::<_, anyhow::Error>(value)
    })?;
    serde_norway::from_value(value).context("it has not the form of one")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn a_byte_order_mark_is_no_part_of_a_text() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("text");
        for (bytes, expected) in [("\u{feff}a: 1", "a: 1"), ("a\u{feff}", "a\u{feff}")] {
            fs::write(&path, bytes)?;
            assert_eq!(read_text(&path)?, expected);
        }
        fs::write(&path, b"\xff\xfea\0")?;
        assert!(read_text(&path).is_err());
        Ok(())
    }

    #[test]
    fn json_and_yaml_in_all_their_forms_say_the_same() -> Result<()> {
        type Numbers = BTreeMap<String, BTreeMap<String, u8>>;
        let expected: Numbers = parse(r#"{ "base": { "x": 1 }, "own": { "x": 1, "y": 2 } }"#)?;
        for text in [
            "base: { x: 1 }\nown:\n  x: 1\n  y: 2\n",
            "{base: {x: 1}, own: {x: 1, y: 2}}",
            "{\t\"base\":\t{\"x\":1},\n\t\"own\":{\"x\":1,\"y\":2}}",
            "base: &base { x: 1 }\nown: { <<: *base, y: 2 }",
            "base: &base { x: 1 }\nown: { <<: [*base, { y: 3 }], y: 2 }",
        ] {
            assert_eq!(parse::<Numbers>(text)?, expected, "{text}");
        }
        for (text, reason) in [
            ("base: { <<: 1 }", "a merge key (<<)"),
            ("{ \"base\": }}", "it is neither JSON (expected value"),
            ("base: { x: many }", "it has not the form of one"),
            ("base: { x: 1, x: 2 }", "duplicate"),
        ] {
            let error = format!("{:#}", parse::<Numbers>(text).expect_err(reason));
            assert!(error.contains(reason), "{text}: {error}");
        }
        Ok(())
    }
}
