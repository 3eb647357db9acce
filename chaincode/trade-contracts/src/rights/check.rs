//! Whether an act is covered: by the owner, or by a licence of the party that is looked for and not named.

use fabric_contract::{Context, Part};
use trade_model::Refusal;
use trade_model::rights::{
    CheckLicence, LICENCES_OF, LicenceCheck, LicenceFacts, LicenceName, LicenceReason, LicenceVerdict, ProductBasis,
    RightFacts, Whole,
};
use trade_rules::licence::{Question, excludes, judge};
use trade_rules::right::{When, standing};

use super::{chain, exclusive, facts, product};
use crate::caller::{self, now};
use crate::named;

/// Most licences of one member under one right that are looked at, the newest first. Only the member's own acceptance
/// adds one. Those that have ended are among them: they cover what was done before.
const LICENCES_CHECKED_MAX: usize = 200;

/// A licence of a party with what stands above it, and why it does not cover the act; no reasons when it does.
pub(crate) struct Covering {
    /// From the party's own licence up to the owner's grant; empty when the party owns the right.
    pub(crate) chain: Vec<LicenceFacts>,
    /// All rules that are not met.
    pub(crate) reasons: Vec<LicenceReason>,
}

/// Whether a member may do something with a product, somewhere, on a day or at a moment.
///
/// # Errors
/// `rights.right_unknown`, or a malformed product number. An act that is not covered is an answer.
pub fn check(ctx: &mut Context<'_>, request: CheckLicence) -> Result<LicenceCheck, Refusal> {
    let now = now(ctx)?;
    let right_id = named::whole(ctx, request.right_id)?;
    let right = facts::find_right(ctx, &right_id)?;
    let right = facts::facts(ctx, right, now)?;
    let when = match (request.at, request.on) {
        (Some(at), _) => When::at(at),
        (None, Some(on)) => When { on, at: None },
        (None, None) => When::at(now),
    };
    let question = Question {
        party: &request.party,
        act: request.act,
        product: Some(&request.product),
        territory: &request.territory,
        channel: request.channel,
        on: when.on,
        at: when.at,
    };
    // What has ended on the ledger has ended now, even when its end is dated ahead.
    let is_now = request.at.is_none() && request.on.is_none();
    let best = licensed(ctx, &right, &question, None, is_now)?.into_iter().next();
    let (verdict, chain, reasons) = match best {
        None => (LicenceVerdict::Unknown, Vec::new(), vec![LicenceReason::NoLicence]),
        Some(best) if best.reasons.is_empty() => (LicenceVerdict::Authorised, names(&best.chain), Vec::new()),
        Some(best) => (LicenceVerdict::NotCovered, names(&best.chain), best.reasons),
    };
    let right_standing = standing(&right, when);
    Ok(LicenceCheck { right_id, right_standing, verdict, chain, reasons, on: question.on })
}

/// The ways in which a party may be covered, the best first: by owning the right, by each of its licences under it,
/// and by the licence that it names. Empty when it has none. `as_known_now` judges an end that is dated ahead as past.
pub(crate) fn licensed(
    ctx: &mut Context<'_>,
    right: &RightFacts,
    question: &Question<'_>,
    named: Option<&LicenceName>,
    as_known_now: bool,
) -> Result<Vec<Covering>, Refusal> {
    let beyond = is_beyond(ctx, right, question)?.then_some(LicenceReason::RightNotForProduct);
    if right.right.owner == *question.party {
        return Ok(vec![as_owner(ctx, right, question)?.and(beyond)]);
    }
    let own = (Whole(right.right.right_id.clone()), Part(question.party.clone()));
    let found = LICENCES_OF.scan(ctx, &own, LICENCES_CHECKED_MAX)?.entries;
    let mut licences: Vec<LicenceName> = found.into_iter().map(|(_, licence_id)| licence_id).collect();
    licences.extend(named.filter(|named| !licences.contains(named)).cloned());
    let mut coverings = Vec::with_capacity(licences.len());
    for licence_id in &licences {
        let covering = by_licence(ctx, right, question, licence_id, as_known_now)?.and(beyond);
        if covering.reasons.is_empty() {
            return Ok(vec![covering]);
        }
        coverings.push(covering);
    }
    // A stable sort: of two licences with as many reasons, the newer one stays first.
    coverings.sort_by_key(|covering| covering.reasons.len());
    Ok(coverings)
}

impl Covering {
    fn and(mut self, reason: Option<LicenceReason>) -> Self {
        self.reasons.extend(reason.filter(|reason| !self.reasons.contains(reason)));
        self.reasons.sort_unstable();
        self
    }
}

/// Whether the product is another company's that has not assigned it to the right's owner, or the right lists none and
/// the product is not under the owner's own GS1 prefix.
fn is_beyond(ctx: &mut Context<'_>, right: &RightFacts, question: &Question<'_>) -> Result<bool, Refusal> {
    let Some(gtin) = question.product else { return Ok(false) };
    let members = caller::members(ctx)?;
    let basis = product::basis(ctx, &members, &right.right.owner, gtin)?;
    let unlisted = right.right.products.is_empty();
    Ok(basis.is_none_or(|basis| unlisted && basis != ProductBasis::OwnPrefix))
}

/// The owner acts, except within a licence that keeps out even its licensor.
fn as_owner(ctx: &mut Context<'_>, right: &RightFacts, question: &Question<'_>) -> Result<Covering, Refusal> {
    let reasons = judge(right, &[], question);
    let excluded = exclusive::under_right(ctx, &right.right)?.iter().any(|licence| excludes(licence, question));
    let exclusive = excluded.then_some(LicenceReason::ExclusiveToAnother);
    Ok(Covering { chain: Vec::new(), reasons }.and(exclusive))
}

fn by_licence(
    ctx: &mut Context<'_>,
    right: &RightFacts,
    question: &Question<'_>,
    licence_id: &LicenceName,
    as_known_now: bool,
) -> Result<Covering, Refusal> {
    let (chain, problem) = chain::chain(ctx, &right.right, licence_id)?;
    let ended_at = chain.iter().filter_map(|licence| Some(licence.end.as_ref()?.ended.at)).max();
    let at = question.at.map(|at| ended_at.filter(|_| as_known_now).map_or(at, |ended_at| at.max(ended_at)));
    let reasons = judge(right, &chain, &Question { at, ..question.clone() });
    Ok(Covering { chain, reasons }.and(problem))
}

fn names(chain: &[LicenceFacts]) -> Vec<LicenceName> {
    chain.iter().map(|facts| facts.licence.licence_id.clone()).collect()
}
