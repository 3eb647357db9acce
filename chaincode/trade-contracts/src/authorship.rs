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
use trade_model::common::{Digest256, Role, Stamp};
use trade_standards::identifier::MspId;

use crate::caller;

/// Writes the authorship digest of a statement that will stand under `key`. `author` is the organization that calls.
pub(crate) fn sign<K: TableKey, V: Serialize + DeserializeOwned>(
    ctx: &mut Context<'_>,
    table: &Table<K, V>,
    key: &K,
    statement: &V,
    author: &MspId,
) -> Result<(), Refusal> {
    let digest = digest(statement).as_str().as_bytes().to_vec();
    Ok(ctx.private(&organization_collection(author.as_str())).put(&table.key(key)?, digest)?)
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
    let may_state = members.find(author).is_some_and(|member| !member.has_role(Role::Regulator));
    if !may_state || stamp.by != *author {
        return Ok(false);
    }
    let expected = Digest256::of(digest(statement).as_str().as_bytes());
    let found = ctx.private(&organization_collection(author.as_str())).hash(&table.key(key)?)?;
    let found = found.and_then(|hash| <[u8; 32]>::try_from(hash).ok());
    Ok(found.map(Digest256::from_bytes) == Some(expected))
}

/// Leaves later changes of the record under `key` to its owners: the peer of each must endorse them, and that of one
/// other member where there is a single owner. The key's policy takes the place of the chaincode's, which asks for two
/// organizations at least; an owner alone could otherwise rewrite what others rely on, or remove it.
pub(crate) fn reserve<K: TableKey, V: Serialize + DeserializeOwned>(
    ctx: &mut Context<'_>,
    table: &Table<K, V>,
    key: &K,
    owners: &[&MspId],
) -> Result<(), Refusal> {
    let mut policy = EndorserPolicy::all_of(owners.iter().map(|owner| owner.as_str()))?;
    if let [_] = owners {
        let members = caller::members(ctx)?;
        let writers = members.members.iter().filter(|member| !member.has_role(Role::Regulator));
        policy = policy.and_one_of(writers.map(|member| member.msp_id.as_str()));
    }
    Ok(ctx.set_endorsers(&table.key(key)?, Some(&policy))?)
}

/// SHA-256 of the statement as JSON without spaces, fields in the order of their types.
fn digest(statement: &impl Serialize) -> Digest256 {
    let text = serde_json::to_vec(statement).expect("records are texts, numbers and lists, which JSON always takes");
    Digest256::of(&text)
}
