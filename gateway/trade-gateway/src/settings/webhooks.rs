//! Where webhooks may lead, and how long they are tried.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Most pauses.
const RETRIES_MAX: usize = 50;

/// Where webhooks may lead, and how long they are tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WebhookSettings {
    /// The authorities of receivers' certificates, a PEM file. Default: those that the system trusts.
    pub authorities: Option<PathBuf>,
    /// Networks that events may be sent to beside the public Internet, such as `10.20.0.0/16`. Default: none.
    pub networks: Vec<String>,
    /// Pauses before each further try of one delivery, in seconds; behind the last one the webhook is stopped.
    /// Default: eleven pauses, from 5 s to 20 h, two days in all.
    pub retry_seconds: Vec<u32>,
}

impl Default for WebhookSettings {
    fn default() -> Self {
        let retry_seconds = vec![5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 28_800, 43_200, 72_000];
        Self { authorities: None, networks: Vec::new(), retry_seconds }
    }
}

impl WebhookSettings {
    /// What is out of range.
    pub(super) fn check(&self) -> Result<(), &'static str> {
        if self.retry_seconds.len() > RETRIES_MAX {
            return Err("retry_seconds");
        }
        Ok(())
    }
}
