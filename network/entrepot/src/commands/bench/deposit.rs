//! The transaction that is measured.

use serde_json::{Value, json};

/// The organization that sends it.
pub(super) const ORGANIZATION: &str = "ExporterMSP";

/// A deposit of evidence, another one for each label and number.
pub(super) fn deposit(label: &str, number: usize) -> Value {
    json!({
        "sha256": hex::encode(fabric_msp::hash::sha256(format!("{label} {number}").as_bytes())),
        "kind": "document", "media_type": "text/plain", "captured_at": "2026-01-01T00:00:00Z", "tool": "bench",
    })
}
