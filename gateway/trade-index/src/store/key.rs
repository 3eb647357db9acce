//! Keys of entries as the index has them.

use serde_json::Value;

/// The key of an entry as it stands in the index: the JSON array of the table's name and the key's parts.
pub(crate) fn entry_key(table: &str, parts: &[String]) -> String {
    let key: Vec<&str> = std::iter::once(table).chain(parts.iter().map(String::as_str)).collect();
    Value::from(key).to_string()
}

/// How the keys of entries begin that have more parts than `key`, and the first text behind all of them.
pub(crate) fn longer(key: &str) -> (String, String) {
    // `["table","a"` is how every longer key begins; what follows is a comma, and `-` is the character after that.
    let prefix = key.strip_suffix(']').unwrap_or(key);
    (format!("{prefix},"), format!("{prefix}-"))
}
