//! The private input of a transaction: read from transient data, kept in the collections of two members.

use fabric_contract::{Context, Table, TableKey, organization_collection};
use serde::de::DeserializeOwned;
use trade_model::Refusal;
use trade_model::common::{COMMITMENTS, Commitment, Foreign, Opening};
use trade_model::rejection::{self, ProofRejection, Rejection, RequestRejection};
use trade_model::transaction::{PRIVATE, Presence, PrivateInput, Transaction};
use trade_standards::identifier::MspId;

/// The private input of the transaction `T`; none when it may be left out and was.
///
/// # Errors
/// The rejection of a missing or malformed input. It never tells what the input held.
pub(crate) fn input<T: Transaction>(
    ctx: &Context<'_>,
) -> Result<Option<<T::Private as PrivateInput>::Value>, Rejection> {
    match (ctx.transient(PRIVATE), T::Private::PRESENCE) {
        (_, Presence::Never) | (None, Presence::Optional) => Ok(None),
        (None, Presence::Required) => Err(ProofRejection::OpeningMissing.into()),
        (Some(text), _) => Ok(Some(read(text)?)),
    }
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

/// Refuses an opening that does not open the commitment at `field`.
pub(crate) fn check_opens(opening: &Opening, commitment: &Commitment, field: &'static str) -> Result<(), Rejection> {
    if opening.get().opens(commitment.get()) { Ok(()) } else { Err(ProofRejection::OpeningWrong { field }.into()) }
}

/// Notes which record made a commitment.
///
/// # Errors
/// Another record made it before.
pub(crate) fn claim(
    ctx: &mut Context<'_>,
    commitment: &Commitment,
    field: &'static str,
    record: &str,
) -> Result<(), Refusal> {
    if let Some(record) = COMMITMENTS.find(ctx, commitment)? {
        return Err(ProofRejection::CommitmentReused { field, record: record.to_string() }.into());
    }
    Ok(COMMITMENTS.put(ctx, commitment, &Foreign::of_id(&record))?)
}

/// Keeps an opening in the collections of both parties.
pub(crate) fn share<K: TableKey>(
    ctx: &mut Context<'_>,
    table: &Table<K, Opening>,
    key: &K,
    opening: &Opening,
    parties: [&MspId; 2],
) -> Result<(), Refusal> {
    for party in parties {
        table.put_private(&mut ctx.private(&organization_collection(party.as_str())), key, opening)?;
    }
    Ok(())
}
