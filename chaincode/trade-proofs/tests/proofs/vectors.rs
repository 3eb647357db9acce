//! Golden vectors: `tests/vectors/v1.json` was made once and is only ever added to. A build that cannot verify
//! it cannot read old ledgers; a build that does not reproduce it has changed the protocol.

use crate::cases::{Any, Failure};
use serde::Deserialize;
use trade_proofs::rand_core::SeedableRng;
use trade_proofs::{
    ChaCha20Rng, Close, Commitment, CommitmentName, Equal, MasterKey, Open, Opening, OpeningText, Proof, ProofContext,
    Prover, Range, Sum, parameters,
};

#[derive(Deserialize)]
struct Vectors {
    parameters_sha256: String,
    derivation: Derivation,
    proofs: Vec<Vector>,
}

#[derive(Deserialize)]
struct Derivation {
    master_key: String,
    name: [String; 6],
    record_version: u64,
    value: String,
    blinding: String,
}

#[derive(Deserialize)]
struct Vector {
    kind: String,
    inputs: Vec<String>,
    openings: Vec<OpeningText>,
    commitments: Vec<Commitment>,
    seed: String,
    context_sha256: String,
    proof: String,
}

fn vectors() -> Result<Vectors, Failure> {
    Ok(serde_json::from_str(include_str!("../vectors/v1.json"))?)
}

/// The context of all vectors.
fn context() -> Result<ProofContext, Failure> {
    let context = ProofContext::builder()
        .network("golden")
        .channel("trade")
        .chaincode("entrepot")
        .collection("_implicit_org_ExporterMSP")
        .record("declaration", "DE-2026-000001", 3)
        .msp_id("ExporterMSP")
        .public_key_sha256([0x11; 32])
        .purpose("declared-value")
        .currency("EUR");
    Ok(context.build()?)
}

impl Vector {
    fn number(&self, index: usize) -> Result<u64, Failure> {
        Ok(self.inputs.get(index).ok_or("an input is missing")?.parse()?)
    }

    fn statement(&self) -> Result<Any, Failure> {
        let c = &self.commitments;
        Ok(match self.kind.as_str() {
            "range" => Range::within(c[0], self.number(0)?, self.number(1)?)?.into(),
            // The name of CLOSE when the vectors were made.
            "match" => Close::new(c[0], c[1], self.number(0)?)?.into(),
            "equal" => Equal::new(c[0], c[1]).into(),
            "sum" => Sum::new(c[..c.len() - 1].to_vec(), c[c.len() - 1])?.into(),
            "open" => Open::new(c[0]).into(),
            other => return Err(format!("unknown kind {other}").into()),
        })
    }

    fn prove(&self, context: &ProofContext, openings: &[Opening]) -> Result<Proof, Failure> {
        let mut seed = [0; 32];
        hex::decode_to_slice(&self.seed, &mut seed)?;
        let rng = &mut ChaCha20Rng::from_seed(seed);
        let prover = Prover::new(context);
        Ok(match self.statement()? {
            Any::Range(statement) => prover.prove(&statement, &openings[0], rng)?,
            Any::Close(statement) => prover.prove(&statement, (&openings[0], &openings[1]), rng)?,
            Any::Equal(statement) => prover.prove(&statement, (&openings[0], &openings[1]), rng)?,
            Any::Sum(statement) => {
                let (total, lines) = openings.split_last().ok_or("a total")?;
                prover.prove(&statement, (lines, total), rng)?
            }
            Any::Open(statement) => prover.prove(&statement, &openings[0], rng)?,
        })
    }
}

#[test]
fn the_generators_are_those_of_the_documentation() -> Result<(), Failure> {
    assert_eq!(hex::encode(parameters::digest()), vectors()?.parameters_sha256);
    // H alone: value 0 under the blinding factor 1.
    let mut one = [0; 32];
    one[0] = 1;
    let h = Opening::new(0, one)?.commitment();
    assert_eq!(h.to_hex(), "8c9240b456a9e6dc65c377a1048d745f94a08cdb7f44cbcd7b46f34048871134");
    Ok(())
}

#[test]
fn golden_proofs_verify_and_are_made_again_bit_by_bit() -> Result<(), Failure> {
    let context = context()?;
    let vectors = vectors()?.proofs;
    assert!(vectors.len() >= 10);
    for vector in &vectors {
        let openings = vector.openings.iter().map(OpeningText::open).collect::<Result<Vec<_>, _>>()?;
        let commitments: Vec<Commitment> = openings.iter().map(Opening::commitment).collect();
        assert_eq!(commitments, vector.commitments, "{}", vector.kind);
        assert_eq!(hex::encode(context.digest()), vector.context_sha256);
        let golden = Proof::parse(&vector.proof)?;
        assert_eq!(vector.statement()?.verify(&context, &golden), Ok(()), "{}", vector.kind);
        assert_eq!(vector.prove(&context, &openings)?.to_text(), vector.proof, "{}", vector.kind);
    }
    Ok(())
}

#[test]
fn golden_blinding_factors_are_derived_again() -> Result<(), Failure> {
    let golden = vectors()?.derivation;
    let mut key = [0; 32];
    hex::decode_to_slice(&golden.master_key, &mut key)?;
    let [channel, chaincode, msp_id, record_type, record_id, field] = &golden.name;
    let record_version = golden.record_version;
    let name = CommitmentName { channel, chaincode, msp_id, record_type, record_id, record_version, field };
    let opening = MasterKey::new(key).opening(&name, golden.value.parse()?);
    assert_eq!(OpeningText::from(&opening).blinding, golden.blinding);
    Ok(())
}
