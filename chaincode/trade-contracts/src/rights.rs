//! `rights`: registering rights, granting and revoking licences, and asking whether an act is covered.

pub(crate) mod judge;
mod keys;

use fabric_contract::{Context, Contract};
use serde_json::json;
use trade_model::party::Role;
use trade_model::rejection::Rejection;
use trade_model::rights::{
    Act, CheckLicence, GrantLicence, LICENCE_DEPTH_MAX, Licence, LicenceCheck, LicenceReason, LicenceVerdict,
    PRODUCTS_MAX, ReadLicence, ReadRight, RegisterRight, Revocation, RevokeLicence, Right, RightKind,
};
use trade_standards::identifier::{CountryCode, MspId};
use trade_standards::time::Date;

use crate::announce::announce;
use crate::caller::{Caller, TRADERS, now};
use crate::{Refusal, form};
use judge::{Question, judge};

/// Most licences of one enterprise under one right that `Check` looks at.
const LICENCES_CHECKED_MAX: usize = 200;

/// The contract's transactions.
pub fn contract() -> Contract {
    Contract::new("rights")
        .submit("RegisterRight", register_right)
        .submit("GrantLicence", grant_licence)
        .submit("RevokeLicence", revoke_licence)
        .evaluate("ReadRight", read_right)
        .evaluate("ReadLicence", read_licence)
        .evaluate("Check", check)
}

/// Registers a right; the caller's enterprise becomes its owner here.
///
/// # Errors
/// The caller must be a brand; office, kind and number together must be new.
pub fn register_right(ctx: &mut Context<'_>, request: RegisterRight) -> Result<Right, Refusal> {
    let caller = Caller::with_role(ctx, &[Role::Brand])?;
    check_registration(&request)?;
    let right = Right {
        right_id: format!("{}-{}-{}", request.office, request.kind.as_str(), request.number),
        owner: caller.msp_id().clone(),
        territories: form::filled_set("territories", request.territories, 249)?,
        nice_classes: form::sorted_set("nice_classes", request.nice_classes, 45)?,
        products: form::gtins("products", &request.products, PRODUCTS_MAX)?,
        kind: request.kind,
        office: request.office,
        number: request.number,
        title: request.title,
        validity: request.validity,
        representation_sha256: request.representation_sha256,
        registered_at: caller.now,
        transaction_id: caller.tx_id,
    };
    let key = keys::right(&right.right_id)?;
    if ctx.get(&key)?.is_some() {
        return Err(Rejection::RightExists { right_id: right.right_id }.into());
    }

    ctx.put_json(&key, &right)?;
    announce(ctx, "rights.right_registered", &json!({ "right_id": right.right_id }))?;
    Ok(right)
}

/// Grants a licence under a right, or a sub-licence under a licence.
///
/// # Errors
/// Owner or licensee only; nothing may be wider than what stands above; at most eight steps from the owner.
pub fn grant_licence(ctx: &mut Context<'_>, request: GrantLicence) -> Result<Licence, Refusal> {
    let mut caller = Caller::with_role(ctx, TRADERS)?;
    form::id("licence_id", &request.licence_id)?;
    form::period("period", &request.period)?;
    if request.licensee == *caller.msp_id() {
        return Err(Rejection::LicenseeIsLicensor.into());
    }
    if caller.partner(&request.licensee).is_none() {
        return Err(Rejection::LicenseeNotEnrolled { msp_id: request.licensee }.into());
    }
    let key = keys::licence(&request.licence_id)?;
    if ctx.get(&key)?.is_some() {
        return Err(Rejection::LicenceExists { licence_id: request.licence_id }.into());
    }
    let right = find_right(ctx, &request.right_id)?;
    let parent = match &request.parent_licence_id {
        Some(parent_id) => Some(parent_to_sublicense(ctx, &caller, parent_id, &right)?),
        None if right.owner == *caller.msp_id() => None,
        None => return Err(Rejection::NotOwner { right_id: right.right_id }.into()),
    };
    caller.follow(parent.as_ref().map_or(right.registered_at, |parent| parent.granted_at));
    let licence = Licence {
        depth: parent.as_ref().map_or(0, |parent| parent.depth) + 1,
        licensor: caller.msp_id().clone(),
        acts: form::filled_set("acts", request.acts, 4)?,
        territories: form::filled_set("territories", request.territories, 249)?,
        products: form::gtins("products", &request.products, PRODUCTS_MAX)?,
        channels: form::sorted_set("channels", request.channels, 3)?,
        licence_id: request.licence_id,
        right_id: request.right_id,
        parent_licence_id: request.parent_licence_id,
        licensee: request.licensee,
        exclusivity: request.exclusivity,
        may_sublicense: request.may_sublicense,
        period: request.period,
        granted_at: caller.now,
        transaction_id: caller.tx_id,
        revoked: None,
    };
    if licence.depth > LICENCE_DEPTH_MAX {
        return Err(Rejection::ChainTooLong { max: LICENCE_DEPTH_MAX }.into());
    }
    if let Some(scope) = exceeds_right(&licence, &right).or_else(|| exceeds_parent(&licence, parent.as_ref()?)) {
        return Err(Rejection::LicenceExceedsParent { scope }.into());
    }

    ctx.put_json(&key, &licence)?;
    ctx.put_json(
        &keys::licence_of(&licence.right_id, licence.licensee.as_str(), &licence.licence_id)?,
        &licence.licence_id,
    )?;
    announce(
        ctx,
        "rights.licence_granted",
        &json!({ "licence_id": licence.licence_id, "right_id": licence.right_id }),
    )?;
    Ok(licence)
}

