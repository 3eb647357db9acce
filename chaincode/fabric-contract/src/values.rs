//! Keys and values: cached reads and buffered writes, for the public state and, through [`Private`](crate::Private),
//! for collections.

use std::collections::BTreeSet;

use serde::{Serialize, de::DeserializeOwned};

use crate::{Change, Context, EndorserPolicy, Fault, LedgerKey, Reply, Request};

impl Context<'_> {
    /// The committed value of `key`; none when there is none. Fabric knows no empty values.
    ///
    /// # Errors
    /// [`Fault::Key`] for a key that cannot be one; what the peer refuses.
    pub fn get(&mut self, key: &(impl LedgerKey + ?Sized)) -> Result<Option<Vec<u8>>, Fault> {
        self.get_in("", key.checked()?)
    }

    /// The committed values of several keys, in their order. One message to a peer of version 3.1.
    ///
    /// # Errors
    /// As [`Context::get`].
    pub fn get_many<K: LedgerKey>(&mut self, keys: &[K]) -> Result<Vec<Option<Vec<u8>>>, Fault> {
        self.get_many_in("", &checked(keys)?)
    }

    /// The committed value of `key`, read as JSON.
    ///
    /// # Errors
    /// As [`Context::get`], and [`Fault::StoredJson`] when the value is something else.
    pub fn get_json<T: DeserializeOwned>(&mut self, key: &(impl LedgerKey + ?Sized)) -> Result<Option<T>, Fault> {
        let key = key.checked()?;
        from_json(key, self.get_in("", key)?)
    }

    /// Sets the value of `key`. Not visible to later reads of this transaction.
    ///
    /// # Errors
    /// [`Fault::EmptyValue`], [`Fault::Key`], [`Fault::ReadOnlyTransaction`], and
    /// [`Fault::WriteAfterPagedQuery`] or [`Fault::WriteAfterPrivateQuery`] after such a query.
    pub fn put(&mut self, key: &(impl LedgerKey + ?Sized), value: Vec<u8>) -> Result<(), Fault> {
        self.put_in("", key, value)
    }

    /// Sets the value of `key` to `value` as JSON: fields in the order of the type, no spaces.
    ///
    /// # Errors
    /// As [`Context::put`], and [`Fault::Unserialisable`].
    pub fn put_json<T: Serialize + ?Sized>(&mut self, key: &(impl LedgerKey + ?Sized), value: &T) -> Result<(), Fault> {
        self.put_in("", key, to_json(value)?)
    }

    /// Removes the value of `key`, whether there is one or not.
    ///
    /// # Errors
    /// As [`Context::put`].
    pub fn delete(&mut self, key: &(impl LedgerKey + ?Sized)) -> Result<(), Fault> {
        self.write_in("delete", "", key, Change::Delete)
    }

    /// Sets which organizations must endorse later changes of `key`. Has no effect on a key without a value.
    ///
    /// `None` writes an empty policy, as Fabric's shims do, and that does **not** give the key back: peers judge later
    /// changes by the chaincode's policy again, but a peer tells the gateway of an empty policy of the key, which no
    /// endorsers satisfy, so that a transaction that changes the key is refused before it is ordered unless its sender
    /// names the endorsing organizations. Instead, set a policy that names the organizations of the chaincode's own, or
    /// delete the key in one transaction and write it again in a later one: a policy goes with its key.
    ///
    /// # Errors
    /// As [`Context::put`].
    pub fn set_endorsers(
        &mut self,
        key: &(impl LedgerKey + ?Sized),
        policy: Option<&EndorserPolicy>,
    ) -> Result<(), Fault> {
        self.write_in("set_endorsers", "", key, policy_change(policy))
    }

    /// The committed endorsement policy of `key`, as bytes of a `SignaturePolicyEnvelope`; none when it has none of
    /// its own. [`EndorserPolicy::decode`] reads those that [`Context::set_endorsers`] wrote.
    ///
    /// # Errors
    /// As [`Context::get`].
    pub fn endorsers(&mut self, key: &(impl LedgerKey + ?Sized)) -> Result<Option<Vec<u8>>, Fault> {
        self.endorsers_in("", key.checked()?)
    }

    pub(crate) fn get_in(&mut self, collection: &str, key: &str) -> Result<Option<Vec<u8>>, Fault> {
        if let Some(value) = self.state.values.get(collection, key) {
            return Ok(value.clone());
        }
        let value = self.ask(Request::Get { collection: collection.to_owned(), key: key.to_owned() })?;
        self.state.values.insert(collection, key.to_owned(), value.clone());
        Ok(value)
    }

    pub(crate) fn get_many_in(&mut self, collection: &str, keys: &[&str]) -> Result<Vec<Option<Vec<u8>>>, Fault> {
        let mut seen = BTreeSet::new();
        let unknown: Vec<String> = keys
            .iter()
            .filter(|key| self.state.values.get(collection, key).is_none())
            .filter(|key| seen.insert(**key))
            .map(|key| (*key).to_owned())
            .collect();
        match unknown.as_slice() {
            [] => {}
            [key] => drop(self.get_in(collection, key)?),
            _ => self.fetch_many(collection, unknown)?,
        }
        keys.iter().map(|key| self.get_in(collection, key)).collect()
    }

    fn fetch_many(&mut self, collection: &str, keys: Vec<String>) -> Result<(), Fault> {
        let request = Request::GetMany { collection: collection.to_owned(), keys: keys.clone() };
        let values = match self.backend.request(request)? {
            Reply::Values(values) if values.len() == keys.len() => values,
            _ => return Err(Fault::ReplyMalformed { operation: "get_many" }),
        };
        for (key, value) in keys.into_iter().zip(values) {
            // A peer that lacks a private value answers a multi-get as if the key did not exist, where it would refuse
            // a single get. The hash, which every peer has, tells the two apart.
            if value.is_none() && !collection.is_empty() && self.hash_in(collection, &key)?.is_some() {
                return Err(Fault::PrivateDataUnavailable { collection: collection.to_owned(), key });
            }
            self.state.values.insert(collection, key, value);
        }
        Ok(())
    }

    pub(crate) fn hash_in(&mut self, collection: &str, key: &str) -> Result<Option<Vec<u8>>, Fault> {
        if let Some(hash) = self.state.hashes.get(collection, key) {
            return Ok(hash.clone());
        }
        let hash = self.ask(Request::GetHash { collection: collection.to_owned(), key: key.to_owned() })?;
        self.state.hashes.insert(collection, key.to_owned(), hash.clone());
        Ok(hash)
    }

    pub(crate) fn endorsers_in(&mut self, collection: &str, key: &str) -> Result<Option<Vec<u8>>, Fault> {
        if let Some(policy) = self.state.policies.get(collection, key) {
            return Ok(policy.clone());
        }
        let policy = self.ask(Request::GetPolicy { collection: collection.to_owned(), key: key.to_owned() })?;
        self.state.policies.insert(collection, key.to_owned(), policy.clone());
        Ok(policy)
    }

    pub(crate) fn put_in(
        &mut self,
        collection: &str,
        key: &(impl LedgerKey + ?Sized),
        value: Vec<u8>,
    ) -> Result<(), Fault> {
        if value.is_empty() {
            let key = key.checked().unwrap_or_default().to_owned();
            return self.breaks(Fault::EmptyValue { key });
        }
        self.write_in("put", collection, key, Change::Put(value))
    }

    pub(crate) fn write_in(
        &mut self,
        operation: &'static str,
        collection: &str,
        key: &(impl LedgerKey + ?Sized),
        change: Change,
    ) -> Result<(), Fault> {
        self.must_be_submit(operation)?;
        let key = match key.checked() {
            Ok(key) => key.to_owned(),
            Err(error) => return self.breaks(error.into()),
        };
        if self.state.paged {
            return self.breaks(Fault::WriteAfterPagedQuery);
        }
        if self.state.queried_private {
            return self.breaks(Fault::WriteAfterPrivateQuery);
        }
        let written = self.state.writes.entry(collection, key);
        let aspect = if matches!(change, Change::Policy(_)) { &mut written.policy } else { &mut written.value };
        *aspect = Some(change);
        Ok(())
    }

    fn ask(&mut self, request: Request) -> Result<Option<Vec<u8>>, Fault> {
        let operation = request.operation();
        match self.backend.request(request)? {
            Reply::Value(value) => Ok(value.filter(|value| !value.is_empty())),
            _ => Err(Fault::ReplyMalformed { operation }),
        }
    }
}

pub(crate) fn checked<K: LedgerKey>(keys: &[K]) -> Result<Vec<&str>, Fault> {
    Ok(keys.iter().map(LedgerKey::checked).collect::<Result<_, _>>()?)
}

pub(crate) fn policy_change(policy: Option<&EndorserPolicy>) -> Change {
    Change::Policy(policy.map(EndorserPolicy::encode).unwrap_or_default())
}

pub(crate) fn from_json<T: DeserializeOwned>(key: &str, value: Option<Vec<u8>>) -> Result<Option<T>, Fault> {
    let Some(value) = value else { return Ok(None) };
    // Only the place is told: the message of the JSON library may quote the value, which may be private.
    let fault = |error: serde_json::Error| Fault::StoredJson {
        key: key.to_owned(),
        line: error.line(),
        column: error.column(),
    };
    serde_json::from_slice(&value).map(Some).map_err(fault)
}

pub(crate) fn to_json<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, Fault> {
    serde_json::to_vec(value).map_err(|_| Fault::Unserialisable { what: "a value" })
}
