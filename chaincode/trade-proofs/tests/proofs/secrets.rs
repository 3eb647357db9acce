//! Secrets: where blinding factors come from, how openings travel, and that nothing prints them.

use crate::cases::{Failure, opening, rng};
use trade_proofs::{CommitmentName, MasterKey, Opening, OpeningError, OpeningText};

fn name<'a>() -> CommitmentName<'a> {
    CommitmentName {
        channel: "trade",
        chaincode: "entrepot",
        msp_id: "ExporterMSP",
        record_type: "invoice",
        record_id: "INV-1",
        record_version: 1,
        field: "total",
    }
}

#[test]
fn a_derived_opening_is_the_same_every_time_and_another_for_every_name_and_value() {
    let key = MasterKey::new([1; 32]);
    let first = key.opening(&name(), 100).commitment();
    assert_eq!(key.opening(&name(), 100).commitment(), first);
    let blinding = |opening: &Opening| OpeningText::from(opening).blinding.clone();
    let mut seen = vec![blinding(&key.opening(&name(), 100))];
    seen.push(blinding(&key.opening(&name(), 101)));
    seen.push(blinding(&MasterKey::new([2; 32]).opening(&name(), 100)));
    for other in [
        CommitmentName { channel: "other", ..name() },
        CommitmentName { chaincode: "other", ..name() },
        CommitmentName { msp_id: "other", ..name() },
        CommitmentName { record_type: "other", ..name() },
        CommitmentName { record_id: "other", ..name() },
        CommitmentName { record_version: 2, ..name() },
        CommitmentName { field: "other", ..name() },
    ] {
        seen.push(blinding(&key.opening(&other, 100)));
    }
    let count = seen.len();
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), count, "a blinding factor came up twice");
}

#[test]
fn openings_travel_only_as_their_explicit_text() -> Result<(), Failure> {
    let opening = opening(u64::MAX, 1);
    let text = serde_json::to_string(&OpeningText::from(&opening))?;
    let back: OpeningText = serde_json::from_str(&text)?;
    assert_eq!(back.open()?.commitment(), opening.commitment());
    assert!(text.contains("\"18446744073709551615\""));
    Ok(())
}

#[test]
fn texts_that_are_no_openings_are_refused() {
    let blinding = "01".to_owned() + &"00".repeat(31);
    let judge = |value: &str, blinding: &str| {
        OpeningText { value: value.to_owned(), blinding: blinding.to_owned() }.open().map(|opening| opening.value())
    };
    assert_eq!(judge("5", &blinding), Ok(5));
    for value in ["", "-1", "+1", "01", "1.0", "1e3", "18446744073709551616", " 1"] {
        assert_eq!(judge(value, &blinding), Err(OpeningError::Malformed), "{value:?}");
    }
    assert_eq!(judge("5", &"00".repeat(32)), Err(OpeningError::ZeroBlinding));
    assert_eq!(judge("5", &"ff".repeat(32)), Err(OpeningError::NonCanonical));
    for blinding in ["", "00", &"0".repeat(63), &"AB".repeat(32), &"0g".repeat(32), &"00".repeat(33)] {
        assert_eq!(judge("5", blinding), Err(OpeningError::Malformed), "{blinding:?}");
    }
}

#[test]
fn nothing_prints_a_secret() {
    let opening = opening(123_456_789, 1);
    let text = OpeningText::from(&opening);
    let key = MasterKey::new([0xab; 32]);
    let printed = format!("{opening:?} {text:?} {key:?}");
    assert_eq!(printed, "Opening(secret) OpeningText(secret) MasterKey(secret)");
    assert!(!printed.contains("123456789"));
}

#[test]
fn a_weak_generator_does_not_repeat_nonces_for_two_statements() -> Result<(), Failure> {
    // Schnorr with one nonce for two challenges gives the secret away; the nonce depends on the transcript, too.
    let context = crate::cases::context()?;
    let prover = trade_proofs::Prover::new(&context);
    let (one, two) = (opening(5, 1), opening(5, 2));
    let first = prover.prove(&trade_proofs::Open::new(one.commitment()), &one, &mut rng(0))?;
    let second = prover.prove(&trade_proofs::Open::new(two.commitment()), &two, &mut rng(0))?;
    assert_ne!(first.as_bytes()[53..85], second.as_bytes()[53..85]);
    Ok(())
}
