//! What holds for all values, tried on a few dozen.

use crate::cases::{context, rng};
use proptest::prelude::*;
use trade_proofs::{Close, Opening, Proof, Prover, Range, Sum, Verifier};

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_lies_in_a_range_is_proved_and_nothing_else(value: u64, a: u64, b: u64, seed: u8) {
        let context = context().expect("a complete context");
        let opening = Opening::random(value, &mut rng(seed));
        let (lower, upper) = (a.min(b), a.max(b));
        let statement = Range::within(opening.commitment(), lower, upper).expect("ordered bounds");
        let proof = Prover::new(&context).prove(&statement, &opening, &mut rng(seed));
        prop_assert_eq!(proof.is_ok(), (lower..=upper).contains(&value));
        if let Ok(proof) = proof {
            prop_assert_eq!(Verifier::new(&context).verify(&statement, &proof), Ok(()));
        }
    }

    #[test]
    fn what_lies_within_the_tolerance_is_matched_and_nothing_else(
        invoice in 0u64..1_000, payment in 0u64..1_000, tolerance in 0u64..1_000, seed: u8,
    ) {
        let context = context().expect("a complete context");
        let (one, two) = (Opening::random(invoice, &mut rng(seed)), Opening::random(payment, &mut rng(!seed)));
        let statement = Close::new(one.commitment(), two.commitment(), tolerance).expect("a small tolerance");
        let proof = Prover::new(&context).prove(&statement, (&one, &two), &mut rng(seed));
        prop_assert_eq!(proof.is_ok(), invoice.abs_diff(payment) <= tolerance);
        if let Ok(proof) = proof {
            prop_assert_eq!(Verifier::new(&context).verify(&statement, &proof), Ok(()));
        }
    }

    #[test]
    fn commitments_add_up_like_their_openings(values in prop::collection::vec(0u64..1 << 56, 1..8), seed: u8) {
        let mut generator = rng(seed);
        let lines: Vec<Opening> = values.iter().map(|value| Opening::random(*value, &mut generator)).collect();
        let total = Opening::sum(&lines).expect("eight values of 56 bits");
        let commitments = lines.iter().map(Opening::commitment).collect();
        prop_assert!(Sum::new(commitments, total.commitment()).expect("few lines").holds_without_proof());
        prop_assert_eq!(total.value(), values.iter().sum::<u64>());
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), text: String) {
        let _ = Proof::from_bytes(&bytes);
        let _ = Proof::parse(&text);
        let _ = trade_proofs::Commitment::parse(&text);
    }
}
