//! Anchors the audit log: brings the head of each day that has ended to the ledger, as a deposit of evidence in the
//! name of the gateway's own organization.
//!
//! What is on the ledger is asked of the ledger, so nothing is remembered here that a crash could lose, and a head that
//! a person has deposited is as good. Heads that wait are deposited in their order, the oldest first, each under an
//! idempotency key of its own: what was handed over before a crash is not done twice.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::sync::watch;
use trade_model::evidence::Deposit;

use super::{record::Record, state::State};
use crate::{
    answer::Answer,
    audit::AuditHead,
    members::Principal,
    problem::{Problem, ProblemCode},
    request::Parts,
    routes,
    service::away,
};

/// How often it is looked whether a day has ended.
const LOOK: Duration = Duration::from_secs(60);

/// The pause after a trouble, doubled each time.
const PAUSE: Duration = Duration::from_secs(1);

/// The longest such pause.
const PAUSE_MAX: Duration = Duration::from_secs(600);

/// How many heads are asked for at a look, the newest first, once all have been asked for.
const ASKED_MAX: usize = 32;

/// What is known of the ledger.
#[derive(Default)]
struct Known {
    /// The last line for which a head is known to stand there.
    anchored_to: u64,
    /// Whether every head has been asked for. What comes to be there later comes from here or from a person, who
    /// deposits one of the newest.
    is_whole: bool,
}

/// Works until the gateway stops.
pub(crate) async fn anchor(state: Arc<State>, mut stopping: watch::Receiver<bool>) {
    let (mut known, mut pause) = (Known::default(), PAUSE);
    loop {
        let wait = match look(&state, &mut known).await {
            Ok(()) => {
                pause = PAUSE;
                LOOK
            }
            Err(problem) => {
                tracing::warn!("the audit log is not anchored: {} {}", problem.code, problem.detail);
                pause = (pause * 2).min(PAUSE_MAX);
                pause
            }
        };
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            _ = stopping.changed() => return,
        }
    }
}

/// Ends the day where it is over, and deposits the heads that wait.
async fn look(state: &Arc<State>, known: &mut Known) -> Result<(), Problem> {
    let shared = Arc::clone(state);
    let heads = away(move || {
        shared.tend_audit()?;
        shared.service.audit().heads().map_err(|error| {
            tracing::error!("{error}");
            Problem::of(ProblemCode::AuditUnavailable)
        })
    });
    let heads = heads.await??;
    let service = &state.service;
    if !service.settings().audit.anchor_heads {
        return Ok(());
    }
    let days = &service.metrics().state().audit_days_not_anchored;
    let told = |count: usize| days.set(i64::try_from(count).unwrap_or(i64::MAX));
    // One that is anchored stands for all before it, so the newest one is asked for first.
    let mut waiting = heads.iter().filter(|head| head.line > known.anchored_to).count();
    told(waiting);
    let asked = if known.is_whole { waiting.min(ASKED_MAX) } else { waiting };
    for (at, head) in heads.iter().enumerate().rev().take(asked) {
        if service.is_anchored(head).await? {
            known.anchored_to = head.line;
            waiting = heads.len() - 1 - at;
            break;
        }
    }
    known.is_whole = true;
    told(waiting);
    if waiting == 0 {
        return Ok(());
    }
    // Without a key of its own it can only tell how many days wait for a person.
    let Some(itself) = service.itself()? else { return Ok(()) };
    for head in &heads[heads.len() - waiting..] {
        deposit(state, &itself, head).await?;
        known.anchored_to = head.line;
        waiting -= 1;
        told(waiting);
    }
    Ok(())
}

/// Deposits a head under the rules of any request, its audit lines among them.
async fn deposit(state: &State, itself: &Principal, head: &AuditHead) -> Result<(), Problem> {
    let route = routes::of::<Deposit>().ok_or_else(|| Problem::of(ProblemCode::RouteUnknown))?;
    let parts = Parts::of(route, route.path, head.deposit().to_string().into_bytes())?;
    let idempotency_key = Some(format!("audit-head-{}-{}", head.log, head.line));
    let parts = Parts { idempotency_key, of_organization: true, ..parts };
    let permit = state.permits.take(route, Some(itself))?;
    let record = Record::of_own_work(route, itself.clone(), format!("audit head {}", head.day), Instant::now());
    let answer = match state.service.authorise(route, Some(itself)) {
        Err(problem) => Answer::from(problem),
        Ok(()) => {
            record.begin(state)?;
            state.service.answer(route, Some(itself), &parts).await
        }
    };
    drop(permit);
    let answer = record.write(state, answer);
    match answer.status {
        200 | 201 => {
            tracing::info!(audit.line = head.line, "the head of {} is on the ledger", head.day);
            Ok(())
        }
        // Its outcome is asked for with the same key.
        202 => Err(Problem::of(ProblemCode::OperationRunning)),
        _ => Err(Problem::foreign(answer.status, &answer.outcome, "The head of a day is not on the ledger")),
    }
}
