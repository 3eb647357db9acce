//! The version of Fabric's programs, as far as settings and capabilities depend on it.

use anyhow::{Context, Result, ensure};

/// A Fabric version as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// 2 or 3.
    pub major: u32,
    /// 5 in 2.5.
    pub minor: u32,
}

impl Version {
    /// Whether the channel can have the capability `V3_0`.
    #[must_use]
    pub fn has_v3_capability(self) -> bool {
        self.major >= 3
    }

    /// The version in a text such as `v3.1.5`; `None` when the text is none.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut numbers = text.trim_start_matches('v').split('.');
        let major = numbers.next()?.parse().ok()?;
        let minor = numbers.next()?.parse().ok()?;
        Some(Self { major, minor })
    }
}

impl std::str::FromStr for Version {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let version = Self::parse(text).with_context(|| format!("{text} is no version such as 3.1.5"))?;
        ensure!((version.major, version.minor) >= (2, 5), "Fabric {version} is older than 2.5, the oldest supported");
        Ok(version)
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}
