//! What differs between two configurations, element by element, and whose consent each difference takes.

use fabric_protos::common::Config;

use crate::update::{Element, Items, UpdateError, items, policy_path};

/// One difference.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// The element by kind and path, as in `[Value]  /Channel/Orderer/BatchSize`.
    pub key: String,
    /// What happens to it.
    pub change: Change,
    /// The path of the policy that the signatures must satisfy.
    pub decided_by: String,
}

/// What happens to an element.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// It is new, with everything below it.
    Added,
    /// It goes, with everything below it.
    Removed,
    /// A value has other bytes.
    Value {
        /// Before.
        before: Vec<u8>,
        /// After.
        after: Vec<u8>,
    },
    /// A policy is another, or another policy decides over the element.
    Other,
}

/// The differences between two configurations of one channel. Elements below an added or removed group are not listed.
///
/// # Errors
/// [`UpdateError::Key`] for a name that no element can have.
pub fn differences(before: &Config, after: &Config) -> Result<Vec<Difference>, UpdateError> {
    let (before, after) = (items(before.channel_group.as_ref())?, items(after.channel_group.as_ref())?);
    let mut found = Vec::new();
    for (key, item) in &after {
        match before.get(key) {
            None => found.extend(of_parent(key, &before, Change::Added)),
            Some(old) => found.extend(changed(old.element, item.element).map(|change| Difference {
                key: key.clone(),
                change,
                decided_by: policy_path(old),
            })),
        }
    }
    let removed = before.keys().filter(|key| !after.contains_key(*key));
    found.extend(removed.filter_map(|key| of_parent(key, &after, Change::Removed).map(|one| (key, one))).filter_map(
        |(key, one)| {
            // The group that loses a member decides, as it was before.
            let parent = before.get(&format!("[Group]  {}", parent_path(key)?))?;
            Some(Difference { decided_by: policy_path(parent), ..one })
        },
    ));
    Ok(found)
}

/// A difference in the members of a group that exists on the other side; none when the group itself is missing there.
fn of_parent(key: &str, other: &Items<'_>, change: Change) -> Option<Difference> {
    let parent = other.get(&format!("[Group]  {}", parent_path(key)?))?;
    Some(Difference { key: key.to_owned(), change, decided_by: policy_path(parent) })
}

fn parent_path(key: &str) -> Option<&str> {
    let path = &key[key.find('/')?..];
    let (parent, _) = path.rsplit_once('/')?;
    if parent.is_empty() { None } else { Some(parent) }
}

fn changed(before: Element<'_>, after: Element<'_>) -> Option<Change> {
    match (before, after) {
        (Element::Value(before), Element::Value(after)) if before.value != after.value => {
            Some(Change::Value { before: before.value.clone(), after: after.value.clone() })
        }
        (Element::Policy(before), Element::Policy(after)) if before.policy != after.policy => Some(Change::Other),
        (before, after) if before.mod_policy() != after.mod_policy() => Some(Change::Other),
        _ => None,
    }
}
