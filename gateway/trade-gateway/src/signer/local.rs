//! Commitments and proofs, made on this machine: nothing of what is asked here is handed on, kept or logged, and what
//! opens a commitment is in the answer only. A path to write it to is not taken: a caller could then write files as the
//! signer.

use std::collections::BTreeSet;

use openssl::rand::rand_bytes;
use trade_claims::desk::{Desk, Operation};
use trade_proofs::{ChaCha20Rng, rand_core::SeedableRng};
use zeroize::Zeroizing;

use super::refusal::{Refused, SignerCode};

/// Makes what the policy allows, for the ledger and the organization of the settings.
pub(super) struct Local {
    desk: Desk,
    allowed: BTreeSet<Operation>,
}

impl Local {
    pub(super) fn new(desk: Desk, allowed: BTreeSet<Operation>) -> Self {
        Self { desk, allowed }
    }

    /// Whether this is done here, by the name in the route.
    pub(super) fn operation(&self, name: &str) -> Result<Operation, Refused> {
        let unknown = || {
            let names = Operation::ALL.map(Operation::name).join(", ");
            SignerCode::RouteUnknown.because(format!("On this machine it does {names}."))
        };
        let operation = Operation::named(name).ok_or_else(unknown)?;
        if self.allowed.contains(&operation) {
            return Ok(operation);
        }
        Err(SignerCode::OperationNotAllowed.because(format!("The policy does not name {name} under local.")))
    }

    /// Does it. Takes milliseconds of computing.
    pub(super) fn answer(&self, operation: Operation, asked: &[u8]) -> Result<Zeroizing<String>, Refused> {
        let mut seed = Zeroizing::new([0; 32]);
        rand_bytes(&mut *seed).map_err(|error| SignerCode::RandomnessMissing.because(error.to_string()))?;
        let answer = self.desk.answer(operation, asked, &mut ChaCha20Rng::from_seed(*seed));
        answer.map_err(|error| {
            let code = if error.is_form() { SignerCode::AskedMalformed } else { SignerCode::NotProved };
            code.because(format!("{error}."))
        })
    }
}
