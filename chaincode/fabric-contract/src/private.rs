//! The data of one private collection.
//!
//! Values stay with the collection's members; every peer of the channel holds their hashes. Each organization has a
//! collection of its own, which [`organization_collection`](crate::organization_collection) names.

use serde::{Serialize, de::DeserializeOwned};

use crate::{
    Change, CompositeKey, Context, EndorserPolicy, Fault, LedgerKey, Rows,
    values::{checked, from_json, policy_change, to_json},
};

/// A collection, as [`Context::private`] gives it. The same rules hold as for the public state: committed reads,
/// buffered writes.
pub struct Private<'c, 'a> {
    context: &'c mut Context<'a>,
    collection: &'c str,
}

impl<'a> Context<'a> {
    /// The data of a private collection.
    pub fn private<'c>(&'c mut self, collection: &'c str) -> Private<'c, 'a> {
        Private { context: self, collection }
    }
}

impl<'c, 'a> Private<'c, 'a> {
    /// The committed value of `key`; none when there is none.
    ///
    /// # Errors
    /// [`Fault::PrivateDataUnavailable`] when there is one but not at this peer; [`Fault::NotAuthorised`] when the
    /// creator may not read the collection; [`Fault::Key`]; [`Fault::CollectionName`].
    pub fn get(&mut self, key: &(impl LedgerKey + ?Sized)) -> Result<Option<Vec<u8>>, Fault> {
        let collection = self.named()?;
        self.context.get_in(collection, key.checked()?)
    }

    /// The committed values of several keys, in their order. One message to a peer of version 3.1.
    ///
    /// # Errors
    /// As [`Private::get`]; one unavailable value refuses the whole call.
    pub fn get_many<K: LedgerKey>(&mut self, keys: &[K]) -> Result<Vec<Option<Vec<u8>>>, Fault> {
        let collection = self.named()?;
        self.context.get_many_in(collection, &checked(keys)?)
    }

    /// The committed value of `key`, read as JSON.
    ///
    /// # Errors
    /// As [`Private::get`], and [`Fault::StoredJson`], which never quotes the value.
    pub fn get_json<T: DeserializeOwned>(&mut self, key: &(impl LedgerKey + ?Sized)) -> Result<Option<T>, Fault> {
        let collection = self.named()?;
        let key = key.checked()?;
        from_json(key, self.context.get_in(collection, key)?)
    }

    /// The SHA-256 of the committed value of `key`. Every peer can tell it, members and others alike. A short or
    /// guessable value can be found from its hash: add random bytes to it.
    ///
    /// # Errors
    /// [`Fault::Key`], [`Fault::CollectionName`], what the peer refuses.
    pub fn hash(&mut self, key: &(impl LedgerKey + ?Sized)) -> Result<Option<Vec<u8>>, Fault> {
        let collection = self.named()?;
        self.context.hash_in(collection, key.checked()?)
    }

    /// Sets the value of `key`.
    ///
    /// # Errors
    /// As [`Context::put`], and [`Fault::CollectionName`].
    pub fn put(&mut self, key: &(impl LedgerKey + ?Sized), value: Vec<u8>) -> Result<(), Fault> {
        let collection = self.named_for_write()?;
        self.context.put_in(collection, key, value)
    }

    /// Sets the value of `key` to `value` as JSON: fields in the order of the type, no spaces.
    ///
    /// # Errors
    /// As [`Private::put`], and [`Fault::Unserialisable`].
    pub fn put_json<T: Serialize + ?Sized>(&mut self, key: &(impl LedgerKey + ?Sized), value: &T) -> Result<(), Fault> {
        let collection = self.named_for_write()?;
        self.context.put_in(collection, key, to_json(value)?)
    }

    /// Removes the value of `key`. Its past stays with the members; see [`Private::purge`].
    ///
    /// # Errors
    /// As [`Private::put`].
    pub fn delete(&mut self, key: &(impl LedgerKey + ?Sized)) -> Result<(), Fault> {
        let collection = self.named_for_write()?;
        self.context.write_in("delete", collection, key, Change::Delete)
    }

    /// Removes the value of `key` and all its past values from all members. The channel must have capability 2.5.
    ///
    /// # Errors
    /// As [`Private::put`].
    pub fn purge(&mut self, key: &(impl LedgerKey + ?Sized)) -> Result<(), Fault> {
        let collection = self.named_for_write()?;
        self.context.write_in("purge", collection, key, Change::Purge)
    }

    /// Sets which organizations must endorse later changes of `key`. `None` does not give the key back to the policy of
    /// the collection: see [`Context::set_endorsers`] for what happens and what to do instead.
    ///
    /// # Errors
    /// As [`Private::put`].
    pub fn set_endorsers(
        &mut self,
        key: &(impl LedgerKey + ?Sized),
        policy: Option<&EndorserPolicy>,
    ) -> Result<(), Fault> {
        let collection = self.named_for_write()?;
        self.context.write_in("set_endorsers", collection, key, policy_change(policy))
    }

    /// The committed endorsement policy of `key`, as [`Context::endorsers`].
    ///
    /// # Errors
    /// As [`Private::hash`].
    pub fn endorsers(&mut self, key: &(impl LedgerKey + ?Sized)) -> Result<Option<Vec<u8>>, Fault> {
        let collection = self.named()?;
        self.context.endorsers_in(collection, key.checked()?)
    }

    /// The plain keys from `start` to before `end`, at most `limit`, as [`Context::range`]. Fabric allows it in
    /// transactions that write nothing, and nothing protects the result against changes before the commit.
    ///
    /// # Errors
    /// [`Fault::PrivateQueryAfterWrite`] in a transaction that has written; otherwise as [`Context::range`].
    pub fn range(&mut self, start: &str, end: &str, limit: usize) -> Result<Rows, Fault> {
        let collection = self.named()?;
        self.context.range_in(collection, start, end, limit)
    }

    /// The composite keys that begin with `prefix`, at most `limit`, under the rules of [`Private::range`].
    ///
    /// # Errors
    /// As [`Private::range`].
    pub fn scan(&mut self, prefix: &CompositeKey, limit: usize) -> Result<Rows, Fault> {
        let collection = self.named()?;
        self.context.scan_in(collection, prefix, limit)
    }

    /// A rich query over the collection, under the rules of [`Private::range`]; peers with CouchDB only.
    ///
    /// # Errors
    /// As [`Private::range`].
    pub fn query(&mut self, query: &str, limit: usize) -> Result<Rows, Fault> {
        let collection = self.named()?;
        self.context.query_in(collection, query, limit)
    }

    fn named(&self) -> Result<&'c str, Fault> {
        if self.collection.is_empty() { Err(Fault::CollectionName) } else { Ok(self.collection) }
    }

    fn named_for_write(&mut self) -> Result<&'c str, Fault> {
        self.named().or_else(|fault| self.context.breaks(fault))
    }
}
