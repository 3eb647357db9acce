//! Which messages are read.

/// What a message tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Entries of accounts: camt.052, camt.053, camt.054.
    Entries,
    /// Orders to pay: pain.001.
    Orders,
    /// Payments between banks: pacs.008.
    Transfers,
}

impl Kind {
    /// The kind of the message with this element.
    pub(super) fn parse(name: &str) -> Option<Self> {
        match name {
            "BkToCstmrAcctRpt" | "BkToCstmrStmt" | "BkToCstmrDbtCdtNtfctn" => Some(Self::Entries),
            "CstmrCdtTrfInitn" => Some(Self::Orders),
            "FIToFICstmrCdtTrf" => Some(Self::Transfers),
            _ => None,
        }
    }
}
