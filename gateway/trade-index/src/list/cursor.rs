//! Where a page goes on: after the last row of the one before it, by value and id.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

use crate::resource::Cell;

/// Longest cursor that is read, in bytes.
const CURSOR_BYTES_MAX: usize = 8_000;

/// Where a page begins: after the row with this value and id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Cursor {
    #[serde(rename = "s")]
    pub(super) order: String,
    #[serde(rename = "v")]
    pub(super) value: Option<CursorValue>,
    #[serde(rename = "i")]
    pub(super) id: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum CursorValue {
    Number(i64),
    Text(String),
}

impl Cursor {
    /// The cursor of a text; none for a text that no page gave.
    pub(super) fn read(text: &str) -> Option<Self> {
        if text.len() > CURSOR_BYTES_MAX {
            return None;
        }
        let cursor: Self = serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
        let value = match &cursor.value {
            Some(CursorValue::Text(text)) => text.as_str(),
            _ => "",
        };
        (is_stored(&cursor.id) && is_stored(value)).then_some(cursor)
    }

    /// Its text.
    pub(super) fn write(&self) -> String {
        let text = serde_json::to_vec(self).expect("texts and a number, which JSON always takes");
        BASE64_URL_SAFE_NO_PAD.encode(text)
    }
}

/// Whether a row can have such a text: PostgreSQL takes no zero character, and none is kept.
pub(crate) fn is_stored(text: &str) -> bool {
    !text.contains('\u{0}')
}

impl CursorValue {
    /// Whether it is a number.
    pub(super) fn is_number(&self) -> bool {
        matches!(self, Self::Number(_))
    }
}

impl From<CursorValue> for Cell {
    fn from(value: CursorValue) -> Self {
        match value {
            CursorValue::Number(number) => Self::Number(number),
            CursorValue::Text(text) => Self::Text(text),
        }
    }
}
