//! A proof belongs to one place: presented anywhere else it fails, and so it does when its label is rewritten.

use crate::cases::{Case, Failure, all, builder, context, verify};
use trade_proofs::{ContextError, Proof, ProofContext, ProofContextBuilder, VerifyError};

type Change = (&'static str, fn(ProofContextBuilder) -> ProofContextBuilder);

/// Every field of the context, changed alone.
const CHANGES: &[Change] = &[
    ("network", |context| context.network("other-network")),
    ("channel", |context| context.channel("other")),
    ("chaincode", |context| context.chaincode("other")),
    ("collection", |context| context.collection("_implicit_org_ImporterMSP")),
    ("no collection", |context| context.without_collection()),
    ("record type", |context| context.record("invoice", "DE-2026-000001", 1)),
    ("record id", |context| context.record("declaration", "DE-2026-000002", 1)),
    ("record version", |context| context.record("declaration", "DE-2026-000001", 2)),
    ("msp id", |context| context.msp_id("ImporterMSP")),
    ("public key", |context| context.public_key_sha256([1; 32])),
    ("purpose", |context| context.purpose("settlement")),
    ("currency", |context| context.currency("USD")),
    ("no currency", |context| context.without_currency()),
    ("public inputs", |context| context.public_inputs_digest([1; 32])),
    ("nonce", |context| context.nonce([1; 16])),
];

#[test]
fn a_proof_presented_in_another_place_is_refused() -> Result<(), Failure> {
    for case in all()? {
        for (field, change) in CHANGES {
            let other = change(builder()).build()?;
            let found = case.statement.verify(&other, &case.proof);
            assert_eq!(found, Err(VerifyError::ContextMismatch), "{}: {field}", case.name);
        }
    }
    Ok(())
}

#[test]
fn rewriting_the_label_does_not_move_a_proof() -> Result<(), Failure> {
    for case in all()? {
        for (field, change) in CHANGES {
            let other = change(builder()).build()?;
            let moved = relabelled(&case, &other)?;
            let found = case.statement.verify(&other, &moved);
            assert_eq!(found, Err(VerifyError::Rejected), "{}: {field} is not in the transcript", case.name);
        }
    }
    Ok(())
}

fn relabelled(case: &Case, context: &ProofContext) -> Result<Proof, Failure> {
    let mut bytes = case.proof.as_bytes().to_vec();
    bytes[17..49].copy_from_slice(&context.digest());
    Ok(Proof::from_bytes(&bytes)?)
}

#[test]
fn neighbouring_fields_cannot_borrow_from_each_other() -> Result<(), Failure> {
    let one = builder().channel("trade").chaincode("entrepot").build()?;
    let other = builder().channel("tradee").chaincode("ntrepot").build()?;
    assert_ne!(one.digest(), other.digest());
    Ok(())
}

#[test]
fn a_context_lacks_nothing() -> Result<(), Failure> {
    let full = || {
        ProofContext::builder()
            .channel("trade")
            .chaincode("entrepot")
            .without_collection()
            .record("declaration", "1", 1)
            .msp_id("ExporterMSP")
            .purpose("declared-value")
            .without_currency()
    };
    full().build()?;
    let table: [(&str, ProofContextBuilder); 7] = [
        ("channel", full().channel("")),
        ("chaincode", full().chaincode("")),
        ("collection", full().collection("")),
        ("record type", full().record("", "1", 1)),
        ("record id", full().record("declaration", "", 1)),
        ("msp id", full().msp_id("")),
        ("purpose", full().purpose("")),
    ];
    for (field, builder) in table {
        assert_eq!(builder.build(), Err(ContextError::Missing { field }));
    }
    assert_eq!(ProofContext::builder().build(), Err(ContextError::Missing { field: "channel" }));
    assert_eq!(full().currency("").build(), Err(ContextError::Missing { field: "currency" }));
    assert_eq!(full().network("").build(), Err(ContextError::Missing { field: "network" }));
    let long = "x".repeat(257);
    assert_eq!(full().purpose(long).build(), Err(ContextError::TooLong { field: "purpose" }));
    Ok(())
}

#[test]
fn verification_says_the_same_every_time() -> Result<(), Failure> {
    let context = context()?;
    for case in all()? {
        let mut changed = case.proof.as_bytes().to_vec();
        let last = changed.len() - 1;
        changed[last] ^= 0x01;
        let changed = Proof::from_bytes(&changed)?;
        let verdicts = |proof: &Proof| -> Vec<_> { (0..4).map(|_| case.statement.verify(&context, proof)).collect() };
        assert_eq!(verdicts(&case.proof), vec![Ok(()); 4], "{}", case.name);
        assert_eq!(verdicts(&changed), vec![Err(VerifyError::Rejected); 4], "{}", case.name);
    }
    Ok(())
}

#[test]
fn proofs_travel_as_text() -> Result<(), Failure> {
    for case in all()? {
        let text = serde_json::to_string(&case.proof)?;
        let back: Proof = serde_json::from_str(&text)?;
        assert_eq!(back, case.proof);
        assert_eq!(verify(&case.statement, &back)?, Ok(()));
        assert_eq!(Proof::parse(&case.proof.to_text())?, case.proof);
    }
    Ok(())
}
