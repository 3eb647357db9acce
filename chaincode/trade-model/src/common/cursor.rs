//! Paging: where a list goes on, and how much of it is answered at once.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Malformed;

/// Where a list goes on. Opaque: base64url of the ledger's own mark, which holds characters that no URL may carry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Cursor {
    bookmark: String,
}

/// Longest cursor that is read, in characters.
const CURSOR_MAX: usize = 2_000;

impl Cursor {
    /// The cursor of a ledger's bookmark.
    pub fn of_bookmark(bookmark: String) -> Self {
        Self { bookmark }
    }

    /// The ledger's bookmark.
    pub fn bookmark(&self) -> &str {
        &self.bookmark
    }
}

impl TryFrom<String> for Cursor {
    type Error = Malformed;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let bytes = if text.len() <= CURSOR_MAX { URL_SAFE_NO_PAD.decode(&text).ok() } else { None };
        let bookmark = bytes.and_then(|bytes| String::from_utf8(bytes).ok()).filter(|bookmark| !bookmark.is_empty());
        let rule = "must be the `next` of the page before, unchanged";
        bookmark.map(|bookmark| Self { bookmark }).ok_or_else(|| Malformed::new("request.cursor_malformed", rule))
    }
}

impl From<Cursor> for String {
    fn from(cursor: Cursor) -> String {
        URL_SAFE_NO_PAD.encode(cursor.bookmark)
    }
}

impl JsonSchema for Cursor {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Cursor".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "Where a list goes on: the `next` of the page before, unchanged",
            "pattern": "^[A-Za-z0-9_-]+$",
            "maxLength": CURSOR_MAX,
            "examples": ["AGFsYXJtADAwMDAwMDAwMTIA"],
        })
    }
}

/// How many entries one page answers, 1 to 100. Default: 50.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct PageSize(u32);

impl PageSize {
    /// The number.
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl Default for PageSize {
    fn default() -> Self {
        Self(50)
    }
}

impl TryFrom<u32> for PageSize {
    type Error = Malformed;

    fn try_from(size: u32) -> Result<Self, Self::Error> {
        if (1..=100).contains(&size) {
            return Ok(Self(size));
        }
        Err(Malformed::new("request.number_malformed", "must be 1 to 100"))
    }
}

impl From<PageSize> for u32 {
    fn from(size: PageSize) -> u32 {
        size.0
    }
}

impl JsonSchema for PageSize {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "PageSize".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "integer", "minimum": 1, "maximum": 100, "default": 50 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_survives_a_url_and_a_made_up_one_is_refused() {
        let cursor = Cursor::of_bookmark("\0alarm\0é\0".to_owned());
        let text = serde_json::to_string(&cursor).expect("a text");
        assert!(
            text.trim_matches('"').bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)),
            "{text}"
        );
        assert_eq!(serde_json::from_str::<Cursor>(&text).ok(), Some(cursor));
        for made_up in ["", "%00", "====", "_w", &"A".repeat(CURSOR_MAX + 1)] {
            let refused = Cursor::try_from(made_up.to_owned()).map_err(|error| error.code().to_owned());
            assert_eq!(refused, Err("request.cursor_malformed".to_owned()), "{made_up:?}");
        }
    }
}
