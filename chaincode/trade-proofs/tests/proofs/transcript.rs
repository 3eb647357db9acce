//! The transcript as the README describes it, built here a second time from Merlin alone.
//!
//! Every message is absorbed by a label, a length and bytes that are written down here and not asked of the crate. A
//! proof then holds only if prover and README agree on every byte before each challenge. The labels absorbed are also
//! compared with the rows of the README's tables, so that the description cannot fall behind.

use bulletproofs::{BulletproofGens, PedersenGens, RangeProof};
use curve25519_dalek::ristretto::{CompressedRistretto, RistrettoPoint};
use curve25519_dalek::scalar::Scalar;
use merlin::Transcript;
use sha2::{Digest, Sha256};
use trade_proofs::Commitment;
use trade_proofs::rand_core::SeedableRng;

use crate::cases::{self, Case, Failure, commitment};

/// A transcript that remembers the labels of its messages and challenges.
#[derive(Clone)]
struct Book {
    merlin: Transcript,
    labels: Vec<&'static str>,
}

impl Book {
    /// Chapters 1 and 2 of the README: what every statement shares, for the context of `cases`.
    fn shared() -> Self {
        let mut book = Self { merlin: Transcript::new(b"tradezk/1"), labels: Vec::new() };
        book.message("version", &[1]);
        book.message("suite", &[1, 0]);
        book.message("parameters", &parameters());
        book.message("network", b"test-network");
        book.message("channel", b"trade");
        book.message("chaincode", b"entrepot");
        book.message("collection", b"_implicit_org_ExporterMSP");
        book.message("record type", b"declaration");
        book.message("record id", b"DE-2026-000001");
        book.message("record version", &[1, 0, 0, 0, 0, 0, 0, 0]);
        book.message("msp id", b"ExporterMSP");
        book.message("public key", &[7; 32]);
        book.message("purpose", b"declared-value");
        book.message("currency", b"EUR");
        book.message("public inputs", &[8; 32]);
        book.message("nonce", &[9; 16]);
        book
    }

    fn message(&mut self, label: &'static str, bytes: &[u8]) {
        self.labels.push(label);
        self.merlin.append_message(label.as_bytes(), bytes);
    }

    /// 64 bytes, little-endian, modulo ℓ.
    fn challenge(&mut self, label: &'static str) -> Scalar {
        self.labels.push(label);
        let mut bytes = [0; 64];
        self.merlin.challenge_bytes(label.as_bytes(), &mut bytes);
        Scalar::from_bytes_mod_order_wide(&bytes)
    }

    /// What two transcripts have in common when they absorbed the same bytes.
    fn end(mut self) -> [u8; 32] {
        let mut bytes = [0; 32];
        self.merlin.challenge_bytes(b"end", &mut bytes);
        bytes
    }
}

