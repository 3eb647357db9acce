//! Requests as JSON documents, in the form in which the REST gateway takes them: the proof that one needs is made from
//! it, and the proof that one has is checked.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use trade_model::Transaction;
use trade_model::common::Opening;
use trade_model::rejection::read;
use trade_proofs::{ChaCha20Rng, Prover};

use crate::claim::Deployment;
use crate::credit::Credit;
use crate::declared_value::DeclaredValue;
use crate::entry_amount::EntryAmount;
use crate::error::DocumentError;
use crate::request::{Facts, Proving, RequestClaim};
use crate::settlement::Settlement;

/// The request with its proof filled in, and with its commitment if it names none.
///
/// `document` is the body that the gateway takes, without the proof or with an older one. `openings` may come in any
/// order.
///
/// # Errors
/// [`DocumentError`]: the request has another form, a record or an opening is missing, or the claim is not true.
pub fn complete(
    document: Value,
    facts: &Facts,
    openings: &[Opening],
    deployment: Deployment<'_>,
    rng: &mut ChaCha20Rng,
) -> Result<Value, DocumentError> {
    let mut fields = object(document)?;
    let kind = Kind::of(&fields)?;
    (kind.complete)(&mut fields, facts, openings, deployment, rng)?;
    Ok(Value::Object(fields))
}

/// Checks the proof of a request, or of the record that the ledger made of it.
///
/// # Errors
/// [`DocumentError`]; [`DocumentError::Refused`] when the proof does not hold.
pub fn check(document: Value, facts: &Facts, deployment: Deployment<'_>) -> Result<(), DocumentError> {
    let fields = object(document)?;
    (Kind::of(&fields)?.check)(fields, facts, deployment)
}

fn object(document: Value) -> Result<Map<String, Value>, DocumentError> {
    match document {
        Value::Object(fields) => Ok(fields),
        _ => Err(DocumentError::NotAnObject),
    }
}

type Complete =
    fn(&mut Map<String, Value>, &Facts, &[Opening], Deployment<'_>, &mut ChaCha20Rng) -> Result<(), DocumentError>;

type Check = fn(Map<String, Value>, &Facts, Deployment<'_>) -> Result<(), DocumentError>;

/// A kind of request that carries a proof.
struct Kind {
    transaction: &'static str,
    known_by: &'static [&'static str],
    complete: Complete,
    check: Check,
}

const KINDS: &[Kind] =
    &[Kind::new::<DeclaredValue>(), Kind::new::<EntryAmount>(), Kind::new::<Settlement>(), Kind::new::<Credit>()];

impl Kind {
    const fn new<C: RequestClaim>() -> Self {
        Self { transaction: C::Request::NAME, known_by: C::KNOWN_BY, complete: complete_as::<C>, check: check_as::<C> }
    }

    fn of(fields: &Map<String, Value>) -> Result<&'static Self, DocumentError> {
        let knows = |kind: &&Self| kind.known_by.iter().all(|field| fields.contains_key(*field));
        KINDS.iter().find(knows).ok_or_else(|| {
            let form = |kind: &Self| format!("{} has {}", kind.transaction, kind.known_by.join(" and "));
            DocumentError::UnknownForm { forms: KINDS.iter().map(form).collect::<Vec<_>>().join(", ") }
        })
    }
}

fn complete_as<C: RequestClaim>(
    fields: &mut Map<String, Value>,
    facts: &Facts,
    openings: &[Opening],
    deployment: Deployment<'_>,
    rng: &mut ChaCha20Rng,
) -> Result<(), DocumentError> {
    // An older proof says nothing about this one, not even by its form.
    fields.remove(C::PROOF.trim_start_matches('/'));
    fields.retain(|field, _| !C::FURTHER.contains(&field.as_str()));
    let draft: C::Draft = read_fields(fields)?;
    let claim = C::of_draft(&draft, facts, openings)?;
    let openings = &[openings, &claim.derived(openings)?].concat()[..];

    let (context, statement) = (claim.context(deployment)?, claim.statement()?);
    let proof = Prover::new(&context).prove(&statement, claim.openings(openings)?, rng)?;
    fields.insert(C::PROOF.trim_start_matches('/').to_owned(), proof.to_text().into());
    let further = claim.prove_further(&draft, facts, &mut Proving { openings, deployment, rng })?;
    fields.extend(further.into_iter().map(|(field, proof)| (field.to_owned(), proof.to_text().into())));
    if let Some((field, commitment)) = claim.own_commitment() {
        fields.insert(field.to_owned(), String::from(commitment.clone()).into());
    }
    read_fields::<C::Request>(fields)?;
    Ok(())
}

fn check_as<C: RequestClaim>(
    fields: Map<String, Value>,
    facts: &Facts,
    deployment: Deployment<'_>,
) -> Result<(), DocumentError> {
    let draft: C::Draft = read_fields(&fields)?;
    let claim = C::of_draft(&draft, facts, &[])?;
    claim.check_further(&draft, facts, deployment)?;
    let proof = C::proof(draft).ok_or(DocumentError::ProofMissing { field: C::PROOF })?;
    Ok(claim.verify(deployment, &proof)?)
}

fn read_fields<T: DeserializeOwned>(fields: &Map<String, Value>) -> Result<T, DocumentError> {
    Ok(read(Value::Object(fields.clone()).to_string().as_bytes())?)
}
