//! One declaration for a thing and a destination: until it is decided or withdrawn, no other one is taken.
//!
//! Only an importer with standing (it holds the goods, owns them, or is offered them) reserves them. One without can
//! file, once for each thing, beside the others and not in their way: neither can it keep the goods of others from
//! being declared, nor does it write what their transactions read. An importer that lost its standing before the
//! authority said anything gives way to one that has it: an offer that is taken back leaves nothing declared. So does
//! one that only holds the goods, or is offered them, to their owner.
//!
//! What an authority stopped, by any declarant, is told to every later decision about the same thing.

use std::collections::BTreeMap;

use fabric_contract::{Context, Part};
use trade_model::Refusal;
use trade_model::common::{DeclarationId, ItemId, Scoped};
use trade_model::customs::{
    ATTEMPTS, CLEARED, Clearance, CustomsRejection, DECLARATIONS, Declaration, DeclarationState, OtherDeclaration,
    Procedure, RESERVATIONS, STOPPED, Stop,
};
use trade_model::governance::Members;
use trade_model::item::ITEMS;
use trade_standards::identifier::{CountryCode, MspId};
use trade_standards::time::UtcTime;

use crate::caller::Caller;
use crate::item::offers::Offers;
use crate::item::registry::Registry;

/// Most other declarations that a decision names.
const OTHERS_MAX: usize = 20;

/// What an importer is to a thing that it declares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Claim {
    /// It holds it, owns it, or is offered it.
    Standing,
    /// Another member's, as far as the ledger tells.
    Foreign,
    /// The ledger does not know the thing.
    Unknown,
}

/// Refuses a new declaration of things that another one has.
///
/// # Errors
/// [`CustomsRejection::DeclaredBefore`].
pub(super) fn check(
    ctx: &mut Context<'_>,
    (registry, caller): (&mut Registry, &Caller),
    declaration_id: &Scoped<DeclarationId>,
    destination: &CountryCode,
    claims: &[(ItemId, Claim)],
) -> Result<(), Refusal> {
    let (members, mut states, mut standings) = (&caller.members, States::default(), Standings::at(caller.now));
    let things: Vec<ItemId> = claims.iter().map(|(item_id, _)| item_id.clone()).collect();
    let (reserved, stops) = (reserved(ctx, destination, &things)?, STOPPED.find_many(ctx, &things)?);
    let of_place = |item_id: &ItemId| {
        let importer = Part(declaration_id.owner.clone());
        (item_id.clone(), Part(destination.clone()), importer)
    };
    let attempts = ATTEMPTS.find_many(ctx, &things.iter().map(of_place).collect::<Vec<_>>())?;
    for ((((item_id, claim), reserved), stops), attempt) in claims.iter().zip(reserved).zip(stops).zip(attempts) {
        // A hold binds things that are known. Of one that is not, the stopped declaration is all there is.
        let here = stops.into_iter().flatten().find(|stop| stop.destination == *destination);
        let stopped = here.map(|stop| stop.declaration_id).filter(|_| *claim == Claim::Unknown);
        let attempt = attempt.filter(|_| *claim != Claim::Standing);
        for earlier in [reserved, stopped, attempt].into_iter().flatten() {
            if states.find(ctx, members, &earlier)?.is_none_or(|state| state.is_decided()) {
                continue;
            }
            let contested = *claim == Claim::Standing && states.is_untouched(&earlier);
            if contested && standings.gives_way(ctx, registry, (&earlier.owner, caller.msp_id()), item_id)? {
                continue;
            }
            let item_id = item_id.clone();
            return Err(CustomsRejection::DeclaredBefore { item_id, declaration_id: earlier }.into());
        }
    }
    Ok(())
}

