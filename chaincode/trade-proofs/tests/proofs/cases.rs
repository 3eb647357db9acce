//! One honest case of every kind; the other tests change them.

use trade_proofs::rand_core::SeedableRng;
use trade_proofs::{
    ChaCha20Rng, Close, Commitment, Equal, Open, Opening, Proof, ProofContext, ProofContextBuilder, Prover, Range,
    Statement, StatementKind, Sum, Verifier, VerifyError,
};

pub(crate) type Failure = Box<dyn std::error::Error>;

/// A statement of any kind, so that one test can go over all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Any {
    Range(Range),
    Close(Close),
    Equal(Equal),
    Sum(Sum),
    Open(Open),
}

impl Any {
    pub(crate) fn kind(&self) -> StatementKind {
        match self {
            Self::Range(_) => Range::KIND,
            Self::Close(_) => Close::KIND,
            Self::Equal(_) => Equal::KIND,
            Self::Sum(_) => Sum::KIND,
            Self::Open(_) => Open::KIND,
        }
    }

    pub(crate) fn verify(&self, context: &ProofContext, proof: &Proof) -> Result<(), VerifyError> {
        let verifier = Verifier::new(context);
        match self {
            Self::Range(statement) => verifier.verify(statement, proof),
            Self::Close(statement) => verifier.verify(statement, proof),
            Self::Equal(statement) => verifier.verify(statement, proof),
            Self::Sum(statement) => verifier.verify(statement, proof),
            Self::Open(statement) => verifier.verify(statement, proof),
        }
    }
}

macro_rules! into_any {
    ($($name:ident),*) => {$(
        impl From<$name> for Any {
            fn from(statement: $name) -> Self {
                Self::$name(statement)
            }
        }
    )*};
}

into_any!(Range, Close, Equal, Sum, Open);

/// A statement with its proof.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) statement: Any,
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

pub(crate) fn verify(statement: &Any, proof: &Proof) -> Result<Result<(), VerifyError>, Failure> {
    Ok(statement.verify(&context()?, proof))
}

pub(crate) fn range(value: u64, lower: u64, upper: u64) -> Result<Case, Failure> {
    let opening = opening(value, 1);
    let statement = Range::within(opening.commitment(), lower, upper)?;
    let proof = Prover::new(&context()?).prove(&statement, &opening, &mut rng(100))?;
    Ok(Case { name: "range", statement: statement.into(), proof })
}

pub(crate) fn close(left: u64, right: u64, tolerance: u64) -> Result<Case, Failure> {
    let (left, right) = (opening(left, 2), opening(right, 3));
    let statement = Close::new(left.commitment(), right.commitment(), tolerance)?;
    let proof = Prover::new(&context()?).prove(&statement, (&left, &right), &mut rng(101))?;
    Ok(Case { name: "close", statement: statement.into(), proof })
}

pub(crate) fn equal(value: u64) -> Result<Case, Failure> {
    let (first, second) = (opening(value, 4), opening(value, 5));
    let statement = Equal::new(first.commitment(), second.commitment());
    let proof = Prover::new(&context()?).prove(&statement, (&first, &second), &mut rng(102))?;
    Ok(Case { name: "equal", statement: statement.into(), proof })
}

pub(crate) fn sum(values: &[u64]) -> Result<Case, Failure> {
    let lines: Vec<Opening> = values.iter().zip(10..).map(|(value, seed)| opening(*value, seed)).collect();
    let total = opening(values.iter().sum(), 6);
    let statement = Sum::new(lines.iter().map(Opening::commitment).collect(), total.commitment())?;
    let proof = Prover::new(&context()?).prove(&statement, (&lines, &total), &mut rng(103))?;
    Ok(Case { name: "sum", statement: statement.into(), proof })
}

pub(crate) fn open(value: u64) -> Result<Case, Failure> {
    let opening = opening(value, 8);
    let statement = Open::new(opening.commitment());
    let proof = Prover::new(&context()?).prove(&statement, &opening, &mut rng(104))?;
    Ok(Case { name: "open", statement: statement.into(), proof })
}

/// Every kind once.
pub(crate) fn all() -> Result<Vec<Case>, Failure> {
    Ok(vec![range(150, 100, 250)?, close(1_000, 998, 5)?, equal(77)?, sum(&[1, 20, 300])?, open(42)?])
}
