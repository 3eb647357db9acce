//! The OAuth 2 token endpoint.

use serde::{Deserialize, Serialize};

/// Longest issuer, in bytes.
const ISSUER_BYTES_MAX: usize = 256;

/// The OAuth 2 token endpoint. Without this section there is none, and no access token is accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OauthSettings {
    /// The issuer identifier (RFC 8414): the address under which callers know this gateway, `https://host[:port]`,
    /// without a path. Client assertions name it as their audience.
    pub issuer: String,
    /// How long an access token is valid, in seconds, 60 to 3600. Default: 600.
    #[serde(default = "token_seconds")]
    pub token_seconds: u64,
    /// How long a key signs new tokens before another takes its place, in days, 1 to 365. Default: 30.
    #[serde(default = "key_days")]
    pub key_days: u32,
}

fn token_seconds() -> u64 {
    600
}

fn key_days() -> u32 {
    30
}

/// Why settings of the token endpoint are refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OauthSettingsError {
    /// Not an address of the one form.
    #[error("oauth.issuer is not https://host[:port]")]
    Issuer,
    /// A number that would make tokens useless or long-lived.
    #[error("oauth.{0} is out of range")]
    Range(&'static str),
}

impl OauthSettings {
    /// The endpoint with everything but the issuer by default.
    #[must_use]
    pub fn of(issuer: impl Into<String>) -> Self {
        Self { issuer: issuer.into(), token_seconds: token_seconds(), key_days: key_days() }
    }

    pub(super) fn check(&self) -> Result<(), OauthSettingsError> {
        let host = self.issuer.strip_prefix("https://").ok_or(OauthSettingsError::Issuer)?;
        // Such an address is nothing but an authority without user information (RFC 3986 §3.2).
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte);
        if host.is_empty() || self.issuer.len() > ISSUER_BYTES_MAX || !host.bytes().all(fits) {
            return Err(OauthSettingsError::Issuer);
        }
        let ranges = [("token_seconds", self.token_seconds, 60, 3_600), ("key_days", u64::from(self.key_days), 1, 365)];
        match ranges.iter().find(|(_, value, least, most)| value < least || value > most) {
            Some((name, ..)) => Err(OauthSettingsError::Range(name)),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_is_an_https_address_without_a_path() {
        for good in ["https://gateway.example", "https://localhost:8443", "https://[::1]:8443"] {
            assert_eq!(OauthSettings::of(good).check(), Ok(()), "{good}");
        }
        for bad in ["", "https://", "http://gateway.example", "https://a/b", "https://a/", "https://u@a", "https://a?x"]
        {
            assert_eq!(OauthSettings::of(bad).check(), Err(OauthSettingsError::Issuer), "{bad}");
        }
    }

    #[test]
    fn tokens_live_a_minute_to_an_hour() {
        for (seconds, good) in [(59, false), (60, true), (3_600, true), (3_601, false)] {
            let settings = OauthSettings { token_seconds: seconds, ..OauthSettings::of("https://a") };
            assert_eq!(settings.check().is_ok(), good, "{seconds}");
        }
    }
}
