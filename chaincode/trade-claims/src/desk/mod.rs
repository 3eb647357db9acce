//! What is asked where the openings are: by the program, by a signer beside an enterprise system, and by packages for
//! other languages. All of them get the same documents. Where randomness comes from is their affair.

mod ask;
mod commitment;
mod context;
mod error;
mod minor;
mod statement;

pub use commitment::{CommittedAmount, commit};
pub use context::RecordContext;
pub use error::DeskError;
pub use statement::{Bounds, MatchWitness, ProvedMatch, ProvedRange, RangeWitness, prove_match, verify_match};

use serde::{Deserialize, Serialize};
use trade_model::{common::Opening, rejection::read};
use trade_proofs::{ChaCha20Rng, ProofContext, rand_core::SeedableRng};
use trade_standards::identifier::MspId;
use zeroize::Zeroizing;

use self::ask::{Holds, ProveAsk, ProveMatchAsk, ProveRangeAsk, VerifyAsk, VerifyMatchAsk, VerifyRangeAsk};
use crate::{
    claim::Deployment,
    document::{check, complete},
    request::Facts,
};

/// Most bytes of what is asked.
pub const ASK_BYTES_MAX: usize = 16 * 1024 * 1024;

/// What a desk does. Each is called as the command of the program is that does the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operation {
    /// An amount is committed to.
    Commit,
    /// The proof of a request is made.
    Prove,
    /// The proof of a request, or of its record, is checked.
    Verify,
    /// A statement of one's own: an amount lies between two bounds.
    ProveRange,
    /// The proof of that is checked.
    VerifyRange,
    /// A statement of one's own: invoice and payment differ by at most a tolerance.
    ProveMatch,
    /// The proof of that is checked.
    VerifyMatch,
}

impl Operation {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Commit,
        Self::Prove,
        Self::Verify,
        Self::ProveRange,
        Self::VerifyRange,
        Self::ProveMatch,
        Self::VerifyMatch,
    ];

    /// Its name, such as `prove-range`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Commit => "commit",
            Self::Prove => "prove",
            Self::Verify => "verify",
            Self::ProveRange => "prove-range",
            Self::VerifyRange => "verify-range",
            Self::ProveMatch => "prove-match",
            Self::VerifyMatch => "verify-match",
        }
    }

    /// The one of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|operation| operation.name() == name)
    }
}

/// Where commitments and proofs are made for one ledger.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Desk {
    /// The channel.
    pub channel: String,
    /// The chaincode.
    pub chaincode: String,
    /// The organization that sends the requests and shows the proofs.
    #[serde(default)]
    pub msp_id: Option<MspId>,
}

impl Desk {
    /// A desk as JSON tells it.
    ///
    /// # Errors
    /// [`DeskError::Form`].
    pub fn parse(text: &[u8]) -> Result<Self, DeskError> {
        Ok(read(text)?)
    }

    /// Does what the JSON document asks, and answers with JSON. Most of the answers hold secrets: who asked keeps them.
    ///
    /// # Errors
    /// [`DeskError`].
    pub fn answer(
        &self,
        operation: Operation,
        asked: &[u8],
        rng: &mut ChaCha20Rng,
    ) -> Result<Zeroizing<String>, DeskError> {
        if asked.len() > ASK_BYTES_MAX {
            return Err(DeskError::Form { field: String::new() });
        }
        match operation {
            Operation::Commit => text(&read::<commitment::CommitAsk>(asked)?.make(rng)?),
            Operation::Prove => {
                let ProveAsk { request, openings, records } = read(asked)?;
                let openings: Vec<Opening> = openings.into_iter().map(|documented| documented.opening).collect();
                text(&complete(request, &self.facts(records), &openings, self.deployment(), rng)?)
            }
            Operation::Verify => {
                let VerifyAsk { request, records } = read(asked)?;
                holds(check(request, &self.facts(records), self.deployment()))
            }
            Operation::ProveRange => {
                let ProveRangeAsk { witness, least, most, tell, context } = read(asked)?;
                let bounds = Bounds { least: least.0, most: most.0 };
                text(&bounds.prove(&witness, tell, &self.context(&context)?, rng)?)
            }
            Operation::VerifyRange => {
                let VerifyRangeAsk { commitment, proof, least, most, context } = read(asked)?;
                let bounds = Bounds { least: least.0, most: most.0 };
                holds(bounds.verify(&commitment, &proof, &self.context(&context)?))
            }
            Operation::ProveMatch => {
                let ProveMatchAsk { witness, tolerance, context } = read(asked)?;
                text(&prove_match(&witness, tolerance.0, &self.context(&context)?, rng)?)
            }
            Operation::VerifyMatch => {
                let VerifyMatchAsk { invoice, payment, proof, tolerance, context } = read(asked)?;
                holds(verify_match(&invoice, &payment, &proof, tolerance.0, &self.context(&context)?))
            }
        }
    }

    fn deployment(&self) -> Deployment<'_> {
        Deployment { channel: &self.channel, chaincode: &self.chaincode }
    }

    fn facts(&self, records: Vec<serde_json::Value>) -> Facts {
        Facts { sender: self.msp_id.clone(), records }
    }

    fn context(&self, record: &RecordContext) -> Result<ProofContext, DeskError> {
        let msp_id = self.msp_id.as_ref().ok_or(DeskError::OrganizationMissing)?;
        record.of(msp_id.as_str(), self.deployment())
    }
}

/// What packages for other languages call: a desk, what it does and what is asked of it, as texts. `seed` is drawn from
/// the operating system for this call alone.
///
/// # Errors
/// [`DeskError`].
pub fn ask(desk: &str, operation: &str, asked: &str, seed: &[u8; 32]) -> Result<Zeroizing<String>, DeskError> {
    let operation = Operation::named(operation).ok_or(DeskError::OperationUnknown)?;
    Desk::parse(desk.as_bytes())?.answer(operation, asked.as_bytes(), &mut ChaCha20Rng::from_seed(*seed))
}

fn text(answer: &impl Serialize) -> Result<Zeroizing<String>, DeskError> {
    Ok(Zeroizing::new(serde_json::to_string(answer).expect("an answer's keys are texts")))
}

fn holds<E: Into<DeskError>>(verified: Result<(), E>) -> Result<Zeroizing<String>, DeskError> {
    verified.map_err(Into::into)?;
    text(&Holds { holds: true })
}
