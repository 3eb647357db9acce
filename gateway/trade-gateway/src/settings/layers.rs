//! Settings from more places than the file: variables of the environment and flags, each for one setting by its name.
//!
//! A flag goes before a variable, and a variable before the file. A name that no setting has is refused.

use std::ffi::OsString;

use serde_norway::{Mapping, Value};

/// What the names of variables begin with.
const PREFIX: &str = "ENTREPOT_GATEWAY_";

/// The variable that names the file, which is no setting.
pub const FILE_VARIABLE: &str = "ENTREPOT_GATEWAY_SETTINGS";

/// What stands between a section and what is in it in a variable's name, where a dot cannot.
const SEPARATOR: &str = "__";

/// One setting from another place than the file. It may hold a password, so its value is not shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Override {
    /// What the place calls it.
    name: String,
    /// Its name, section by section; an entry of a list by its number from 0.
    path: Vec<String>,
    /// Its value, YAML.
    value: String,
}

/// Why a setting from another place than the file is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name}: {reason}")]
pub struct OverrideError {
    name: String,
    reason: String,
}

impl Override {
    /// The settings among variables of an environment, such as `ENTREPOT_GATEWAY_LIMITS__PAGE`, sections before what is
    /// in them.
    ///
    /// # Errors
    /// The value of one is no UTF-8 text.
    pub fn in_environment(
        variables: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Vec<Self>, OverrideError> {
        let mut found = Vec::new();
        for (name, value) in variables {
            let Some(name) = name.to_str().filter(|name| name.starts_with(PREFIX) && *name != FILE_VARIABLE) else {
                continue;
            };
            let value = value.into_string();
            let value =
                value.map_err(|_| OverrideError { name: name.to_owned(), reason: "no UTF-8 text".to_owned() })?;
            let path = name[PREFIX.len()..].to_ascii_lowercase().split(SEPARATOR).map(str::to_owned).collect();
            found.push(Self { name: name.to_owned(), path, value });
        }
        found.sort_by(|one, other| one.path.cmp(&other.path));
        Ok(found)
    }

    /// A setting as a flag says it: `limits.page=100`.
    ///
    /// # Errors
    /// There is no `=`.
    pub fn flag(text: &str) -> Result<Self, String> {
        let (name, value) = text.split_once('=').ok_or("is not NAME=VALUE")?;
        let path = name.split('.').map(str::to_owned).collect();
        Ok(Self { name: name.to_owned(), path, value: value.to_owned() })
    }

    /// Puts the value in its place. A section that is not there is made.
    pub(super) fn apply(&self, settings: &mut Value) -> Result<(), OverrideError> {
        let value = serde_norway::from_str(&self.value).map_err(|_| self.refused("the value is not YAML"))?;
        let mut place = settings;
        for part in &self.path {
            if place.is_null() {
                *place = Value::Mapping(Mapping::new());
            }
            place = match place {
                Value::Mapping(section) => section.entry(Value::from(part.as_str())).or_insert(Value::Null),
                Value::Sequence(list) => {
                    let entry = part.parse::<usize>().ok().and_then(|number| list.get_mut(number));
                    entry.ok_or_else(|| self.refused(format!("the list has no entry {part}")))?
                }
                _ => return Err(self.refused(format!("there is nothing below which {part} could stand"))),
            };
        }
        *place = value;
        Ok(())
    }

    pub(super) fn refused(&self, reason: impl ToString) -> OverrideError {
        OverrideError { name: self.name.clone(), reason: reason.to_string() }
    }
}

impl std::fmt::Debug for Override {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Override").field("name", &self.name).finish_non_exhaustive()
    }
}
