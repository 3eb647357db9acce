//! The private input of a transaction: read from transient data, kept in the collections of two members.

use fabric_contract::{Context, EndorserPolicy, Part, Table, TableKey, organization_collection};
use serde::Serialize;
use serde::de::DeserializeOwned;
use trade_model::Refusal;
use trade_model::common::{COMMITMENTS, Commitment, DocumentedOpening, Foreign, Opening, SaltedDigest, SaltedDocument};
use trade_model::rejection::{self, CallerRejection, ProofRejection, Rejection, RequestRejection};
use trade_model::transaction::{PRIVATE, PrivateInput, Transaction};
use trade_standards::identifier::MspId;

/// The private input of the transaction `T`.
///
/// # Errors
/// The rejection of a missing or malformed input. It never tells what the input held.
pub(crate) fn input<T: Transaction>(ctx: &Context<'_>) -> Result<<T::Private as PrivateInput>::Value, Rejection> {
    let text = ctx.transient(PRIVATE).ok_or(ProofRejection::OpeningMissing)?;
    Ok(read(text)?)
}

/// Reads a private input. Its place is told and the broken rule when that has a code of its own; everything else that a
/// reader could say might quote the value.
fn read<V: DeserializeOwned>(text: &[u8]) -> Result<V, RequestRejection> {
    rejection::read(text).map_err(|error| match error {
        RequestRejection::NumberMalformed { rule, .. } => {
            RequestRejection::NumberMalformed { field: format!("/{PRIVATE}"), rule }
        }
        _ => RequestRejection::OpeningMalformed {
            field: format!("/{PRIVATE}"),
            rule: "does not hold the object that this transaction expects".to_owned(),
        },
    })
}

/// Refuses an opening that does not open the commitment.
pub(crate) fn check_opens(opening: &Opening, commitment: &Commitment) -> Result<(), ProofRejection> {
    if opening.get().opens(commitment.get()) { Ok(()) } else { Err(ProofRejection::OpeningWrong) }
}

/// Refuses an opening that does not open the commitment, or whose document is not that of the digest.
pub(crate) fn check_opens_with_document(
    input: &DocumentedOpening,
    commitment: &Commitment,
    digest: Option<&SaltedDigest>,
) -> Result<(), ProofRejection> {
    check_opens(&input.opening, commitment)?;
    let document = input.document.as_ref().map(SaltedDocument::digest);
    if document.as_ref() == digest { Ok(()) } else { Err(ProofRejection::DocumentWrong) }
}

/// Notes which record of the author made a commitment.
///
/// # Errors
/// Another record of the author made it before.
pub(crate) fn claim(
    ctx: &mut Context<'_>,
    author: &MspId,
    commitment: &Commitment,
    field: &'static str,
    record: &str,
) -> Result<(), Refusal> {
    let key = (Part(author.clone()), commitment.clone());
    if let Some(record) = COMMITMENTS.find(ctx, &key)? {
        return Err(ProofRejection::CommitmentReused { field, record: record.to_string() }.into());
    }
    Ok(COMMITMENTS.put(ctx, &key, &Foreign::of_id(&record))?)
}

/// Keeps an opening in the collections of both parties, of which the first one calls. Later changes of either copy take
/// the peers of both, so that none of them drops its own with an accomplice and says that it never had one.
///
/// Nothing else is written: the endorsers of the parties alone cannot meet the chaincode's policy, and need not, as
/// each collection has its own.
pub(crate) fn share<K: TableKey, V: Serialize + DeserializeOwned>(
    ctx: &mut Context<'_>,
    table: &Table<K, V>,
    key: &K,
    opening: &V,
    parties: [&MspId; 2],
) -> Result<(), Refusal> {
    let both = EndorserPolicy::all_of(parties.iter().map(|party| party.as_str()))?;
    let name = table.key(key)?;
    for party in parties {
        let collection = organization_collection(party.as_str());
        let mut own = ctx.private(&collection);
        table.put_private(&mut own, key, opening)?;
        own.set_endorsers(&name, Some(&both))?;
    }
    Ok(())
}

/// The opening in the caller's own collection, when the caller is one of the parties.
///
/// Its answer is private: it is for an evaluation at a peer of the caller's own organization. No other peer has the
/// value, and none gives it to another organization's client.
///
/// # Errors
/// [`CallerRejection::NotAParty`].
pub(crate) fn own<K: TableKey, V: Serialize + DeserializeOwned>(
    ctx: &mut Context<'_>,
    table: &Table<K, V>,
    key: &K,
    parties: [&MspId; 2],
) -> Result<Option<V>, Refusal> {
    let msp_id = ctx.creator().msp_id.clone();
    if !parties.iter().any(|party| party.as_str() == msp_id) {
        return Err(CallerRejection::NotAParty { msp_id }.into());
    }
    Ok(table.find_private(&mut ctx.private(&organization_collection(&msp_id)), key)?)
}

/// Whether both parties hold the same opening. Every peer can tell, as the hashes of private values are public.
pub(crate) fn is_shared<K: TableKey, V: Serialize + DeserializeOwned>(
    ctx: &mut Context<'_>,
    table: &Table<K, V>,
    key: &K,
    parties: [&MspId; 2],
) -> Result<bool, Refusal> {
    let key = table.key(key)?;
    let mut hash = |party: &MspId| ctx.private(&organization_collection(party.as_str())).hash(&key);
    let [first, second] = parties;
    let held = hash(first)?;
    Ok(held.is_some() && held == hash(second)?)
}
