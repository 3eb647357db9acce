//! Prints the size of every kind of proof and how long proving and verifying take on this machine.
//!
//! `cargo run --release -p trade-proofs --example timings`. The times are the fastest of thirty runs, one thread.

#![allow(clippy::disallowed_types, clippy::disallowed_methods, reason = "a stopwatch, not ledger code")]

use std::time::{Duration, Instant};
use trade_proofs::rand_core::SeedableRng;
use trade_proofs::{
    ChaCha20Rng, Close, Equal, Open, Opening, Proof, ProofContext, ProveError, Prover, Range, Statement, Sum, Verifier,
};

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let context = ProofContext::builder()
        .channel("trade")
        .chaincode("entrepot")
        .without_collection()
        .record("declaration", "1", 1)
        .msp_id("ExporterMSP")
        .purpose("timings")
        .currency("EUR")
        .build()?;
    let prover = Prover::new(&context);
    let rng = || ChaCha20Rng::from_seed([1; 32]);
    let one = Opening::random(150_000, &mut rng());
    let two = Opening::random(150_000, &mut ChaCha20Rng::from_seed([2; 32]));
    let (c1, c2) = (one.commitment(), two.commitment());

    println!("| statement | bytes | prove ms | verify ms |\n|---|---|---|---|");
    for (name, width) in [("8 bit", 200), ("16 bit", 50_000), ("32 bit", 1_000_000), ("64 bit", 1 << 40)] {
        let statement = Range::within(c1, 149_900, 149_900 + width)?;
        let name = format!("RANGE, {name} window");
        row(&context, &name, &statement, || prover.prove(&statement, &one, &mut rng()))?;
    }
    let statement = Range::within(c1, 0, u64::MAX)?;
    row(&context, "RANGE, all 64 bits", &statement, || prover.prove(&statement, &one, &mut rng()))?;
    let statement = Close::new(c1, c2, 500)?;
    row(&context, "CLOSE, t = 500", &statement, || prover.prove(&statement, (&one, &two), &mut rng()))?;
    let statement = Equal::new(c1, c2);
    row(&context, "EQUAL", &statement, || prover.prove(&statement, (&one, &two), &mut rng()))?;
    let lines: Vec<Opening> =
        (0..16).map(|seed| Opening::random(1_000, &mut ChaCha20Rng::from_seed([seed; 32]))).collect();
    let total = Opening::random(16_000, &mut rng());
    let statement = Sum::new(lines.iter().map(Opening::commitment).collect(), total.commitment())?;
    row(&context, "SUM, 16 lines", &statement, || prover.prove(&statement, (&lines, &total), &mut rng()))?;
    let statement = Open::new(c1);
    row(&context, "OPEN", &statement, || prover.prove(&statement, &one, &mut rng()))?;
    Ok(())
}

fn row<S: Statement>(
    context: &ProofContext,
    name: &str,
    statement: &S,
    prove: impl Fn() -> Result<Proof, ProveError>,
) -> Result<(), Failure> {
    let (proving, proof) = fastest(&prove)?;
    let (verifying, ()) = fastest(|| Verifier::new(context).verify(statement, &proof))?;
    let ms = |time: Duration| time.as_secs_f64() * 1_000.0;
    println!("| {name} | {} | {:.2} | {:.2} |", proof.as_bytes().len(), ms(proving), ms(verifying));
    Ok(())
}

fn fastest<T, E>(action: impl Fn() -> Result<T, E>) -> Result<(Duration, T), E> {
    let mut best = Duration::MAX;
    let mut result = action()?;
    for _ in 0..30 {
        let start = Instant::now();
        result = action()?;
        best = best.min(start.elapsed());
    }
    Ok((best, result))
}
