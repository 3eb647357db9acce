//! Why a JSON text is refused, and where.

/// What is wrong with a JSON text, and where. Positions are bytes, counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// Longer than the bound.
    #[error("longer than {max} bytes")]
    TooLong {
        /// [`JsonLimits::bytes_max`](super::JsonLimits::bytes_max).
        max: usize,
    },
    /// Nested deeper than the bound.
    #[error("nested deeper than {max} levels at byte {position}")]
    TooDeep {
        /// [`JsonLimits::depth_max`](super::JsonLimits::depth_max).
        max: usize,
        /// Where the level begins that is too deep.
        position: usize,
    },
    /// More values than the bound.
    #[error("more than {max} values at byte {position}")]
    TooMany {
        /// [`JsonLimits::values_max`](super::JsonLimits::values_max).
        max: usize,
        /// Where the value begins that is one too many.
        position: usize,
    },
    /// Not UTF-8.
    #[error("not UTF-8 at byte {position}")]
    NotUtf8 {
        /// The first byte that belongs to no character.
        position: usize,
    },
    /// Two members of one object have one name.
    #[error("a name stands twice in one object, before byte {position}")]
    RepeatedName {
        /// Where the second one ends.
        position: usize,
    },
    /// Not JSON.
    #[error("not valid JSON at byte {position}: {reason}")]
    Malformed {
        /// Where.
        position: usize,
        /// What is wrong.
        reason: &'static str,
    },
}

impl JsonError {
    /// What is wrong, without the place.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::TooLong { .. } => "the text is too long",
            Self::TooDeep { .. } => "nested too deeply",
            Self::TooMany { .. } => "too many values",
            Self::NotUtf8 { .. } => "not UTF-8",
            Self::RepeatedName { .. } => "a name stands twice in one object",
            Self::Malformed { reason, .. } => reason,
        }
    }

    /// The byte of the fault, where it has one.
    pub fn position(&self) -> Option<usize> {
        match *self {
            Self::TooLong { .. } => None,
            Self::TooDeep { position, .. }
            | Self::TooMany { position, .. }
            | Self::NotUtf8 { position }
            | Self::RepeatedName { position }
            | Self::Malformed { position, .. } => Some(position),
        }
    }
}

/// Line and column of a byte, both counted from 1; columns are bytes.
pub fn line_and_column(text: &[u8], position: usize) -> (usize, usize) {
    let before = &text[..position.min(text.len())];
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    let column = before.iter().rev().take_while(|byte| **byte != b'\n').count() + 1;
    (line, column)
}
