//! The idempotency key of a row.

use fabric_msp::hash::sha256;

use super::record::{Import, ImportRow};

/// What names a row's request: the organization, the request, and which one it is of the file's rows with the same
/// request. Neither the file nor the mapping: in a corrected file, and under a corrected mapping, the rows that were
/// right before are known.
pub(crate) fn row_key(import: &Import, row: &ImportRow) -> String {
    let (target, body) = row.request.clone().unwrap_or_default();
    let repeated = row.repeated.to_string();
    let mut text = Vec::new();
    for part in [&import.msp_id, &import.operation, &target, &body, &repeated] {
        text.extend((part.len() as u64).to_be_bytes());
        text.extend(part.as_bytes());
    }
    format!("import-{}", hex::encode(sha256(&text)))
}
