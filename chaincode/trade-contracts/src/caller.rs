//! Who asks: the first line of every writing transaction.
//!
//! The enterprise is the creator's MSP and nothing else; a person's name is never looked at.
//!
//! *Ledger time* is the time by the client's clock, or just after the newest record on which a transaction rests, if that
//! is later. So the records about a thing never run backwards. A time that is too early is corrected and not refused:
//! otherwise whoever dates its own record ahead would shut everybody else out until then. No ledger time is ever more than
//! the window ahead of true time, as the latest of times that are not is not.

use fabric_contract::{Context, Fault};
use trade_model::governance::{Participant, Participants};
use trade_model::party::Role;
use trade_model::rejection::Rejection;
use trade_standards::identifier::MspId;
use trade_standards::time::UtcTime;

use crate::{Refusal, governance};

/// Everybody who handles goods.
pub(crate) const HANDLERS: &[Role] = &[Role::Maker, Role::Brand, Role::Seller, Role::Carrier, Role::Customs];
/// Everybody who can own a right's licence, sell, or be paid.
pub(crate) const TRADERS: &[Role] = &[Role::Seller, Role::Brand, Role::Maker, Role::Carrier];

/// The enterprise that sent a writing transaction, with the facts of that transaction.
pub(crate) struct Caller {
    pub(crate) me: Participant,
    pub(crate) participants: Participants,
    /// The ledger time of this transaction.
    pub(crate) now: UtcTime,
    /// What the client's clock said.
    pub(crate) asserted: UtcTime,
    pub(crate) tx_id: String,
    pub(crate) certificate_sha256: String,
}

impl Caller {
    /// An enrolled enterprise that may write and has one of the roles; the first of `roles` is named when it has none.
    pub(crate) fn with_role(ctx: &mut Context<'_>, roles: &[Role]) -> Result<Self, Refusal> {
        let caller = Self::enrolled(ctx)?;
        match roles.first() {
            Some(&role) if !roles.iter().any(|&role| caller.me.has_role(role)) => {
                Err(Rejection::RoleMissing { msp_id: caller.me.msp_id.to_string(), role }.into())
            }
            _ => Ok(caller),
        }
    }

    /// An enrolled enterprise that may write, whatever its role.
    pub(crate) fn enrolled(ctx: &mut Context<'_>) -> Result<Self, Refusal> {
        let participants = governance::participants(ctx)?;
        let creator = ctx.creator();
        let msp_id = creator.msp_id.clone();
        let me = participants.find(&msp_id).cloned().ok_or(Rejection::CallerNotEnrolled { msp_id: msp_id.clone() })?;
        if me.has_role(Role::Regulator) {
            return Err(Rejection::RegulatorReadsOnly { msp_id }.into());
        }
        let asserted = now(ctx)?;
        Ok(Self {
            me,
            participants,
            now: asserted,
            asserted,
            tx_id: ctx.tx_id().to_owned(),
            certificate_sha256: hex::encode(creator.certificate_sha256),
        })
    }

    pub(crate) fn msp_id(&self) -> &MspId {
        &self.me.msp_id
    }

    /// Places this transaction after a record on which it rests. The client chose its time within the peers' window of 15
    /// minutes either way; without this, it could be placed before what had led to it.
    pub(crate) fn follow(&mut self, earlier: UtcTime) {
        if self.now <= earlier {
            self.now = earlier.just_after();
        }
    }

    /// Another enterprise that can hold goods, licences or accounts.
    pub(crate) fn partner(&self, msp_id: &MspId) -> Option<&Participant> {
        self.participants.find(msp_id.as_str()).filter(|partner| !partner.has_role(Role::Regulator))
    }
}

/// The transaction's time: about now, by the client's clock within the peers' tolerance.
pub(crate) fn now(ctx: &Context<'_>) -> Result<UtcTime, Refusal> {
    let stamp = ctx.timestamp();
    let moment = u32::try_from(stamp.nanos).ok().and_then(|nanos| UtcTime::from_unix(stamp.seconds, nanos).ok());
    moment.ok_or(Refusal::Fault(Fault::ReplyMalformed { operation: "timestamp" }))
}
