//! The ways in: by which one a caller came, and what it may do by it.
//!
//! Every way ends in the same principal, judged by the same rules from the same certificate. What differs is how the
//! caller has shown that the certificate is its own, and that is written down.

use std::fmt;

use crate::problem::ProblemCode;

/// By which way a caller came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Way {
    /// The listed proxy on whose word the certificate was taken; none when the caller's own connection showed it.
    pub proxy: Option<String>,
    /// The access token, when there was one.
    pub token: Option<TokenKind>,
}

/// When a way ends, though the certificate may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct End {
    /// The first second since 1970 at which the caller does not count any more.
    pub at: u64,
    /// What it is told then.
    pub problem: ProblemCode,
}

impl End {
    /// The earlier one of this and another one, if there is another.
    #[must_use]
    pub fn or_before(self, other: Option<Self>) -> Self {
        other.filter(|other| other.at <= self.at).unwrap_or(self)
    }
}

/// Whose access tokens are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// Bound to a certificate (RFC 8705 §3): it is worth something on its holder's connections only.
    Bound,
    /// Of the bearer, for who cannot show a certificate on its connections.
    Bearer,
}

/// What a caller may do, beyond what its role and duties say. A token can narrow it; a certificate never does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// Reads.
    Read,
    /// Reads and writes.
    #[default]
    Write,
}

impl Scope {
    /// The scope as OAuth writes it (RFC 6749 §3.3).
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "read write",
        }
    }

    /// The scope that is written so; none for words that are not known. Reading is part of writing.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        text.split(' ')
            .map(|word| match word {
                "read" => Some(Self::Read),
                "write" => Some(Self::Write),
                _ => None,
            })
            .try_fold(Self::Read, |all, one| Some(all.max(one?)))
    }
}

/// As the audit log has it, such as `proxy:edge` or `bearer`; empty for a certificate on the caller's own connection.
impl fmt::Display for Way {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(proxy) = &self.proxy {
            write!(formatter, "proxy:{proxy}")?;
        }
        let token = match self.token {
            Some(TokenKind::Bound) => "token",
            Some(TokenKind::Bearer) => "bearer",
            None => return Ok(()),
        };
        if self.proxy.is_some() {
            formatter.write_str(" ")?;
        }
        formatter.write_str(token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_what_its_words_say() {
        for (text, expected) in [
            ("read", Some(Scope::Read)),
            ("write", Some(Scope::Write)),
            ("write read", Some(Scope::Write)),
            ("", None),
            ("read  write", None),
            ("admin", None),
            ("read admin", None),
        ] {
            assert_eq!(Scope::parse(text), expected, "{text:?}");
        }
        for scope in [Scope::Read, Scope::Write] {
            assert_eq!(Scope::parse(scope.as_str()), Some(scope));
        }
    }

    #[test]
    fn of_several_ends_the_first_counts() {
        let token = End { at: 10, problem: ProblemCode::TokenExpired };
        let proxy = End { at: 20, problem: ProblemCode::ClientCertRefused };
        assert_eq!((token.or_before(None), proxy.or_before(None)), (token, proxy));
        assert_eq!((token.or_before(Some(proxy)), proxy.or_before(Some(token))), (token, token));
    }

    #[test]
    fn a_way_is_written_as_it_went() {
        let way = |proxy: Option<&str>, token| Way { proxy: proxy.map(str::to_owned), token }.to_string();
        assert_eq!(way(None, None), "");
        assert_eq!(way(Some("edge"), None), "proxy:edge");
        assert_eq!(way(None, Some(TokenKind::Bearer)), "bearer");
        assert_eq!(way(Some("edge"), Some(TokenKind::Bound)), "proxy:edge token");
    }
}
