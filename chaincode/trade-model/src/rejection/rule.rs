//! What is said of a rule.

/// One rule as a list of rules shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// The stable code, `<domain>.<rule>`.
    pub code: &'static str,
    /// The HTTP-like status, 400 to 499.
    pub status: u16,
    /// A short title that never varies.
    pub title: &'static str,
}
