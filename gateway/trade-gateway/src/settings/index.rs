//! Where the index lies.

use std::{fmt, path::Path};

use serde::{Deserialize, Serialize};

use super::host::is_loopback;

/// Where the index lies.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct IndexSettings {
    /// `sqlite:FILE`, or `postgres://user:password@host/database` with `?sslmode=verify-full` when the host is another
    /// machine. Several gateways may use one PostgreSQL database. Default: `index.sqlite` in the data directory.
    pub database: Option<String>,
}

// A URL can hold a password.
impl fmt::Debug for IndexSettings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("IndexSettings").finish_non_exhaustive()
    }
}

/// Why settings of the index are refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IndexSettingsError {
    /// Neither SQLite nor PostgreSQL.
    #[error("index.database is neither sqlite:FILE nor postgres://…")]
    Scheme,
    /// Rows and the password would travel in the open, or to a machine that only says that it is the right one.
    #[error("index.database is on another machine, which needs sslmode=verify-full in its URL")]
    Plain,
}

impl IndexSettings {
    /// The database's URL.
    pub(crate) fn url(&self, data_dir: &Path) -> String {
        match &self.database {
            Some(url) => url.clone(),
            None => format!("sqlite:{}", data_dir.join("index.sqlite").display()),
        }
    }

    pub(super) fn check(&self) -> Result<(), IndexSettingsError> {
        let Some(url) = &self.database else { return Ok(()) };
        if url.strip_prefix("sqlite:").is_some_and(|file| !file.is_empty()) {
            return Ok(());
        }
        let place = url.strip_prefix("postgres://").or_else(|| url.strip_prefix("postgresql://"));
        let place = place.ok_or(IndexSettingsError::Scheme)?;
        let (place, query) = place.split_once('?').unwrap_or((place, ""));
        let host = place.split('/').next().unwrap_or_default();
        let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
        let parameters: Vec<(&str, &str)> = query.split('&').filter_map(|pair| pair.split_once('=')).collect();
        // A parameter `host` takes the place of the one before it; one that begins with a slash is a socket's folder.
        let named = parameters.iter().rev().find(|(name, _)| *name == "host" || *name == "hostaddr");
        let is_local = named.map_or(host.is_empty() || is_this_machine(host), |(_, named)| {
            named.starts_with('/') || named.starts_with("%2F") || is_this_machine(named)
        });
        let verified = parameters.iter().rev().find(|(name, _)| *name == "sslmode" || *name == "ssl-mode");
        let is_verified = verified.is_some_and(|(_, mode)| *mode == "verify-full");
        if is_local || is_verified { Ok(()) } else { Err(IndexSettingsError::Plain) }
    }
}

/// Whether a host, with a port or without, is this machine.
fn is_this_machine(host: &str) -> bool {
    let has_port = host.contains(':') && !host.ends_with(']');
    if has_port { is_loopback(host) } else { is_loopback(&format!("{host}:0")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(url: &str) -> Result<(), IndexSettingsError> {
        IndexSettings { database: Some(url.to_owned()) }.check()
    }

    #[test]
    fn a_database_on_another_machine_is_spoken_to_over_tls_only() {
        for url in [
            "sqlite:data/index.sqlite",
            "postgres://gateway@localhost/trade",
            "postgres://gateway:s%40cret@127.0.0.1:5432/trade",
            "postgresql://[::1]/trade",
            "postgres:///trade?host=/run/postgresql",
            "postgres://gateway@db.example/trade?sslmode=verify-full",
        ] {
            assert_eq!(checked(url), Ok(()), "{url}");
        }
        for url in [
            "postgres://gateway@db.example/trade",
            "postgres://localhost@db.example/trade?sslmode=prefer",
            "postgres://localhost/trade?host=db.example",
            "postgres://db.example/trade?sslmode=verify-full&sslmode=disable",
        ] {
            assert_eq!(checked(url), Err(IndexSettingsError::Plain), "{url}");
        }
        for url in ["", "mysql://localhost/trade", "sqlite:"] {
            assert_eq!(checked(url), Err(IndexSettingsError::Scheme), "{url}");
        }
    }

    #[test]
    fn a_password_is_not_shown() {
        let settings = IndexSettings { database: Some("postgres://gateway:s3cret@localhost/trade".to_owned()) };
        assert!(!format!("{settings:?}").contains("s3cret"));
    }
}
