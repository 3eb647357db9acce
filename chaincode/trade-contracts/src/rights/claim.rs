//! Registering and renewing rights: the owner's word.

use fabric_contract::{Context, Part};
use trade_model::Refusal;
use trade_model::common::{Malformed, RightId, Scoped};
use trade_model::rejection::RequestRejection;
use trade_model::rights::{
    CLAIMS, OfficeRefusal, RIGHTS, RIGHTS_FOR, RIGHTS_OF, RegisterRight, RenewRight, Right, RightFacts, RightKind,
    RightView, RightsEvent, RightsRejection, Whole, check_office,
};

use super::days::is_over;
use super::{facts, product};
use crate::announce::announce;
use crate::caller::Caller;
use crate::{authorship, ledger, period, rules};

/// Registers a right by its owner's word. Another member may claim the same number; neither claim hinders the other.
///
/// # Errors
/// The caller must be a brand, the office one that registers such rights there, and a product none of another company
/// that has not assigned it.
pub fn register_right(ctx: &mut Context<'_>, request: RegisterRight) -> Result<RightView, Refusal> {
    let caller = Caller::of::<RegisterRight>(ctx)?;
    period::check("/validity", &request.validity)?;
    if request.nice_classes.is_empty() == (request.kind == RightKind::Mark) {
        let malformed = Malformed::new("rights.nice_class_invalid", "belong to marks, and a mark has at least one");
        return Err(RequestRejection::of("/nice_classes", &malformed).into());
    }
    check_register(&request)?;
    let id = RightId::of(&request.office, request.kind.as_str(), &request.number);
    let right_id = Scoped::new(caller.msp_id().clone(), id);
    ledger::must_be_new(ctx, &RIGHTS, &right_id, |right_id| RightsRejection::RightExists { right_id })?;
    product::check(ctx, &caller.members, caller.msp_id(), &request.products)?;

    let right = Right {
        right_id,
        owner: caller.msp_id().clone(),
        kind: request.kind,
        office: request.office,
        number: request.number,
        title: request.title,
        territories: request.territories,
        validity: request.validity,
        nice_classes: request.nice_classes,
        products: request.products,
        representation_sha256: request.representation_sha256,
        registered: caller.stamp(),
        recorded: caller.stamp(),
        offers: 0,
        former_owners: Vec::new(),
    };
    // What this transaction writes it cannot read, so the answer is put together from what others have written.
    let contested = !facts::conflicts(ctx, &right)?.is_empty();
    let known = RightFacts { right, authenticated: true, attestations: Vec::new(), ends: Vec::new(), contested };
    let view = facts::view(ctx, known, caller.now)?;
    write(ctx, &caller, &view.facts.right)?;
    index(ctx, &view.facts.right)?;
    announce(ctx, RightsEvent::RightRegistered { right_id: view.facts.right.right_id.clone() })?;
    Ok(view)
}

/// States that a right was renewed; the new time is attested anew.
///
/// # Errors
/// The owner only; a later last day, within six months after the old one.
pub fn renew_right(ctx: &mut Context<'_>, request: RenewRight) -> Result<RightView, Refusal> {
    let mut caller = Caller::of::<RenewRight>(ctx)?;
    let right_id = request.right_id.of(caller.msp_id());
    let mut known = facts::standing_right(ctx, right_id, caller.now)?;
    facts::check_owner(&known.right, caller.msp_id())?;
    let right_id = known.right.right_id.clone();
    match known.right.validity.until {
        Some(until) if until < request.until => {
            let days = rules::current(ctx)?.rights.renewal_days.get();
            if is_over(until, days, caller.now.date()) {
                return Err(RightsRejection::RenewalTooLate { right_id }.into());
            }
        }
        _ => return Err(RightsRejection::ValidityNotLater { right_id }.into()),
    }

    caller.follow(known.right.recorded.at);
    known.right.validity.until = Some(request.until);
    known.right.recorded = caller.stamp();
    let view = facts::view(ctx, known, caller.now)?;
    write(ctx, &caller, &view.facts.right)?;
    announce(ctx, RightsEvent::RightRenewed { right_id })?;
    Ok(view)
}

/// Writes the right as its owner states it.
pub(super) fn write(ctx: &mut Context<'_>, caller: &Caller, right: &Right) -> Result<(), Refusal> {
    authorship::put(ctx, caller, (&RIGHTS, &right.right_id), right, &[&right.owner])
}

fn check_register(request: &RegisterRight) -> Result<(), RightsRejection> {
    let (office, kind) = (request.office.clone(), request.kind);
    match check_office(&request.office, kind, &request.territories) {
        Ok(()) => Ok(()),
        Err(OfficeRefusal::Unknown) => Err(RightsRejection::OfficeUnknown { office }),
        Err(OfficeRefusal::Kind) => Err(RightsRejection::OfficeKind { office, kind: kind.as_str() }),
        Err(OfficeRefusal::Territory(territory)) => Err(RightsRejection::OfficeTerritory { office, territory }),
    }
}

fn index(ctx: &mut Context<'_>, right: &Right) -> Result<(), Refusal> {
    let right_id = &right.right_id;
    CLAIMS.put(ctx, &(right_id.id.clone(), Part(right_id.owner.clone())), right_id)?;
    RIGHTS_OF.put(ctx, &(Part(right.owner.clone()), Whole(right_id.clone())), right_id)?;
    for gtin in &right.products {
        RIGHTS_FOR.put(ctx, &(Part(gtin.clone()), Whole(right_id.clone())), right_id)?;
    }
    Ok(())
}
