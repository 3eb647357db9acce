//! Reading a table where the absence of an entry, or its presence, breaks a rule.

use fabric_contract::{Context, Table, TableKey};
use serde::{Serialize, de::DeserializeOwned};
use trade_model::Refusal;
use trade_model::rejection::Rejection;

/// The entry of `key`, or the rejection that there is none.
pub(crate) fn require<K, V, R>(
    ctx: &mut Context<'_>,
    table: &Table<K, V>,
    key: &K,
    unknown: impl FnOnce(K) -> R,
) -> Result<V, Refusal>
where
    K: TableKey + Clone,
    V: Serialize + DeserializeOwned,
    R: Into<Rejection>,
{
    table.find(ctx, key)?.ok_or_else(|| unknown(key.clone()).into().into())
}

/// Refuses when there is an entry of `key` already.
pub(crate) fn must_be_new<K, V, R>(
    ctx: &mut Context<'_>,
    table: &Table<K, V>,
    key: &K,
    exists: impl FnOnce(K) -> R,
) -> Result<(), Refusal>
where
    K: TableKey + Clone,
    V: Serialize + DeserializeOwned,
    R: Into<Rejection>,
{
    if table.exists(ctx, key)? { Err(exists(key.clone()).into().into()) } else { Ok(()) }
}