/// Ends a licence from this transaction on; everything granted under it falls with it.
///
/// # Errors
/// The licensor or the right's owner only, and only once.
pub fn revoke_licence(ctx: &mut Context<'_>, request: RevokeLicence) -> Result<Licence, Refusal> {
    let mut caller = Caller::with_role(ctx, TRADERS)?;
    form::text("reason", &request.reason, form::REMARK_MAX)?;
    let mut licence = find_licence(ctx, &request.licence_id)?;
    let right = find_right(ctx, &licence.right_id)?;
    if licence.licensor != *caller.msp_id() && right.owner != *caller.msp_id() {
        return Err(Rejection::NotLicensor { licence_id: licence.licence_id }.into());
    }
    if licence.revoked.is_some() {
        return Err(Rejection::AlreadyRevoked { licence_id: licence.licence_id }.into());
    }

    caller.follow(licence.granted_at);
    let by = caller.msp_id().clone();
    licence.revoked = Some(Revocation { at: caller.now, by, reason: request.reason, transaction_id: caller.tx_id });
    ctx.put_json(&keys::licence(&licence.licence_id)?, &licence)?;
    announce(
        ctx,
        "rights.licence_revoked",
        &json!({ "licence_id": licence.licence_id, "right_id": licence.right_id }),
    )?;
    Ok(licence)
}

/// A right by its id.
///
/// # Errors
/// [`Rejection::RightUnknown`].
pub fn read_right(ctx: &mut Context<'_>, request: ReadRight) -> Result<Right, Refusal> {
    find_right(ctx, &request.right_id)
}

/// A licence by its id.
///
/// # Errors
/// [`Rejection::LicenceUnknown`].
pub fn read_licence(ctx: &mut Context<'_>, request: ReadLicence) -> Result<Licence, Refusal> {
    find_licence(ctx, &request.licence_id)
}

