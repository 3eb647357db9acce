//! What officer and importer do about a declaration between filing and decision. Every act is a record of its own, and
//! a fact of every later decision.
//!
//! An importer acts where the authority gave it reason to: it provides what was asked for, each document once, and
//! appeals against each decision once. So it cannot delay a decision by acting again and again.

use fabric_contract::Context;
use trade_model::Refusal;
use trade_model::common::{Attested, Told};
use trade_model::customs::{
    ACTS, ACTS_MAX, ACTS_OF_ONE_MAX, ActKind, Appeal, CustomsEvent, CustomsRejection, DECLARATIONS, Declaration,
    DeclarationAct, DeclarationState, Inspect, ProvideDocument, ReadActs, RequestDocuments, WithdrawDeclaration,
};

use super::acts::{all, authentic, is_authentic};
use super::declaration::{asked, of_authority, of_importer};
use super::key::part;
use crate::announce::announce;
use crate::authorship;
use crate::caller::Caller;

/// The importer takes its declaration back.
///
/// # Errors
/// The importer only, before the authority has done anything about it: what is examined is decided.
pub fn withdraw(ctx: &mut Context<'_>, request: WithdrawDeclaration) -> Result<DeclarationAct, Refusal> {
    let mut caller = Caller::of::<WithdrawDeclaration>(ctx)?;
    let mut filed = of_importer(ctx, &caller, request.declaration_id)?;
    if filed.state != DeclarationState::Filed || filed.acts > 0 {
        return Err(CustomsRejection::ExaminationBegun { declaration_id: filed.declaration_id }.into());
    }
    caller.follow(filed.filed.at);
    filed.state = DeclarationState::Withdrawn;
    let act = append(ctx, &caller, &mut filed, ActKind::Withdrawn { reason: request.reason })?;
    announce(ctx, CustomsEvent::DeclarationWithdrawn { declaration_id: filed.declaration_id })?;
    Ok(act)
}

/// An officer asks for documents.
///
/// # Errors
/// The authority only, while the declaration is open.
pub fn request_documents(ctx: &mut Context<'_>, request: RequestDocuments) -> Result<DeclarationAct, Refusal> {
    let mut caller = Caller::of::<RequestDocuments>(ctx)?;
    let mut filed = of_authority(ctx, &caller, request.declaration_id)?;
    check_open(&filed)?;
    follow(ctx, &mut caller, &filed)?;
    act(ctx, &caller, &mut filed, ActKind::DocumentsRequested { documents: request.documents })
}

/// The importer provides a document that was asked for.
///
/// # Errors
/// The importer only, each document once, while the declaration is open.
pub fn provide_document(ctx: &mut Context<'_>, request: ProvideDocument) -> Result<DeclarationAct, Refusal> {
    let mut caller = Caller::of::<ProvideDocument>(ctx)?;
    let mut filed = of_importer(ctx, &caller, request.declaration_id)?;
    check_open(&filed)?;
    let acts = authentic(ctx, &filed)?;
    let place = (request.request, request.document);
    let asked_for = acts.iter().find(|act| act.number == request.request).is_some_and(|act| match &act.kind {
        ActKind::DocumentsRequested { documents } => (1..=documents.len()).contains(&(request.document as usize)),
        _ => false,
    });
    if !asked_for {
        return Err(CustomsRejection::DocumentNotRequested { declaration_id: filed.declaration_id }.into());
    }
    let provided = acts.iter().any(
        |act| matches!(act.kind, ActKind::DocumentProvided { request, document, .. } if (request, document) == place),
    );
    if provided {
        return Err(CustomsRejection::DocumentProvided { declaration_id: filed.declaration_id }.into());
    }
    follow(ctx, &mut caller, &filed)?;
    let ProvideDocument { request, document, sha256, .. } = request;
    act(ctx, &caller, &mut filed, ActKind::DocumentProvided { request, document, sha256 })
}

/// An officer records what it found when it looked at the goods.
///
/// # Errors
/// The authority only, while the declaration is open.
pub fn inspect(ctx: &mut Context<'_>, request: Inspect) -> Result<DeclarationAct, Refusal> {
    let mut caller = Caller::of::<Inspect>(ctx)?;
    let mut filed = of_authority(ctx, &caller, request.declaration_id)?;
    check_open(&filed)?;
    follow(ctx, &mut caller, &filed)?;
    let Inspect { result, findings, quantity_found, report_sha256, .. } = request;
    act(ctx, &caller, &mut filed, ActKind::Inspected { result, findings, quantity_found, report_sha256 })
}

