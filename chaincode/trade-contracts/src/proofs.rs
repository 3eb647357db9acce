//! What the contracts ask of `trade-proofs`: commitments that can be read, openings that open, proofs that hold.
//!
//! A proof is bound to its place. [`declared_value`] and [`settlement`] build that place for prover and verifier alike;
//! nothing of it is taken from the proof.

use fabric_contract::{Context, TransientError};
use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};
use trade_model::customs::DeclarationOpening;
use trade_model::payment::AmountOpening;
use trade_model::rejection::Rejection;
use trade_proofs::{
    Commitment, ContextError, Match, OpeningText, Proof, ProofContext, Range, StatementError, Verifier, VerifyError,
};
use trade_standards::identifier::MspId;

/// Greatest amount that a band or a tolerance can name or an opening can hold, in minor units: 2^48 − 1.
pub const AMOUNT_MAX: u64 = (1 << 48) - 1;

/// The transient field that carries openings.
pub(crate) const PRIVATE: &str = "private";

/// Where on the network a proof belongs.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The channel.
    pub channel: &'a str,
    /// The chaincode's name on the channel.
    pub chaincode: &'a str,
}

/// The context of the proof in `customs:FileDeclaration`: statement RANGE over the band's bounds.
///
/// # Errors
/// When a part is longer than 256 bytes.
pub fn declared_value(
    place: Place<'_>,
    importer: &MspId,
    declaration_id: &str,
    tariff_id: &str,
    tariff_version: u32,
    band_id: &str,
    currency: &str,
) -> Result<ProofContext, ContextError> {
    let band = Sha256::digest(format!("{tariff_id}\n{tariff_version}\n{band_id}"));
    ProofContext::builder()
        .channel(place.channel)
        .chaincode(place.chaincode)
        .collection(importer.implicit_collection())
        .record("declaration", declaration_id, 1)
        .msp_id(importer.as_str())
        .purpose("declared-value")
        .currency(currency)
        .public_inputs_digest(band.into())
        .build()
}

/// The context of the proof in `payment:Settle`: statement MATCH over the two commitments and the tolerance.
///
/// # Errors
/// When a part is longer than 256 bytes.
pub fn settlement(
    place: Place<'_>,
    seller: &MspId,
    invoice_id: &str,
    entry_id: &str,
    currency: &str,
) -> Result<ProofContext, ContextError> {
    ProofContext::builder()
        .channel(place.channel)
        .chaincode(place.chaincode)
        .collection(seller.implicit_collection())
        .record("settlement", format!("{invoice_id}/{entry_id}"), 1)
        .msp_id(seller.as_str())
        .purpose("settlement")
        .currency(currency)
        .build()
}

/// Reads a commitment.
pub(crate) fn commitment(field: &'static str, text: &str) -> Result<Commitment, Rejection> {
    Commitment::parse(text).map_err(|_| Rejection::CommitmentMalformed { field })
}

/// Reads a proof.
pub(crate) fn proof(field: &'static str, text: &str) -> Result<Proof, Rejection> {
    Proof::parse(text).map_err(|_| Rejection::ProofMalformed { field })
}

/// Checks that the committed value lies between the bounds, both included, in minor units.
pub(crate) fn check_range(
    field: &'static str,
    context: &ProofContext,
    commitment: Commitment,
    bounds: (u64, u64),
    proof: &Proof,
) -> Result<(), Rejection> {
    let statement = Range::within(commitment, bounds.0, bounds.1).map_err(|error| bad_statement(field, error))?;
    Verifier::new(context).verify(statement, proof).map_err(|error| refused(field, error))
}

/// Checks that two committed amounts differ by at most the tolerance, in minor units.
pub(crate) fn check_match(
    field: &'static str,
    context: &ProofContext,
    invoice: Commitment,
    payment: Commitment,
    tolerance: u64,
    proof: &Proof,
) -> Result<(), Rejection> {
    let statement = Match::new(invoice, payment, tolerance).map_err(|error| bad_statement(field, error))?;
    Verifier::new(context).verify(statement, proof).map_err(|error| refused(field, error))
}

/// What a transient `private` holds: the opening of the one commitment of its transaction.
pub(crate) trait PrivateOpening: DeserializeOwned + Serialize {
    /// The name of the value.
    const VALUE: &'static str;

    /// Minor units in decimal, and the blinding factor in hexadecimal.
    fn parts(&self) -> (&str, &str);
}

impl PrivateOpening for DeclarationOpening {
    const VALUE: &'static str = "value_minor";

    fn parts(&self) -> (&str, &str) {
        (&self.value_minor, &self.blinding)
    }
}

impl PrivateOpening for AmountOpening {
    const VALUE: &'static str = "amount_minor";

    fn parts(&self) -> (&str, &str) {
        (&self.amount_minor, &self.blinding)
    }
}

/// The opening in the transient field, if there is one; it must open the commitment to at most [`AMOUNT_MAX`], so that no
/// equation between amounts that are committed here can wrap. The refusal tells the name of the value and not the value.
pub(crate) fn opening<T: PrivateOpening>(
    ctx: &Context<'_>,
    field: &'static str,
    commitment: &Commitment,
) -> Result<Option<T>, Rejection> {
    let private = match ctx.transient_json::<T>(PRIVATE) {
        Ok(private) => private,
        Err(TransientError::Missing { .. }) => return Ok(None),
        Err(TransientError::Malformed { .. }) => return Err(Rejection::OpeningMalformed),
    };
    let (value, blinding) = private.parts();
    let text = OpeningText { value: value.to_owned(), blinding: blinding.to_owned() };
    let opening = text.open().map_err(|_| Rejection::OpeningMalformed)?;
    let within = value.parse().is_ok_and(|value: u64| value <= AMOUNT_MAX);
    if !within {
        return Err(Rejection::NumberMalformed { field: T::VALUE });
    }
    if opening.opens(commitment) { Ok(Some(private)) } else { Err(Rejection::OpeningWrong { field }) }
}

/// The context's own fields are ids and names that were checked before; a part that is too long names another record.
pub(crate) fn place_error(field: &'static str) -> impl Fn(ContextError) -> Rejection {
    move |_| Rejection::ProofOfAnother { field }
}

fn bad_statement(field: &'static str, _: StatementError) -> Rejection {
    Rejection::NumberMalformed { field }
}

fn refused(field: &'static str, error: VerifyError) -> Rejection {
    match error {
        VerifyError::ContextMismatch | VerifyError::StatementMismatch => Rejection::ProofOfAnother { field },
        VerifyError::Rejected => Rejection::ProofRejected { field },
        _ => Rejection::ProofMalformed { field },
    }
}