/// Notes what a new declaration has.
pub(super) fn reserve(
    ctx: &mut Context<'_>,
    declaration_id: &Scoped<DeclarationId>,
    destination: &CountryCode,
    claims: Vec<(ItemId, Claim)>,
) -> Result<(), Refusal> {
    let (destination, importer) = (Part(destination.clone()), Part(declaration_id.owner.clone()));
    for (item_id, claim) in claims {
        match claim {
            Claim::Standing => RESERVATIONS.put(ctx, &(item_id, destination.clone()), declaration_id)?,
            Claim::Foreign | Claim::Unknown => {
                ATTEMPTS.put(ctx, &(item_id, destination.clone(), importer.clone()), declaration_id)?;
            }
        }
    }
    Ok(())
}

/// Notes that the authority stopped a declaration, with the things that it had and those that the ledger does not know.
/// Who declares the goods of others does not stop them for those others: the findings tell of it where it happened.
pub(super) fn note_stopped(ctx: &mut Context<'_>, filed: &Declaration, things: &[ItemId]) -> Result<(), Refusal> {
    let (destination, declaration_id) = (filed.destination.clone(), filed.declaration_id.clone());
    let stop = Stop { destination, declaration_id };
    let (had, known) = (held_by(ctx, filed, things)?, ITEMS.find_many(ctx, things)?);
    let its_own = things.iter().zip(known).filter(|(item_id, known)| known.is_none() || had.contains(item_id));
    let things: Vec<ItemId> = its_own.map(|(item_id, _)| item_id.clone()).collect();
    for (item_id, before) in things.iter().zip(STOPPED.find_many(ctx, &things)?) {
        let elsewhere = before.into_iter().flatten().filter(|before| before.destination != stop.destination);
        let stops: Vec<Stop> = [stop.clone()].into_iter().chain(elsewhere).collect();
        STOPPED.put(ctx, item_id, &stops)?;
    }
    Ok(())
}

/// Notes that the authority let things into its country.
pub(super) fn note_cleared(
    ctx: &mut Context<'_>,
    filed: &Declaration,
    things: &[ItemId],
    at: UtcTime,
) -> Result<(), Refusal> {
    let country = Part(filed.destination.clone());
    let keys: Vec<_> = things.iter().map(|item_id| (item_id.clone(), country.clone())).collect();
    let before = CLEARED.find_many(ctx, &keys)?;
    let free = (filed.procedure == Procedure::FreeCirculation).then_some(at);
    for (key, before) in keys.iter().zip(before) {
        let released = before.and_then(|before| before.released).or(free);
        CLEARED.put(ctx, key, &Clearance { declaration_id: filed.declaration_id.clone(), at, released })?;
    }
    Ok(())
}

/// The declaration that has each thing for a destination, or had it last.
pub(super) fn reserved(
    ctx: &mut Context<'_>,
    destination: &CountryCode,
    things: &[ItemId],
) -> Result<Vec<Option<Scoped<DeclarationId>>>, Refusal> {
    let places: Vec<_> = things.iter().map(|item_id| (item_id.clone(), Part(destination.clone()))).collect();
    Ok(RESERVATIONS.find_many(ctx, &places)?)
}

/// The things that a declaration has: its importer had standing to declare them.
pub(super) fn held_by(ctx: &mut Context<'_>, filed: &Declaration, things: &[ItemId]) -> Result<Vec<ItemId>, Refusal> {
    let reserved = reserved(ctx, &filed.destination, things)?;
    let of_it = things.iter().zip(reserved).filter(|(_, found)| found.as_ref() == Some(&filed.declaration_id));
    Ok(of_it.map(|(item_id, _)| item_id.clone()).collect())
}

