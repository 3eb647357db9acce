//! The edges of every statement: what is just inside is proved, what is just outside cannot be.

use crate::cases::{Failure, close, commitment, context, opening, range, rng, sum, verify};
use trade_proofs::{Close, Opening, OpeningError, ProveError, Prover, Range, StatementError, Sum};

#[test]
fn values_at_the_edges_of_a_range_are_proved() -> Result<(), Failure> {
    let max = u64::MAX;
    let table = [
        (5, 5, 5),
        (0, 0, 0),
        (max, max, max),
        (0, 0, max),
        (max, 0, max),
        (max - 1, 0, max - 1),
        (1, 1, max),
        (100, 100, 355),
        (355, 100, 355),
        (100, 100, 356),
        (356, 100, 356),
        (0, 0, 14_999),
        (14_999, 0, 14_999),
        (1 << 32, 0, 1 << 32),
        (u64::from(u32::MAX), 0, u64::from(u32::MAX)),
    ];
    for (value, lower, upper) in table {
        let case = range(value, lower, upper)?;
        assert_eq!(verify(&case.statement, &case.proof)?, Ok(()), "{lower} <= {value} <= {upper}");
    }
    Ok(())
}

#[test]
fn values_outside_a_range_cannot_be_proved() -> Result<(), Failure> {
    let context = context()?;
    for (value, lower, upper) in [(4, 5, 5), (6, 5, 5), (99, 100, 355), (356, 100, 355), (u64::MAX, 0, u64::MAX - 1)] {
        let opening = opening(value, 1);
        let statement = Range::within(opening.commitment(), lower, upper)?;
        let found = Prover::new(&context).prove(&statement, &opening, &mut rng(1));
        assert!(matches!(found, Err(ProveError::Unsatisfied { .. })), "{lower} <= {value} <= {upper}");
    }
    Ok(())
}

#[test]
fn at_least_and_at_most_are_ranges_with_one_open_end() -> Result<(), Failure> {
    let (commitment, opening) = (commitment(500, 1), opening(500, 1));
    let context = context()?;
    for statement in [
        Range::at_least(commitment, 500),
        Range::at_least(commitment, 0),
        Range::at_most(commitment, 500),
        Range::at_most(commitment, u64::MAX),
    ] {
        let proof = Prover::new(&context).prove(&statement, &opening, &mut rng(1))?;
        assert_eq!(verify(&statement.into(), &proof)?, Ok(()), "{statement:?}");
    }
    for statement in [Range::at_least(commitment, 501), Range::at_most(commitment, 499)] {
        assert!(Prover::new(&context).prove(&statement, &opening, &mut rng(1)).is_err(), "{statement:?}");
    }
    Ok(())
}

#[test]
fn amounts_at_the_edges_of_a_tolerance_are_matched() -> Result<(), Failure> {
    let most = u64::MAX / 2;
    let table = [
        (7, 7, 0),
        (0, 0, 0),
        (u64::MAX, u64::MAX, 0),
        (10, 15, 5),
        (15, 10, 5),
        (0, 127, 127),
        (0, 128, 128),
        (0, most, most),
        (u64::MAX, u64::MAX - most, most),
    ];
    for (invoice, payment, tolerance) in table {
        let case = close(invoice, payment, tolerance)?;
        assert_eq!(verify(&case.statement, &case.proof)?, Ok(()), "|{invoice} - {payment}| <= {tolerance}");
    }
    for (invoice, payment, tolerance) in [(7, 8, 0), (8, 7, 0), (10, 16, 5), (0, u64::MAX, most)] {
        assert!(close(invoice, payment, tolerance).is_err(), "|{invoice} - {payment}| <= {tolerance}");
    }
    Ok(())
}

#[test]
fn one_commitment_matches_and_equals_itself() -> Result<(), Failure> {
    let (commitment, opening) = (commitment(9, 1), opening(9, 1));
    let context = context()?;
    let statement = Close::new(commitment, commitment, 0)?;
    let proof = Prover::new(&context).prove(&statement, (&opening, &opening), &mut rng(1))?;
    assert_eq!(verify(&statement.into(), &proof)?, Ok(()));
    let statement = trade_proofs::Equal::new(commitment, commitment);
    let proof = Prover::new(&context).prove(&statement, (&opening, &opening), &mut rng(1))?;
    assert_eq!(verify(&statement.into(), &proof)?, Ok(()));
    Ok(())
}

