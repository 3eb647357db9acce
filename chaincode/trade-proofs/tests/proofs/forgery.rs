//! Proofs changed in every byte, shortened, lengthened, relabelled and mispaired: none is accepted.

use crate::cases::{Any, Case, Failure, all, close, commitment, range, verify};
use trade_proofs::{Close, Commitment, CommitmentError, Equal, Open, PROOF_BYTES_MAX, Proof, Range, Sum, VerifyError};

const HEADER: usize = 50;
/// The group order ℓ, little-endian.
const ORDER: &str = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";

fn judge(case: &Case, bytes: &[u8]) -> Result<Result<(), VerifyError>, Failure> {
    match Proof::from_bytes(bytes) {
        Ok(proof) => verify(&case.statement, &proof),
        Err(error) => Ok(Err(error)),
    }
}

#[test]
fn every_changed_byte_is_noticed() -> Result<(), Failure> {
    for case in all()? {
        let honest = case.proof.as_bytes().to_vec();
        assert_eq!(judge(&case, &honest)?, Ok(()), "{}", case.name);
        for position in 0..honest.len() {
            for mask in [0x01, 0x80] {
                let mut bytes = honest.clone();
                bytes[position] ^= mask;
                assert!(judge(&case, &bytes)?.is_err(), "{}: byte {position} with mask {mask:#x}", case.name);
            }
        }
    }
    Ok(())
}

#[test]
fn the_header_is_judged_field_by_field() -> Result<(), Failure> {
    let case = range(150, 100, 250)?;
    let table = [
        (0, VerifyError::Malformed),
        (4, VerifyError::UnsupportedVersion),
        (5, VerifyError::UnsupportedSuite),
        (8, VerifyError::Malformed),
        (9, VerifyError::UnknownParameters),
        (16, VerifyError::UnknownParameters),
        (17, VerifyError::ContextMismatch),
        (48, VerifyError::ContextMismatch),
        (49, VerifyError::Malformed),
        (50, VerifyError::Malformed),
        (51, VerifyError::Malformed),
    ];
    for (position, expected) in table {
        let mut bytes = case.proof.as_bytes().to_vec();
        bytes[position] ^= 0x40;
        assert_eq!(judge(&case, &bytes)?, Err(expected), "byte {position}");
    }
    Ok(())
}

#[test]
fn shortened_and_lengthened_proofs_are_malformed() -> Result<(), Failure> {
    for case in all()? {
        let honest = case.proof.as_bytes();
        for length in 0..honest.len() {
            assert_eq!(judge(&case, &honest[..length])?, Err(VerifyError::Malformed), "{}: {length}", case.name);
        }
        let mut longer = honest.to_vec();
        longer.push(0);
        assert_eq!(judge(&case, &longer)?, Err(VerifyError::Malformed), "{}", case.name);
        // The part itself made longer, with its length told truthfully.
        let mut longer = honest.to_vec();
        longer.extend([0; 32]);
        let length = u16::from_le_bytes([honest[HEADER + 1], honest[HEADER + 2]]) + 32;
        longer[HEADER + 1..HEADER + 3].copy_from_slice(&length.to_le_bytes());
        assert_eq!(judge(&case, &longer)?, Err(VerifyError::Malformed), "{}", case.name);
    }
    Ok(())
}

#[test]
fn declared_sizes_and_counts_are_bounded() -> Result<(), Failure> {
    let case = range(150, 100, 250)?;
    let header = &case.proof.as_bytes()[..HEADER];
    for (parts, tail) in [
        (0u8, vec![]),
        (1, vec![]),
        (1, vec![1, 0xff, 0xff]),
        (1, vec![9, 0, 0]),
        (255, vec![1, 0, 0]),
        (2, vec![1, 0, 0]),
    ] {
        let mut bytes = header.to_vec();
        bytes[HEADER - 1] = parts;
        bytes.extend(tail);
        assert_eq!(judge(&case, &bytes)?, Err(VerifyError::Malformed), "{parts} parts");
    }
    assert_eq!(judge(&case, &vec![0; PROOF_BYTES_MAX + 1])?, Err(VerifyError::TooLarge));
    assert_eq!(Proof::parse(&"A".repeat(1 << 20)).map(|_| ()), Err(VerifyError::TooLarge));
    assert_eq!(Proof::parse("not base64url!").map(|_| ()), Err(VerifyError::Malformed));
    let padded = format!("{}=", case.proof.to_text());
    assert_eq!(Proof::parse(&padded).map(|_| ()), Err(VerifyError::Malformed));
    Ok(())
}

#[test]
fn scalars_beyond_the_group_order_and_bad_points_are_refused() -> Result<(), Failure> {
    let order = hex::decode(ORDER)?;
    for case in all()? {
        let honest = case.proof.as_bytes();
        let start = HEADER + 3;
        // The last 32 bytes of every part are a scalar, the first 32 a point.
        let mut bytes = honest.to_vec();
        let end = bytes.len() - 32;
        add(&mut bytes[end..], &order);
        assert_eq!(judge(&case, &bytes)?, Err(VerifyError::NonCanonical), "{}: scalar plus order", case.name);
        let mut bytes = honest.to_vec();
        bytes[start..start + 32].fill(0);
        assert!(judge(&case, &bytes)?.is_err(), "{}: identity as first point", case.name);
        bytes[start..start + 32].fill(0xff);
        assert!(judge(&case, &bytes)?.is_err(), "{}: non-canonical point", case.name);
        let mut bytes = honest.to_vec();
        bytes[start..].fill(0);
        assert!(judge(&case, &bytes)?.is_err(), "{}: all zeros", case.name);
    }
    Ok(())
}