/// Other declarations of the same things, each once: the one that waits for a decision for the same destination, and
/// those that were stopped, whatever their destination. Goods that one port refused do not come in by the next unseen.
pub(super) fn others(
    ctx: &mut Context<'_>,
    members: &Members,
    filed: &Declaration,
    things: &[ItemId],
) -> Result<Vec<OtherDeclaration>, Refusal> {
    let mut states = States::default();
    let mut others: BTreeMap<Scoped<DeclarationId>, OtherDeclaration> = BTreeMap::new();
    let (reserved, stops) = (reserved(ctx, &filed.destination, things)?, STOPPED.find_many(ctx, things)?);
    for ((item_id, reserved), stops) in things.iter().zip(reserved).zip(stops) {
        let stops = stops.into_iter().flatten().map(|stop| stop.declaration_id);
        for other in reserved.into_iter().chain(stops).filter(|other| *other != filed.declaration_id) {
            if others.len() >= OTHERS_MAX || others.contains_key(&other) {
                continue;
            }
            let Some(state) = states.find(ctx, members, &other)?.filter(|state| !state.is_closed()) else { continue };
            let stopped = matches!(state, DeclarationState::Intercepted | DeclarationState::Refused);
            let entry = OtherDeclaration { item_id: item_id.clone(), declaration_id: other.clone(), stopped };
            others.insert(other, entry);
        }
    }
    Ok(others.into_values().collect())
}

/// Whether a thing is declared for a country by an importer with standing, and the declaration waits for a decision or
/// is intercepted.
pub(super) fn is_declared(
    ctx: &mut Context<'_>,
    members: &Members,
    item_id: &ItemId,
    country: &CountryCode,
) -> Result<bool, Refusal> {
    let Some(found) = RESERVATIONS.find(ctx, &(item_id.clone(), Part(country.clone())))? else { return Ok(false) };
    Ok(States::default().find(ctx, members, &found)?.is_some_and(|state| !state.is_decided()))
}

/// Which importers still have standing, each with its offers read once.
struct Standings {
    now: UtcTime,
    offers: BTreeMap<MspId, Offers>,
}

impl Standings {
    fn at(now: UtcTime) -> Self {
        Self { now, offers: BTreeMap::new() }
    }

    /// Whether the earlier importer lost its standing, or is not the owner as the later one is.
    fn gives_way(
        &mut self,
        ctx: &mut Context<'_>,
        registry: &mut Registry,
        (importer, later): (&MspId, &MspId),
        item_id: &ItemId,
    ) -> Result<bool, Refusal> {
        let is_later_ones = registry.find(ctx, item_id)?.is_some_and(|item| item.owner.as_ref() == Some(later));
        if importer != later && is_later_ones {
            return Ok(true);
        }
        let now = self.now;
        let offers = self.offers.entry(importer.clone()).or_insert_with(|| Offers::of(importer, now));
        Ok(!offers.has_standing(ctx, registry, item_id)?)
    }
}

/// Where declarations stand, each read once.
#[derive(Default)]
struct States(BTreeMap<Scoped<DeclarationId>, Option<(DeclarationState, u32)>>);

impl States {
    /// Where a declaration stands; none when its authority is no longer that of the destination: a country that gets
    /// another authority is not bound by what the former one left undone.
    fn find(
        &mut self,
        ctx: &mut Context<'_>,
        members: &Members,
        declaration_id: &Scoped<DeclarationId>,
    ) -> Result<Option<DeclarationState>, Refusal> {
        if let Some(known) = self.0.get(declaration_id) {
            return Ok(known.map(|(state, _)| state));
        }
        let responsible = |filed: &Declaration| {
            members.authority_of(&filed.destination).is_some_and(|member| member.msp_id == filed.authority)
        };
        let filed = DECLARATIONS.find(ctx, declaration_id)?.filter(responsible);
        let known = filed.map(|filed| (filed.state, filed.acts));
        self.0.insert(declaration_id.clone(), known);
        Ok(known.map(|(state, _)| state))
    }

    /// Whether a declaration that was found was filed and nothing was done about it since. The importer acts only upon
    /// what the authority did.
    fn is_untouched(&self, declaration_id: &Scoped<DeclarationId>) -> bool {
        matches!(self.0.get(declaration_id), Some(Some((DeclarationState::Filed, 0))))
    }
}
