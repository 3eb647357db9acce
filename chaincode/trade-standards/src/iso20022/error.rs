//! Why a bank message is refused.

/// Why a message cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CamtError {
    /// A bound of [`CamtLimits`](super::CamtLimits) is exceeded.
    #[error("the message exceeds the bound on {what}: at most {max}")]
    TooLarge {
        /// Which bound.
        what: &'static str,
        /// Its value.
        max: usize,
    },
    /// Not UTF-8.
    #[error("the message is not UTF-8")]
    NotUtf8,
    /// Not well-formed XML, or XML with a document type declaration, which is refused unread.
    #[error("not well-formed XML near byte {position}: {reason}")]
    Xml {
        /// Byte position.
        position: u64,
        /// What is wrong.
        reason: &'static str,
    },
    /// Well-formed, but no camt.053 or camt.054.
    #[error("the message is neither camt.053 nor camt.054 but `{found}`")]
    UnknownMessage {
        /// The element found where the message's own should stand, cut to 64 bytes.
        found: String,
    },
    /// A mandatory element is missing.
    #[error("{parent} without {element}")]
    Missing {
        /// The element it should stand in.
        parent: &'static str,
        /// The missing element.
        element: &'static str,
    },
    /// An element that may stand once stands twice.
    #[error("{element} stands twice")]
    Repeated {
        /// The element.
        element: &'static str,
    },
    /// An element whose content is not of its type.
    #[error("{element}: {reason}")]
    Value {
        /// The element.
        element: &'static str,
        /// What is wrong with it.
        reason: String,
    },
}

impl CamtError {
    /// A stable code for machines.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "camt_too_large",
            Self::NotUtf8 => "camt_not_utf8",
            Self::Xml { .. } => "camt_xml",
            Self::UnknownMessage { .. } => "camt_unknown_message",
            Self::Missing { .. } => "camt_missing",
            Self::Repeated { .. } => "camt_repeated",
            Self::Value { .. } => "camt_value",
        }
    }
}
