//! One honest case of every kind; the other tests bend them.

use trade_proofs::rand_core::SeedableRng;
use trade_proofs::{
    ChaCha20Rng, Commitment, Equal, Match, Open, Opening, Proof, ProofContext, ProofContextBuilder, Prover, Range,
    Statement, Sum, Verifier, VerifyError,
};

pub(crate) type Failure = Box<dyn std::error::Error>;

/// A statement with its proof.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) statement: Statement,
    pub(crate) proof: Proof,
}

pub(crate) fn rng(seed: u8) -> ChaCha20Rng {
    ChaCha20Rng::from_seed([seed; 32])
}

pub(crate) fn builder() -> ProofContextBuilder {
    ProofContext::builder()
        .network("test-network")
        .channel("trade")
        .chaincode("entrepot")
        .collection("_implicit_org_ExporterMSP")
        .record("declaration", "DE-2026-000001", 1)
        .msp_id("ExporterMSP")
        .public_key_sha256([7; 32])
        .purpose("declared-value")
        .currency("EUR")
        .public_inputs_digest([8; 32])
        .nonce([9; 16])
}

pub(crate) fn context() -> Result<ProofContext, Failure> {
    Ok(builder().build()?)
}

/// A value under a blinding factor that depends on `seed` alone.
pub(crate) fn opening(value: u64, seed: u8) -> Opening {
    Opening::random(value, &mut rng(seed))
}

pub(crate) fn commitment(value: u64, seed: u8) -> Commitment {
    opening(value, seed).commitment()
}

pub(crate) fn verify(statement: &Statement, proof: &Proof) -> Result<Result<(), VerifyError>, Failure> {
    let context = context()?;
    Ok(Verifier::new(&context).verify(statement.clone(), proof))
}

pub(crate) fn range(value: u64, lower: u64, upper: u64) -> Result<Case, Failure> {
    let opening = opening(value, 1);
    let statement = Range::within(opening.commitment(), lower, upper)?;
    let proof = Prover::new(&context()?).range(&statement, &opening, &mut rng(100))?;
    Ok(Case { name: "range", statement: statement.into(), proof })
}

pub(crate) fn matching(invoice: u64, payment: u64, tolerance: u64) -> Result<Case, Failure> {
    let (invoice, payment) = (opening(invoice, 2), opening(payment, 3));
    let statement = Match::new(invoice.commitment(), payment.commitment(), tolerance)?;
    let proof = Prover::new(&context()?).matching(&statement, &invoice, &payment, &mut rng(101))?;
    Ok(Case { name: "match", statement: statement.into(), proof })
}

pub(crate) fn equal(value: u64) -> Result<Case, Failure> {
    let (first, second) = (opening(value, 4), opening(value, 5));
    let statement = Equal::new(first.commitment(), second.commitment());
    let proof = Prover::new(&context()?).equal(&statement, &first, &second, &mut rng(102))?;
    Ok(Case { name: "equal", statement: statement.into(), proof })
}

pub(crate) fn sum(values: &[u64]) -> Result<Case, Failure> {
    let lines: Vec<Opening> = values.iter().zip(10..).map(|(value, seed)| opening(*value, seed)).collect();
    let total = opening(values.iter().sum(), 6);
    let statement = Sum::new(lines.iter().map(Opening::commitment).collect(), total.commitment())?;
    let proof = Prover::new(&context()?).sum(&statement, &lines, &total, &mut rng(103))?;
    Ok(Case { name: "sum", statement: statement.into(), proof })
}

pub(crate) fn open(value: u64) -> Result<Case, Failure> {
    let opening = opening(value, 8);
    let statement = Open::new(opening.commitment());
    let proof = Prover::new(&context()?).open(&statement, &opening, &mut rng(104))?;
    Ok(Case { name: "open", statement: statement.into(), proof })
}

/// Every kind once.
pub(crate) fn all() -> Result<Vec<Case>, Failure> {
    Ok(vec![range(150, 100, 250)?, matching(1_000, 998, 5)?, equal(77)?, sum(&[1, 20, 300])?, open(42)?])
}
