//! Which person acts for the member that calls, and what it may do.
//!
//! The person is the holder of the certificate that signed, or, where an organization's gateway signed, the one for
//! which it vouches. A gateway is known by an attribute of its certificate, which its organization's authority put
//! there; so a member's clerk cannot name another person.

use std::collections::BTreeMap;

use fabric_contract::{Context, Creator};
use trade_model::common::{
    DUTIES_ATTRIBUTE, Digest256, Duties, Duty, GATEWAY_ATTRIBUTE, Operator, Person, Told, Vouched, parse_duties,
};
use trade_model::governance::Member;
use trade_model::rejection::{CallerRejection, Rejection};

use crate::beside;

/// The person that acts.
pub(crate) struct Acting {
    pub(crate) operator: Operator,
    pub(crate) person: Person,
    /// What the person may do; none when nothing says so.
    duties: Option<Duties>,
    /// What the signer may do, where a gateway signed.
    bound: Option<Duties>,
}

impl Acting {
    /// The person that acts in this transaction.
    pub(crate) fn of(ctx: &Context<'_>) -> Result<Self, Rejection> {
        let creator = ctx.creator();
        let own = duties(&creator.attributes)?;
        match beside::of(ctx)?.operator {
            None => Ok(Self::holder(creator, own)),
            Some(_) if !creator.has_attribute(GATEWAY_ATTRIBUTE, "true") => {
                Err(CallerRejection::MayNotVouch { msp_id: creator.msp_id.clone() }.into())
            }
            Some(vouched) => Ok(Self::vouched(creator, own, vouched)),
        }
    }

    fn holder(creator: &Creator, duties: Option<Duties>) -> Self {
        let operator =
            Operator { certificate_sha256: Digest256::from_bytes(creator.certificate_sha256), caller_sha256: None };
        let person = Person {
            key_sha256: Digest256::from_bytes(creator.public_key_sha256),
            name_digest: Digest256::of(creator.id.as_bytes()),
            vouched: false,
        };
        Self { operator, person, duties, bound: None }
    }

    fn vouched(creator: &Creator, bound: Option<Duties>, vouched: Vouched) -> Self {
        let Vouched { certificate_sha256, key_sha256, name_digest, duties } = vouched;
        let operator = Operator {
            certificate_sha256: Digest256::from_bytes(creator.certificate_sha256),
            caller_sha256: Some(certificate_sha256),
        };
        Self { operator, person: Person { key_sha256, name_digest, vouched: true }, duties, bound }
    }

    /// Refuses when the person may not do for the member what takes this duty.
    pub(crate) fn check(&self, duty: Duty, member: &Member) -> Result<(), CallerRejection> {
        let unbound = !member.duties_required && duty.is_implied();
        let may = self.duties.as_ref().map_or(unbound, |duties| duties.has(&duty));
        let gateway_may = self.bound.as_ref().is_none_or(|duties| duties.has(&duty));
        if may && gateway_may {
            return Ok(());
        }
        Err(CallerRejection::DutyMissing { msp_id: member.msp_id.to_string(), duty })
    }

    /// Refuses when the person may do none of what these duties let do; the refusal names the first one.
    pub(crate) fn check_any(&self, duties: &[Duty], member: &Member) -> Result<(), CallerRejection> {
        let mut refused = Ok(());
        for &duty in duties {
            match self.check(duty, member) {
                Ok(()) => return Ok(()),
                Err(rejection) => refused = refused.and(Err(rejection)),
            }
        }
        refused
    }

    /// Refuses when this is not another person than the one that proposed.
    pub(crate) fn check_second(&self, first: &Person, member: &Member) -> Result<(), CallerRejection> {
        let msp_id = member.msp_id.to_string();
        match self.person.told_from(first) {
            Told::Apart => Ok(()),
            Told::Same => Err(CallerRejection::SamePerson { msp_id }),
            Told::NotComparable => Err(CallerRejection::PersonsNotComparable { msp_id }),
        }
    }
}

fn duties(attributes: &BTreeMap<String, String>) -> Result<Option<Duties>, CallerRejection> {
    let parsed = attributes.get(DUTIES_ATTRIBUTE).map(|text| parse_duties(text)).transpose();
    parsed.map_err(|error| CallerRejection::DutiesMalformed { reason: error.to_string() })
}
