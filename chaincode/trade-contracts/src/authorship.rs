//! Records that speak for an organization: who may change them, and whether the organization has made them.
//!
//! Peers that endorse may run a changed chaincode. Fabric's *key-level endorsement* keeps them from changing a record
//! that exists; [`reserve`] sets it. It does not hold for a key that does not exist yet, so they could still make a
//! first record in another's name. Therefore the author's *authorship digest* stands beside each such record, in the
//! author's own collection, where nothing is written without the author's peer. Its hash is known to every peer, so
//! every contract can compare it. The record is public, so its digest reveals nothing.

use fabric_contract::{Context, EndorserPolicy, Table, TableKey, organization_collection};
use serde::{Serialize, de::DeserializeOwned};
use trade_model::Refusal;
use trade_model::common::{Digest256, Stamp};
use trade_standards::identifier::MspId;

use crate::caller;

/// Writes the authorship digest of a statement that will stand under `key`. `author` is the organization that calls. It
/// takes a majority to change the digest, so the author does not take its statement back with one accomplice.
pub(crate) fn sign<K: TableKey, V: Serialize + DeserializeOwned>(
    ctx: &mut Context<'_>,
    table: &Table<K, V>,
    key: &K,
    statement: &V,
    author: &MspId,
) -> Result<(), Refusal> {
    let digest = digest(statement).as_str().as_bytes().to_vec();
    let (policy, key) = (with_majority(ctx, author)?, table.key(key)?);
    let collection = organization_collection(author.as_str());
    let mut own = ctx.private(&collection);
    own.put(&key, digest)?;
    Ok(own.set_endorsers(&key, Some(&policy))?)
}

/// Whether the author's own peer endorsed this statement, and the author's own client sent it.
pub(crate) fn is_authentic<K: TableKey, V: Serialize + DeserializeOwned>(
    ctx: &mut Context<'_>,
    table: &Table<K, V>,
    key: &K,
    (statement, stamp): (&V, &Stamp),
    author: &MspId,
) -> Result<bool, Refusal> {
    let members = caller::members(ctx)?;
    // A regulator and a stranger have no collection to look into.
    let may_state = members.writers().any(|member| member.msp_id == *author);
    if !may_state || stamp.by != *author {
        return Ok(false);
    }
    let expected = Digest256::of(digest(statement).as_str().as_bytes());
    let found = ctx.private(&organization_collection(author.as_str())).hash(&table.key(key)?)?;
    let found = found.and_then(|hash| <[u8; 32]>::try_from(hash).ok());
    Ok(found.map(Digest256::from_bytes) == Some(expected))
}

/// Leaves later changes of the record under `key` to its owners: the peer of each must endorse them. Where there is a
/// single owner, so must others, a majority of the members with it. The key's policy takes the place of the
/// chaincode's; an owner alone, or with one accomplice, could otherwise rewrite what others rely on, or remove it.
pub(crate) fn reserve<K: TableKey, V: Serialize + DeserializeOwned>(
    ctx: &mut Context<'_>,
    table: &Table<K, V>,
    key: &K,
    owners: &[&MspId],
) -> Result<(), Refusal> {
    let policy = match owners {
        [owner] => with_majority(ctx, owner)?,
        _ => EndorserPolicy::all_of(owners.iter().map(|owner| owner.as_str()))?,
    };
    Ok(ctx.set_endorsers(&table.key(key)?, Some(&policy))?)
}

/// The owner, and as many others as make a majority of the members that write.
fn with_majority(ctx: &mut Context<'_>, owner: &MspId) -> Result<EndorserPolicy, Refusal> {
    let members = caller::members(ctx)?;
    let writers: Vec<&str> = members.writers().map(|member| member.msp_id.as_str()).collect();
    Ok(EndorserPolicy::all_of([owner.as_str()])?.and_others(writers.len() / 2, writers))
}

/// SHA-256 of the statement as JSON without spaces, fields in the order of their types.
pub(crate) fn digest(statement: &impl Serialize) -> Digest256 {
    let text = serde_json::to_vec(statement).expect("records are texts, numbers and lists, which JSON always takes");
    Digest256::of(&text)
}