/// SHA-256 over protocol, suite, G, H and the name of the chain of generators, each after its length as 32 bits.
fn parameters() -> [u8; 32] {
    let generators = PedersenGens::default();
    let (g, h) = (generators.B.compress().to_bytes(), generators.B_blinding.compress().to_bytes());
    let chain: &[u8] = b"GeneratorsChain/SHAKE256/bulletproofs-5";
    let mut hash = Sha256::new();
    for part in [b"tradezk/1".as_slice(), &[1, 0], &g, &h, chain] {
        hash.update((part.len() as u32).to_le_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

/// The bytes of a proof's only part: behind a head of 50 bytes stand its kind and its length.
fn only_part(case: &Case) -> (u8, Vec<u8>) {
    let bytes = case.proof.as_bytes();
    assert_eq!((&bytes[..4], bytes[49]), (b"TZKP".as_slice(), 1), "one part");
    assert_eq!(usize::from(u16::from_le_bytes([bytes[51], bytes[52]])), bytes.len() - 53);
    (bytes[50], bytes[53..].to_vec())
}

fn chunk(bytes: &[u8], place: usize) -> [u8; 32] {
    let mut chunk = [0; 32];
    chunk.copy_from_slice(&bytes[place * 32..(place + 1) * 32]);
    chunk
}

fn point(bytes: [u8; 32]) -> Result<RistrettoPoint, Failure> {
    Ok(CompressedRistretto(bytes).decompress().ok_or("a point")?)
}

fn scalar(bytes: [u8; 32]) -> Result<Scalar, Failure> {
    Ok(Option::<Scalar>::from(Scalar::from_canonical_bytes(bytes)).ok_or("a scalar")?)
}

fn point_of(commitment: &Commitment) -> Result<RistrettoPoint, Failure> {
    point(*commitment.as_bytes())
}

/// The labels of the README's tables, in their order: the first column of the rows of the named table.
fn documented(table: &str) -> Vec<String> {
    let readme = include_str!("../../README.md");
    let chapter =
        readme.split("\n## Transcript\n").nth(1).and_then(|rest| rest.split("\n## ").next()).unwrap_or_default();
    let rows = chapter.split(&format!("\n| {table} |")).nth(1).and_then(|rest| rest.split("\n\n").next());
    let rows = rows.unwrap_or_default().lines().skip(2);
    rows.filter_map(|row| Some(row.split('`').nth(1)?.to_owned())).collect()
}

/// The labels of a book against the tables that apply to it. What the README calls repeated stands there once.
fn assert_documented(book: &Book, statement: &str, protocol: &str) {
    const REPEATED: [&[&str]; 3] = [&["V"], &["Ci"], &["L", "R", "u"]];
    let mut labels: Vec<&str> = Vec::new();
    for label in &book.labels {
        labels.push(label);
        for group in REPEATED {
            if labels.ends_with(&group.repeat(2)) {
                labels.truncate(labels.len() - group.len());
            }
        }
    }
    let rows = [documented("shared"), documented(statement), documented("part"), documented(protocol)].concat();
    assert_eq!(labels, rows, "{statement}");
}

/// R and c of a Schnorr proof, and the answer that must fit them.
fn schnorr(book: &mut Book, case: &Case, difference: RistrettoPoint) -> Result<bool, Failure> {
    let (kind, bytes) = only_part(case);
    assert_eq!((kind, bytes.len()), (2, 64));
    book.message("part", &[0, 2]);
    book.message("R", &bytes[..32]);
    let c = book.challenge("c");
    let (r, s) = (point(chunk(&bytes, 0))?, scalar(chunk(&bytes, 1))?);
    Ok(PedersenGens::default().B_blinding * s == r + difference * c)
}

/// The challenges of a range proof for these points: the book's against those of the backend, which goes on from the
/// same beginning.
fn range_proof(book: &mut Book, case: &Case, points: &[RistrettoPoint], bits: usize) -> Result<(), Failure> {
    let (kind, bytes) = only_part(case);
    assert_eq!(kind, 1);
    book.message("part", &[0, 1]);
    let points: Vec<CompressedRistretto> = points.iter().map(RistrettoPoint::compress).collect();
    let mut backend = book.clone();
    let generators = BulletproofGens::new(bits, points.len());
    let proof = RangeProof::from_bytes(&bytes).map_err(|error| format!("{error:?}"))?;
    let rng = &mut trade_proofs::ChaCha20Rng::from_seed([1; 32]);
    let pedersen = PedersenGens::default();
    let verdict = proof.verify_multiple_with_rng(&generators, &pedersen, &mut backend.merlin, &points, bits, rng);
    assert!(verdict.is_ok(), "{verdict:?}");

    book.message("dom-sep", b"rangeproof v1");
    book.message("n", &(bits as u64).to_le_bytes());
    book.message("m", &(points.len() as u64).to_le_bytes());
    for point in &points {
        book.message("V", point.as_bytes());
    }
    let message = |book: &mut Book, label, place| book.message(label, &chunk(&bytes, place));
    message(book, "A", 0);
    message(book, "S", 1);
    let (y, z) = (book.challenge("y"), book.challenge("z"));
    message(book, "T_1", 2);
    message(book, "T_2", 3);
    let x = book.challenge("x");
    message(book, "t_x", 4);
    message(book, "t_x_blinding", 5);
    message(book, "e_blinding", 6);
    book.challenge("w");
    let width = bits * points.len();
    book.message("dom-sep", b"ipp v1");
    book.message("n", &(width as u64).to_le_bytes());
    for round in 0..width.trailing_zeros() as usize {
        message(book, "L", 7 + 2 * round);
        message(book, "R", 8 + 2 * round);
        book.challenge("u");
    }
    assert_eq!(book.clone().end(), backend.end(), "a byte differs between README and backend");

    // The first equation of the paper, by these challenges: t_x G + τ_x H = Σ z^(1+j) V_j + δ(y, z) G + x T₁ + x² T₂.
    let powers = |base: Scalar, count: usize| {
        (0..count).scan(Scalar::ONE, move |power, _| {
            let current = *power;
            *power *= base;
            Some(current)
        })
    };
    let sum_of_y: Scalar = powers(y, width).sum();
    let sum_of_two: Scalar = powers(Scalar::from(2_u64), bits).sum();
    let cubes: Scalar = powers(z, points.len()).map(|power| power * z * z * z).sum();
    let delta = (z - z * z) * sum_of_y - cubes * sum_of_two;
    let mut right = pedersen.B * delta + point(chunk(&bytes, 2))? * x + point(chunk(&bytes, 3))? * x * x;
    for (value, power) in points.iter().zip(powers(z, points.len())) {
        right += point(value.to_bytes())? * (power * z * z);
    }
    assert_eq!(pedersen.commit(scalar(chunk(&bytes, 4))?, scalar(chunk(&bytes, 5))?), right);
    Ok(())
}

#[test]
fn range_is_as_described() -> Result<(), Failure> {
    let case = cases::range(150, 100, 250)?;
    let c = commitment(150, 1);
    let mut book = Book::shared();
    book.message("statement", &[1, 0]);
    book.message("a", &100_u64.to_le_bytes());
    book.message("b", &250_u64.to_le_bytes());
    book.message("C", c.as_bytes());
    let (g, c) = (PedersenGens::default().B, point_of(&c)?);
    let points = [c - g * Scalar::from(100_u64), g * Scalar::from(250_u64) - c];
    range_proof(&mut book, &case, &points, 8)?;
    assert_documented(&book, "RANGE", "range proof");

    // A width of exactly 2ⁿ − 1 has one value only.
    let case = cases::range(150, 100, 355)?;
    let mut book = Book::shared();
    book.message("statement", &[1, 0]);
    book.message("a", &100_u64.to_le_bytes());
    book.message("b", &355_u64.to_le_bytes());
    book.message("C", commitment(150, 1).as_bytes());
    range_proof(&mut book, &case, &points[..1], 8)
}

#[test]
fn close_is_as_described() -> Result<(), Failure> {
    let case = cases::close(1_000, 998, 200)?;
    let (first, second) = (commitment(1_000, 2), commitment(998, 3));
    let mut book = Book::shared();
    book.message("statement", &[2, 0]);
    book.message("t", &200_u64.to_le_bytes());
    book.message("C1", first.as_bytes());
    book.message("C2", second.as_bytes());
    let difference = point_of(&first)? - point_of(&second)?;
    let tolerance = PedersenGens::default().B * Scalar::from(200_u64);
    range_proof(&mut book, &case, &[difference + tolerance, tolerance - difference], 16)?;
    assert_documented(&book, "CLOSE", "range proof");
    Ok(())
}

#[test]
fn equal_is_as_described() -> Result<(), Failure> {
    let case = cases::equal(77)?;
    let (first, second) = (commitment(77, 4), commitment(77, 5));
    let mut book = Book::shared();
    book.message("statement", &[3, 0]);
    book.message("C1", first.as_bytes());
    book.message("C2", second.as_bytes());
    assert!(schnorr(&mut book, &case, point_of(&first)? - point_of(&second)?)?);
    assert_documented(&book, "EQUAL", "Schnorr");
    Ok(())
}

#[test]
fn sum_is_as_described() -> Result<(), Failure> {
    let case = cases::sum(&[1, 20, 300])?;
    let lines = [commitment(1, 10), commitment(20, 11), commitment(300, 12)];
    let total = commitment(321, 6);
    let mut book = Book::shared();
    book.message("statement", &[4, 0]);
    book.message("k", &[3, 0, 0, 0]);
    for line in &lines {
        book.message("Ci", line.as_bytes());
    }
    book.message("CT", total.as_bytes());
    let mut difference = -point_of(&total)?;
    for line in &lines {
        difference += point_of(line)?;
    }
    assert!(schnorr(&mut book, &case, difference)?);
    assert_documented(&book, "SUM", "Schnorr");
    Ok(())
}

#[test]
fn open_is_as_described() -> Result<(), Failure> {
    let case = cases::open(42)?;
    let c = commitment(42, 8);
    let mut book = Book::shared();
    book.message("statement", &[5, 0]);
    book.message("C", c.as_bytes());
    let (kind, bytes) = only_part(&case);
    assert_eq!((kind, bytes.len()), (3, 96));
    book.message("part", &[0, 3]);
    book.message("R", &bytes[..32]);
    let challenge = book.challenge("c");
    let (s, t) = (scalar(chunk(&bytes, 1))?, scalar(chunk(&bytes, 2))?);
    assert_eq!(PedersenGens::default().commit(s, t), point(chunk(&bytes, 0))? + point_of(&c)? * challenge);
    assert_documented(&book, "OPEN", "Schnorr");
    Ok(())
}

#[test]
fn a_transcript_that_differs_in_one_label_gives_another_challenge() -> Result<(), Failure> {
    let case = cases::equal(77)?;
    let (first, second) = (commitment(77, 4), commitment(77, 5));
    for wrong in ["statemenT", "C1 ", "R"] {
        let mut book = Book::shared();
        book.message(if wrong == "statemenT" { wrong } else { "statement" }, &[3, 0]);
        book.message(if wrong == "C1 " { "C" } else { "C1" }, first.as_bytes());
        book.message("C2", if wrong == "R" { first.as_bytes() } else { second.as_bytes() });
        assert!(!schnorr(&mut book, &case, point_of(&first)? - point_of(&second)?)?, "{wrong}");
    }
    Ok(())
}
