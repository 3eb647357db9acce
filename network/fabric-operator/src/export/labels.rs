//! Names and labels of an exported network's Kubernetes objects.

use serde_json::{Value, json};

/// The labels by which policies find pods.
pub(super) const PART_LABEL: &str = "app.kubernetes.io/part-of";
pub(super) const PART_OF: &str = "entrepot";
pub(super) const COMPONENT_LABEL: &str = "app.kubernetes.io/component";

pub(super) fn metadata(name: &str) -> Value {
    json!({ "name": name, "labels": { PART_LABEL: PART_OF, "app.kubernetes.io/name": name } })
}