/// Whether an enterprise may do something with a product, somewhere, on a day.
///
/// # Errors
/// [`Rejection::RightUnknown`], or a malformed product number. An act that is not covered is an answer.
pub fn check(ctx: &mut Context<'_>, request: CheckLicence) -> Result<LicenceCheck, Refusal> {
    let product = form::gtin("product", &request.product)?;
    let right = find_right(ctx, &request.right_id)?;
    let (on, at) = match request.on {
        Some(day) => (day, None),
        None => {
            let now = now(ctx)?;
            (now.date(), Some(now))
        }
    };
    let question = Question {
        party: &request.party,
        act: request.act,
        product: Some(&product),
        territory: &request.territory,
        channel: request.channel,
        on,
        at,
    };
    let answer =
        |verdict, chain, reasons| LicenceCheck { right_id: right.right_id.clone(), verdict, chain, reasons, on };
    if right.owner == request.party {
        let reasons = judge(&right, &[], &question);
        let verdict = if reasons.is_empty() { LicenceVerdict::Authorised } else { LicenceVerdict::NotCovered };
        return Ok(answer(verdict, Vec::new(), reasons));
    }

    let mut best: Option<(Vec<String>, Vec<LicenceReason>)> = None;
    for row in ctx.scan(&keys::licences_of(&right.right_id, request.party.as_str())?, LICENCES_CHECKED_MAX)? {
        let (licences, problem) = chain(ctx, &row.json::<String>()?)?;
        // What is revoked on the ledger is revoked now, even when the revocation is dated ahead.
        let revoked_at = licences.iter().filter_map(|licence| Some(licence.revoked.as_ref()?.at)).max();
        let at = question.at.map(|at| revoked_at.map_or(at, |revoked_at| at.max(revoked_at)));
        let mut reasons = judge(&right, &licences, &Question { at, ..question.clone() });
        reasons.extend(problem);
        if best.as_ref().is_none_or(|(_, fewest)| reasons.len() < fewest.len()) {
            best = Some((licences.into_iter().map(|licence| licence.licence_id).collect(), reasons));
        }
    }
    Ok(match best {
        None => answer(LicenceVerdict::Unknown, Vec::new(), vec![LicenceReason::NoLicence]),
        Some((ids, reasons)) if reasons.is_empty() => answer(LicenceVerdict::Authorised, ids, reasons),
        Some((ids, reasons)) => answer(LicenceVerdict::NotCovered, ids, reasons),
    })
}

/// The licences from the given one up to the owner's grant, and why the chain could not be followed if it could not.
pub(crate) fn chain(ctx: &mut Context<'_>, licence_id: &str) -> Result<(Vec<Licence>, Option<LicenceReason>), Refusal> {
    let mut licences: Vec<Licence> = Vec::new();
    let mut next = Some(licence_id.to_owned());
    while let Some(id) = next {
        if licences.len() >= LICENCE_DEPTH_MAX as usize {
            return Ok((licences, Some(LicenceReason::ChainBroken)));
        }
        let Some(licence) = ctx.get_json::<Licence>(&keys::licence(&id)?)? else {
            let problem = if licences.is_empty() { LicenceReason::NoLicence } else { LicenceReason::ChainBroken };
            return Ok((licences, Some(problem)));
        };
        next = licence.parent_licence_id.clone();
        licences.push(licence);
    }
    Ok((licences, None))
}

/// A licence with all that stands above it, ready to be asked.
pub(crate) struct Permission {
    right: Right,
    licences: Vec<Licence>,
    followed: bool,
}

impl Permission {
    pub(crate) fn licence_id(&self) -> &str {
        self.licences.first().map(|licence| licence.licence_id.as_str()).unwrap_or_default()
    }

    /// Who owns the right that everything rests on.
    pub(crate) fn right_owner(&self) -> &MspId {
        &self.right.owner
    }

    pub(crate) fn covers(
        &self,
        party: &MspId,
        act: Act,
        product: Option<&str>,
        territory: &CountryCode,
        on: Date,
    ) -> bool {
        let question = Question { party, act, product, territory, channel: None, on, at: None };
        // An event's day is its recorder's claim: a licence that is revoked by now covers nothing new, whatever the day.
        let revoked = self.licences.iter().any(|licence| licence.revoked.is_some());
        self.followed && !revoked && judge(&self.right, &self.licences, &question).is_empty()
    }
}

/// Loads a licence with all that stands above it.
pub(crate) fn permission(ctx: &mut Context<'_>, licence_id: &str) -> Result<Permission, Refusal> {
    let own = find_licence(ctx, licence_id)?;
    let right = find_right(ctx, &own.right_id)?;
    let (licences, problem) = chain(ctx, licence_id)?;
    Ok(Permission { right, licences, followed: problem.is_none() })
}

pub(crate) fn find_right(ctx: &mut Context<'_>, right_id: &str) -> Result<Right, Refusal> {
    let right = ctx.get_json::<Right>(&keys::right(right_id)?)?;
    Ok(right.ok_or_else(|| Rejection::RightUnknown { right_id: right_id.to_owned() })?)
}