#[test]
fn a_total_with_added_blinding_factors_needs_no_proof() -> Result<(), Failure> {
    let lines = [opening(3, 1), opening(4, 2), opening(5, 3)];
    let total = Opening::sum(&lines)?;
    assert_eq!(total.value(), 12);
    let commitments: Vec<_> = lines.iter().map(Opening::commitment).collect();
    assert!(Sum::new(commitments.clone(), total.commitment())?.holds_without_proof());
    assert!(!Sum::new(commitments[1..].to_vec(), total.commitment())?.holds_without_proof());
    assert!(!Sum::new(commitments, commitment(12, 9))?.holds_without_proof());
    Ok(())
}

#[test]
fn a_wrong_total_cannot_be_proved() -> Result<(), Failure> {
    let context = context()?;
    let lines = [opening(3, 1), opening(4, 2)];
    let commitments: Vec<_> = lines.iter().map(Opening::commitment).collect();
    let total = opening(8, 9);
    let statement = Sum::new(commitments.clone(), total.commitment())?;
    let found = Prover::new(&context).prove(&statement, (&lines, &total), &mut rng(1));
    assert!(matches!(found, Err(ProveError::Unsatisfied { .. })));
    let found = Prover::new(&context).prove(&statement, (&lines[..1], &total), &mut rng(1));
    assert_eq!(found, Err(ProveError::OpeningCount));
    let most = [opening(u64::MAX, 1), opening(1, 2)];
    assert_eq!(Opening::sum(&most).map(|_| ()), Err(OpeningError::Overflow));
    let statement = Sum::new(most.iter().map(Opening::commitment).collect(), commitment(0, 9))?;
    let found = Prover::new(&context).prove(&statement, (&most, &opening(0, 9)), &mut rng(1));
    assert!(matches!(found, Err(ProveError::Unsatisfied { .. })), "the sum may not wrap");
    Ok(())
}

#[test]
fn the_longest_sum_is_proved() -> Result<(), Failure> {
    let case = sum(&[1; 240])?;
    assert_eq!(verify(&case.statement, &case.proof)?, Ok(()));
    Ok(())
}

#[test]
fn public_inputs_without_sense_make_no_statement() {
    let commitment = commitment(1, 1);
    assert_eq!(Range::within(commitment, 2, 1), Err(StatementError::BoundsReversed));
    assert_eq!(Close::new(commitment, commitment, 1 << 63), Err(StatementError::ToleranceTooLarge));
    assert_eq!(Sum::new(vec![], commitment), Err(StatementError::LineCount));
    assert_eq!(Sum::new(vec![commitment; 257], commitment), Err(StatementError::LineCount));
}

#[test]
fn an_opening_of_another_commitment_is_noticed() -> Result<(), Failure> {
    let context = context()?;
    let prover = Prover::new(&context);
    let (mine, other) = (opening(5, 1), opening(5, 2));
    let range = Range::within(mine.commitment(), 0, 9)?;
    assert!(matches!(prover.prove(&range, &other, &mut rng(1)), Err(ProveError::OpeningMismatch { .. })));
    let open = trade_proofs::Open::new(mine.commitment());
    assert!(matches!(prover.prove(&open, &other, &mut rng(1)), Err(ProveError::OpeningMismatch { .. })));
    let equal = trade_proofs::Equal::new(mine.commitment(), other.commitment());
    assert!(matches!(prover.prove(&equal, (&other, &mine), &mut rng(1)), Err(ProveError::OpeningMismatch { .. })));
    let different = opening(6, 2);
    let equal = trade_proofs::Equal::new(mine.commitment(), different.commitment());
    assert!(matches!(prover.prove(&equal, (&mine, &different), &mut rng(1)), Err(ProveError::Unsatisfied { .. })));
    Ok(())
}
