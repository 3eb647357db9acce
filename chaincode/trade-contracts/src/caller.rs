//! Who asks: the first line of every writing transaction.
//!
//! The member is the creator's MSP and nothing else. Which of its people acts is known by its certificate, whose
//! digests are recorded; a name is never kept.
//!
//! *Ledger time* is the time by the client's clock, or just after the newest record on which a transaction rests, if
//! that is later. So the records about a thing never run backwards. A time that is too early is corrected and not
//! refused: otherwise a member that dates its own record ahead would shut everybody else out until then. No ledger time
//! is ever more than the window ahead of true time, as the latest of times that are not is not.

use fabric_contract::{Context, Fault};
use trade_model::common::{Role, Stamp, TransactionId};
use trade_model::governance::{GovernanceRejection, MEMBERS, Member, Members};
use trade_model::rejection::{CallerRejection, Rejection};
use trade_model::{Refusal, Transaction};
use trade_standards::identifier::MspId;
use trade_standards::time::UtcTime;

use crate::ledger;
use crate::person::Acting;

/// The member that sent a writing transaction, with the facts of that transaction.
pub(crate) struct Caller {
    pub(crate) me: Member,
    pub(crate) members: Members,
    /// The ledger time of this transaction.
    pub(crate) now: UtcTime,
    /// What the client's clock said.
    pub(crate) asserted: UtcTime,
    pub(crate) transaction_id: TransactionId,
    /// The person that acts for the member.
    pub(crate) acting: Acting,
}

impl Caller {
    /// A member that may send the transaction `T`, by a person that has the duty for it; the first of the roles is
    /// named when the member has none of them.
    pub(crate) fn of<T: Transaction>(ctx: &mut Context<'_>) -> Result<Self, Refusal> {
        let members = members(ctx)?;
        Self::among::<T>(ctx, members, |msp_id| CallerRejection::CallerNotEnrolled { msp_id }.into())
    }

    /// As [`Caller::of`], one of a list of members that is not in force, or not yet.
    pub(crate) fn listed<T: Transaction>(ctx: &mut Context<'_>, members: Members) -> Result<Self, Refusal> {
        Self::among::<T>(ctx, members, |msp_id| GovernanceRejection::CallerNotListed { msp_id }.into())
    }

    fn among<T: Transaction>(
        ctx: &mut Context<'_>,
        members: Members,
        stranger: fn(String) -> Rejection,
    ) -> Result<Self, Refusal> {
        let msp_id = ctx.creator().msp_id.clone();
        let me = MspId::parse(&msp_id).ok().and_then(|msp_id| members.find(&msp_id).cloned());
        let me = me.ok_or_else(|| stranger(msp_id))?;
        let acting = Acting::of(ctx)?;
        check::<T>(&me, &acting)?;
        let asserted = now(ctx)?;
        Ok(Self { me, members, now: asserted, asserted, transaction_id: transaction_id(ctx)?, acting })
    }

    /// Who does something now, in this transaction.
    pub(crate) fn stamp(&self) -> Stamp {
        Stamp {
            by: self.me.msp_id.clone(),
            at: self.now,
            transaction_id: self.transaction_id.clone(),
            operator: self.acting.operator.clone(),
        }
    }

    pub(crate) fn msp_id(&self) -> &MspId {
        &self.me.msp_id
    }

    /// Places this transaction after a record on which it rests, if there is one. The client chose its time within the
    /// peers' window of 15 minutes either way; without this, it could be placed before what had led to it.
    pub(crate) fn follow(&mut self, earlier: impl Into<Option<UtcTime>>) {
        if let Some(earlier) = earlier.into()
            && self.now <= earlier
        {
            self.now = earlier.just_after();
        }
    }

    /// Another member that can hold goods, licences or accounts.
    pub(crate) fn partner(&self, msp_id: &MspId) -> Option<&Member> {
        self.members.partner(msp_id)
    }

    /// Whether an organization is such a member, with one of the roles.
    pub(crate) fn has_partner(&self, msp_id: &MspId, roles: &[Role]) -> bool {
        self.partner(msp_id).is_some_and(|partner| roles.iter().any(|&role| partner.has_role(role)))
    }
}

/// Refuses the transaction `T` to a member, or to the person that acts for it.
fn check<T: Transaction>(me: &Member, acting: &Acting) -> Result<(), CallerRejection> {
    let msp_id = || me.msp_id.to_string();
    if me.has_role(Role::Regulator) {
        return Err(CallerRejection::RegulatorReadsOnly { msp_id: msp_id() });
    }
    if me.suspended {
        return Err(CallerRejection::MemberSuspended { msp_id: msp_id() });
    }
    match T::ROLES.first() {
        Some(&role) if !T::ROLES.iter().any(|&role| me.has_role(role)) => {
            Err(CallerRejection::RoleMissing { msp_id: msp_id(), role })
        }
        _ => acting.check_any(T::DUTIES, me),
    }
}

/// The members of the channel.
pub(crate) fn members(ctx: &mut Context<'_>) -> Result<Members, Refusal> {
    ledger::require(ctx, &MEMBERS, &(), |()| GovernanceRejection::NotEstablished)
}

/// The transaction's time: about now, by the client's clock within the peers' tolerance.
pub(crate) fn now(ctx: &Context<'_>) -> Result<UtcTime, Refusal> {
    let stamp = ctx.timestamp();
    let moment = u32::try_from(stamp.nanos).ok().and_then(|nanos| UtcTime::from_unix(stamp.seconds, nanos).ok());
    moment.ok_or(Refusal::Fault(Fault::ReplyMalformed { operation: "timestamp" }))
}

/// The transaction's id, which every peer has checked to be a SHA-256 digest.
pub(crate) fn transaction_id(ctx: &Context<'_>) -> Result<TransactionId, Refusal> {
    TransactionId::parse(ctx.tx_id()).map_err(|_| Refusal::Fault(Fault::ReplyMalformed { operation: "transaction id" }))
}
