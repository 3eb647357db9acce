//! From bytes to text.

use std::borrow::Cow;

use encoding_rs::{UTF_16BE, UTF_16LE, WINDOWS_1252};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::FileError;

/// The byte order mark of UTF-8.
const UTF_8_MARK: &[u8] = b"\xef\xbb\xbf";

/// How the characters of a text file are written. It is not guessed: Windows-1252 takes almost any bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Encoding {
    /// UTF-8, with or without byte order mark.
    #[default]
    #[serde(rename = "utf-8")]
    Utf8,
    /// UTF-16 with a byte order mark; without one, little-endian.
    #[serde(rename = "utf-16")]
    Utf16,
    /// Windows-1252, which most call Latin-1.
    #[serde(rename = "windows-1252")]
    Windows1252,
}

impl Encoding {
    /// The encoding that is called so.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "utf-8" => Some(Self::Utf8),
            "utf-16" => Some(Self::Utf16),
            "windows-1252" => Some(Self::Windows1252),
            _ => None,
        }
    }

    /// The text.
    pub(crate) fn decode(self, bytes: &[u8]) -> Result<Cow<'_, str>, FileError> {
        match self {
            Self::Utf8 => {
                let bytes = bytes.strip_prefix(UTF_8_MARK).unwrap_or(bytes);
                std::str::from_utf8(bytes).map(Cow::Borrowed).map_err(|_| FileError::Encoding("UTF-8"))
            }
            Self::Utf16 => {
                let (encoding, bytes) = match bytes {
                    [0xfe, 0xff, rest @ ..] => (UTF_16BE, rest),
                    [0xff, 0xfe, rest @ ..] => (UTF_16LE, rest),
                    _ => (UTF_16LE, bytes),
                };
                let text = encoding.decode_without_bom_handling_and_without_replacement(bytes);
                text.ok_or(FileError::Encoding("UTF-16"))
            }
            // A byte order mark says that it is UTF-8, as reports are: an umlaut would become two other letters.
            Self::Windows1252 if bytes.starts_with(UTF_8_MARK) => Err(FileError::Encoding("Windows-1252")),
            Self::Windows1252 => Ok(WINDOWS_1252.decode_without_bom_handling(bytes).0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_encoding_gives_the_same_text_and_none_is_guessed() {
        let utf_16 = |text: &str| text.encode_utf16().collect::<Vec<u16>>();
        let little: Vec<u8> =
            [0xff, 0xfe].into_iter().chain(utf_16("Zürich").iter().flat_map(|u| u.to_le_bytes())).collect();
        let big: Vec<u8> =
            [0xfe, 0xff].into_iter().chain(utf_16("Zürich").iter().flat_map(|u| u.to_be_bytes())).collect();
        for (encoding, bytes) in [
            (Encoding::Utf8, "Zürich".as_bytes()),
            (Encoding::Utf8, "\u{feff}Zürich".as_bytes()),
            (Encoding::Utf16, &little),
            (Encoding::Utf16, &big),
            (Encoding::Windows1252, b"Z\xfcrich"),
        ] {
            assert_eq!(encoding.decode(bytes).as_deref(), Ok("Zürich"), "{encoding:?}");
        }
        assert_eq!(Encoding::Utf8.decode(b"Z\xfcrich"), Err(FileError::Encoding("UTF-8")));
        let marked = Encoding::Windows1252.decode("\u{feff}Zürich".as_bytes());
        assert_eq!(marked, Err(FileError::Encoding("Windows-1252")));
        assert_eq!(Encoding::Utf16.decode(&[0xff, 0xfe, 0x00, 0xd8]), Err(FileError::Encoding("UTF-16")));
    }
}