/// Little-endian addition.
fn add(bytes: &mut [u8], other: &[u8]) {
    let mut carry = 0u16;
    for (byte, other) in bytes.iter_mut().zip(other) {
        let sum = u16::from(*byte) + u16::from(*other) + carry;
        *byte = sum as u8;
        carry = sum >> 8;
    }
}

#[test]
fn every_public_input_is_bound() -> Result<(), Failure> {
    let stranger = commitment(150, 200);
    let case = range(150, 100, 250)?;
    let Any::Range(honest) = &case.statement else { return Err("a range".into()) };
    for (commitment, lower, upper) in [
        (*honest.commitment(), 101, 250),
        (*honest.commitment(), 99, 250),
        (*honest.commitment(), 100, 251),
        (*honest.commitment(), 100, 249),
        (*honest.commitment(), 0, 150),
        (stranger, 100, 250),
    ] {
        let changed = Range::within(commitment, lower, upper)?.into();
        assert_eq!(verify(&changed, &case.proof)?, Err(VerifyError::Rejected), "{lower} to {upper}");
    }
    // Another width needs another length.
    let wider = Range::within(*honest.commitment(), 100, 100_000)?.into();
    assert_eq!(verify(&wider, &case.proof)?, Err(VerifyError::Malformed));

    let case = close(1_000, 998, 5)?;
    let Any::Close(honest) = &case.statement else { return Err("a closeness".into()) };
    let (left, right) = (*honest.left(), *honest.right());
    for (left, right, tolerance) in
        [(left, right, 4), (left, right, 6), (right, left, 5), (stranger, right, 5), (left, stranger, 5)]
    {
        let changed = Close::new(left, right, tolerance)?.into();
        assert_eq!(verify(&changed, &case.proof)?, Err(VerifyError::Rejected), "tolerance {tolerance}");
    }
    Ok(())
}

#[test]
fn swapped_and_foreign_commitments_are_rejected() -> Result<(), Failure> {
    let stranger = commitment(77, 200);
    for case in all()? {
        let changed: Vec<Any> = match &case.statement {
            Any::Equal(honest) => {
                let (first, second) = (*honest.first(), *honest.second());
                vec![
                    Equal::new(second, first).into(),
                    Equal::new(first, stranger).into(),
                    Equal::new(stranger, second).into(),
                ]
            }
            Any::Sum(honest) => {
                let lines = honest.lines().to_vec();
                let mut swapped = lines.clone();
                swapped.swap(0, 1);
                let mut fewer = lines.clone();
                fewer.pop();
                let mut more = lines.clone();
                more.push(stranger);
                vec![
                    Sum::new(swapped, *honest.total())?.into(),
                    Sum::new(fewer, *honest.total())?.into(),
                    Sum::new(more, *honest.total())?.into(),
                    Sum::new(lines, stranger)?.into(),
                ]
            }
            Any::Open(_) => vec![Open::new(stranger).into()],
            _ => vec![],
        };
        for statement in changed {
            assert_eq!(verify(&statement, &case.proof)?, Err(VerifyError::Rejected), "{statement:?}");
        }
    }
    Ok(())
}

#[test]
fn a_proof_of_one_kind_is_no_proof_of_another() -> Result<(), Failure> {
    let cases = all()?;
    for case in &cases {
        for other in &cases {
            if case.statement.kind() != other.statement.kind() {
                let found = verify(&other.statement, &case.proof)?;
                assert_eq!(found, Err(VerifyError::StatementMismatch), "{} as {}", case.name, other.name);
            }
        }
    }
    // EQUAL(C1, C2) and SUM([C1], C2) are the same equation; relabelling one as the other must not work.
    let case = &cases[2];
    let Any::Equal(equal) = &case.statement else { return Err("an equality".into()) };
    let as_sum = Sum::new(vec![*equal.first()], *equal.second())?;
    let mut bytes = case.proof.as_bytes().to_vec();
    bytes[7] = 4;
    assert_eq!(verify(&as_sum.into(), &Proof::from_bytes(&bytes)?)?, Err(VerifyError::Rejected));
    Ok(())
}

#[test]
fn commitments_that_are_none_are_refused() {
    // RFC 9496 appendix A.2: field elements out of range, negative ones, and non-square results.
    let bad = [
        "00ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "f3ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "01ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "ed57ffd8c914fb201471d1c3d245ce3c746fcbe63a3679d51b6a516ebebe0e20",
        "c34c4e1826e5d403b78e246e88aa051c36ccf0aafebffe137d148a2bf9104562",
        "26948d35ca62e643e26a83177332e6b6afeb9d08e4268b650f1f5bbd8d81d371",
    ];
    for text in bad {
        assert_eq!(Commitment::parse(text), Err(CommitmentError::NonCanonical), "{text}");
    }
    assert_eq!(Commitment::parse(&"0".repeat(64)), Err(CommitmentError::Identity));
    let good = commitment(1, 1);
    assert_eq!(Commitment::parse(&good.to_hex()), Ok(good));
    assert_eq!(Commitment::parse(&good.to_base64url()), Ok(good));
    for text in [good.to_hex().to_uppercase(), format!("{good} "), String::new(), "z".repeat(64), "-".repeat(44)] {
        assert_eq!(Commitment::parse(&text), Err(CommitmentError::Malformed), "{text}");
    }
}
