//! Records that speak for an organization: who may change them, and whether the organization has made them.
//!
//! Peers that endorse may run a changed chaincode. Fabric's *key-level endorsement* keeps them from changing a record
//! that exists; [`put`] sets it. It does not hold for a key that does not exist yet, so they could still make a
//! first record in another's name. Therefore the author's *authorship digest* stands beside each such record, in the
//! author's own collection, where nothing is written without the author's peer. Its hash is known to every peer, so
//! every contract can compare it. The record is public, so its digest reveals nothing.

use std::collections::BTreeSet;

use fabric_contract::{CompositeKey, Context, EndorserPolicy, Fault, TableKey, organization_collection};
use serde::{Serialize, de::DeserializeOwned};
use trade_model::Refusal;
pub(crate) use trade_model::authorship::digest;
use trade_model::authorship::{Authored, Said};
use trade_model::common::{Digest256, Role};
use trade_model::governance::Members;
use trade_standards::identifier::MspId;

use crate::caller::{self, Caller};

/// Puts a record that speaks for the member that calls: with its authorship digest, and with later changes left to the
/// record's owners. One step for the three, because a record without one of them protects nobody.
pub(crate) fn put<K: TableKey, V: Serialize + DeserializeOwned>(
    ctx: &mut Context<'_>,
    caller: &Caller,
    (table, key): (&Authored<K, V>, &K),
    record: &V,
    owners: &[&MspId],
) -> Result<(), Refusal> {
    table.put(ctx, key, record)?;
    let key = table.key(key)?;
    sign(ctx, caller, &key, record)?;
    Ok(ctx.set_endorsers(&key, Some(&owned(&caller.members, owners)?))?)
}

/// As [`put`], for what an organization says before there are members, or may change again by itself: later changes
/// take what the chaincode's policy asks for, and its own peer for the digest.
pub(crate) fn put_own<K: TableKey, V: Serialize + DeserializeOwned>(
    ctx: &mut Context<'_>,
    author: &MspId,
    (table, key): (&Authored<K, V>, &K),
    record: &V,
) -> Result<(), Refusal> {
    table.put(ctx, key, record)?;
    let key = table.key(key)?;
    let collection = organization_collection(author.as_str());
    Ok(ctx.private(&collection).put(&key, digest(record).as_str().as_bytes().to_vec())?)
}

/// Writes the caller's authorship digest of a record under the same key. It takes a majority to change the digest, so
/// the author does not take its statement back with one accomplice.
fn sign(ctx: &mut Context<'_>, caller: &Caller, key: &CompositeKey, record: &impl Serialize) -> Result<(), Refusal> {
    let author = caller.msp_id();
    let collection = organization_collection(author.as_str());
    let mut own = ctx.private(&collection);
    own.put(key, digest(record).as_str().as_bytes().to_vec())?;
    Ok(own.set_endorsers(key, Some(&owned(&caller.members, &[author])?))?)
}

/// Whether `author`, for which alone the record speaks, has made it: its own peer endorsed it, and its own client sent
/// it.
pub(crate) fn is_authentic<K: TableKey, V: Serialize + DeserializeOwned>(
    ctx: &mut Context<'_>,
    table: &Authored<K, V>,
    key: &K,
    record: &V,
    author: &MspId,
) -> Result<bool, Refusal> {
    let members = caller::members(ctx)?;
    Ok(may_state(&members, author) && bears_digest(ctx, table, key, record, author)?)
}

/// Whether an organization can have said something. A regulator and a stranger have no collection to look into. What a
/// member said stays said when it is suspended.
fn may_state(members: &Members, author: &MspId) -> bool {
    members.find(author).is_some_and(|member| !member.has_role(Role::Regulator))
}

/// Whether a record of several parties is what they made it: each of them has signed what it said last, and nobody else
/// has said anything.
pub(crate) fn signed_by_all<K: TableKey, V: Serialize + DeserializeOwned>(
    ctx: &mut Context<'_>,
    table: &Authored<K, V>,
    key: &K,
    record: &V,
) -> Result<bool, Refusal> {
    let (members, place) = (caller::members(ctx)?, table.key(key)?);
    let all_said = table.said(key, record);
    for said in &all_said {
        if !may_state(&members, &said.author) || !is_signed(ctx, &place, said)? {
            return Ok(false);
        }
    }
    Ok(!all_said.is_empty())
}

/// As [`is_authentic`], of an organization that has a collection, whether it is a member or not yet.
pub(crate) fn bears_digest<K: TableKey, V: Serialize + DeserializeOwned>(
    ctx: &mut Context<'_>,
    table: &Authored<K, V>,
    key: &K,
    record: &V,
    author: &MspId,
) -> Result<bool, Refusal> {
    match table.said(key, record).as_slice() {
        [said] if said.author == *author => is_signed(ctx, &table.key(key)?, said),
        _ => Ok(false),
    }
}

/// Whether the author signed the transaction, and its collection holds the digest of what it said.
fn is_signed(ctx: &mut Context<'_>, key: &CompositeKey, said: &Said) -> Result<bool, Refusal> {
    if said.stamp.by != said.author {
        return Ok(false);
    }
    let found = ctx.private(&said.collection()).hash(key)?;
    let found = found.and_then(|hash| <[u8; 32]>::try_from(hash).ok());
    Ok(found.map(Digest256::from_bytes) == Some(said.value_sha256()))
}

/// Who must endorse later changes of a record: the peer of each owner, and as many others as make a majority of the
/// members that write. The key's policy takes the place of the chaincode's, so without the others an owner, or two that
/// collude, could rewrite what they have signed, or remove it and make it again under the same name.
fn owned(members: &Members, owners: &[&MspId]) -> Result<EndorserPolicy, Fault> {
    let writers: Vec<&str> = members.writers().map(|member| member.msp_id.as_str()).collect();
    let owners: BTreeSet<&str> = owners.iter().map(|owner| owner.as_str()).collect();
    let others_needed = (writers.len() / 2 + 1).saturating_sub(owners.len());
    Ok(EndorserPolicy::all_of(owners)?.and_others(others_needed, writers))
}