/// The importer appeals against the last decision.
///
/// # Errors
/// The importer only, once for each decision that does not propose to clear.
pub fn appeal(ctx: &mut Context<'_>, request: Appeal) -> Result<DeclarationAct, Refusal> {
    let mut caller = Caller::of::<Appeal>(ctx)?;
    let mut filed = of_importer(ctx, &caller, request.declaration_id)?;
    let stopped = matches!(
        filed.state,
        DeclarationState::DocumentsRequested | DeclarationState::Intercepted | DeclarationState::Refused
    );
    let number = filed.decisions;
    let acts = authentic(ctx, &filed)?;
    let appealed = acts.iter().any(|act| matches!(act.kind, ActKind::Appealed { decision, .. } if decision == number));
    if !stopped || appealed {
        return Err(CustomsRejection::NothingToAppeal { declaration_id: filed.declaration_id }.into());
    }
    follow(ctx, &mut caller, &filed)?;
    let Appeal { reason, evidence_sha256, .. } = request;
    act(ctx, &caller, &mut filed, ActKind::Appealed { decision: number, reason, evidence_sha256 })
}

/// Everything that was done about a declaration.
///
/// # Errors
/// [`CustomsRejection::DeclarationUnknown`].
pub fn read_acts(ctx: &mut Context<'_>, request: ReadActs) -> Result<Vec<Attested<DeclarationAct>>, Refusal> {
    let filed = asked(ctx, request.declaration_id)?;
    let mut acts = Vec::with_capacity(filed.acts as usize);
    for record in all(ctx, &filed)? {
        let authenticated = is_authentic(ctx, &filed, &record)?;
        acts.push(Attested { record, authenticated });
    }
    Ok(acts)
}

fn check_open(filed: &Declaration) -> Result<(), CustomsRejection> {
    if filed.state.is_closed() {
        return Err(CustomsRejection::AlreadyDecided { declaration_id: filed.declaration_id.clone() });
    }
    Ok(())
}

/// Places an act after the filing and the act before it.
fn follow(ctx: &mut Context<'_>, caller: &mut Caller, filed: &Declaration) -> Result<(), Refusal> {
    caller.follow(filed.filed.at);
    if let Some(last) = ACTS.find(ctx, &part(&filed.declaration_id, filed.acts))? {
        caller.follow(last.done.at);
    }
    Ok(())
}

fn act(
    ctx: &mut Context<'_>,
    caller: &Caller,
    filed: &mut Declaration,
    kind: ActKind,
) -> Result<DeclarationAct, Refusal> {
    let act = append(ctx, caller, filed, kind)?;
    let (declaration_id, number) = (act.declaration_id.clone(), act.number);
    announce(ctx, CustomsEvent::Acted { declaration_id, number })?;
    Ok(act)
}

/// How much the person that acts for the authority has done about the declaration. One that cannot be told from another
/// has done nothing: what a colleague did is not counted against it.
fn acts_of_one(ctx: &mut Context<'_>, caller: &Caller, filed: &Declaration) -> Result<u32, Refusal> {
    let acts = all(ctx, filed)?;
    let own = acts.iter().filter(|act| act.done.by == *caller.msp_id());
    let own = own.filter(|act| caller.acting.person.told_from(&act.person) == Told::Same);
    Ok(u32::try_from(own.count()).unwrap_or(u32::MAX))
}

/// Writes an act and counts it.
fn append(
    ctx: &mut Context<'_>,
    caller: &Caller,
    filed: &mut Declaration,
    kind: ActKind,
) -> Result<DeclarationAct, Refusal> {
    let full = |max| CustomsRejection::ActsFull { declaration_id: filed.declaration_id.clone(), max };
    if filed.acts >= ACTS_MAX {
        return Err(full(ACTS_MAX).into());
    }
    if *caller.msp_id() == filed.authority && acts_of_one(ctx, caller, filed)? >= ACTS_OF_ONE_MAX {
        return Err(full(ACTS_OF_ONE_MAX).into());
    }
    filed.acts += 1;
    let act = DeclarationAct {
        declaration_id: filed.declaration_id.clone(),
        number: filed.acts,
        kind,
        done: caller.stamp(),
        person: caller.acting.person.clone(),
    };
    DECLARATIONS.put(ctx, &filed.declaration_id, filed)?;
    let key = part(&act.declaration_id, act.number);
    authorship::put(ctx, caller, (&ACTS, &key), &act, &[caller.msp_id()])?;
    Ok(act)
}