pub(crate) fn find_licence(ctx: &mut Context<'_>, licence_id: &str) -> Result<Licence, Refusal> {
    let licence = ctx.get_json::<Licence>(&keys::licence(licence_id)?)?;
    Ok(licence.ok_or_else(|| Rejection::LicenceUnknown { licence_id: licence_id.to_owned() })?)
}

pub(crate) fn right_exists(ctx: &mut Context<'_>, right_id: &str) -> Result<bool, Refusal> {
    Ok(ctx.get(&keys::right(right_id)?)?.is_some())
}

pub(crate) fn licence_exists(ctx: &mut Context<'_>, licence_id: &str) -> Result<bool, Refusal> {
    Ok(ctx.get(&keys::licence(licence_id)?)?.is_some())
}

fn check_registration(request: &RegisterRight) -> Result<(), Rejection> {
    let office_holds = request.office.len() == 2 && request.office.bytes().all(|byte| byte.is_ascii_uppercase());
    if !office_holds {
        return Err(Rejection::RegistrationMalformed { field: "office" });
    }
    let allowed = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-');
    if request.number.is_empty() || request.number.len() > 40 || !request.number.bytes().all(allowed) {
        return Err(Rejection::RegistrationMalformed { field: "number" });
    }
    form::text("title", &request.title, 200)?;
    form::period("validity", &request.validity)?;
    form::optional_digest("representation_sha256", request.representation_sha256.as_deref())?;
    let classes = &request.nice_classes;
    let is_mark = request.kind == RightKind::Mark;
    if classes.is_empty() == is_mark || !classes.iter().all(|class| (1..=45).contains(class)) {
        return Err(Rejection::NiceClassInvalid);
    }
    Ok(())
}

/// The parent licence, when the caller may grant sub-licences under it.
fn parent_to_sublicense(
    ctx: &mut Context<'_>,
    caller: &Caller,
    parent_id: &str,
    right: &Right,
) -> Result<Licence, Refusal> {
    let parent = find_licence(ctx, parent_id)?;
    if parent.right_id != right.right_id {
        return Err(Rejection::ParentOfAnotherRight { licence_id: parent.licence_id }.into());
    }
    if parent.licensee != *caller.msp_id() {
        return Err(Rejection::NotLicensee { licence_id: parent.licence_id }.into());
    }
    if !parent.may_sublicense {
        return Err(Rejection::SublicensingNotPermitted { licence_id: parent.licence_id }.into());
    }
    let (above, _) = chain(ctx, parent_id)?;
    match above.into_iter().find(|licence| licence.revoked.is_some()) {
        Some(revoked) => Err(Rejection::ParentRevoked { licence_id: revoked.licence_id }.into()),
        None => Ok(parent),
    }
}

/// The first dimension in which a licence reaches beyond the right.
fn exceeds_right(licence: &Licence, right: &Right) -> Option<&'static str> {
    let products_within = right.products.is_empty() || form::is_subset(&licence.products, &right.products);
    [
        ("territories", form::is_subset(&licence.territories, &right.territories)),
        ("period", right.validity.encloses(&licence.period)),
        ("products", products_within),
    ]
    .into_iter()
    .find_map(|(scope, within)| (!within).then_some(scope))
}

/// The first dimension in which a licence reaches beyond its parent. An empty list means everything above it, so a
/// sub-licence of a listed scope must list its own.
fn exceeds_parent(licence: &Licence, parent: &Licence) -> Option<&'static str> {
    [
        ("territories", form::is_subset(&licence.territories, &parent.territories)),
        ("period", parent.period.encloses(&licence.period)),
        ("acts", form::is_subset(&licence.acts, &parent.acts)),
        ("products", listed_within(&licence.products, &parent.products)),
        ("channels", listed_within(&licence.channels, &parent.channels)),
    ]
    .into_iter()
    .find_map(|(scope, within)| (!within).then_some(scope))
}

fn listed_within<T: Ord>(inner: &[T], outer: &[T]) -> bool {
    outer.is_empty() || (!inner.is_empty() && form::is_subset(inner, outer))
}
