//! Works on imports: each row is a request of the person who sent the file, under the bounds, rules and audit lines of
//! any other.
//!
//! Of each organization one import is worked on at a time. A trouble of the network or of this gateway costs no row:
//! it is waited for.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::Value;
use tokio::{
    sync::watch,
    task::{AbortHandle, JoinSet},
};
use trade_import::RowFault;

use super::{record::Record, state::State};
use crate::{
    answer::Answer,
    imports::{Import, ImportRow, RowState, Target, row_key},
    members::Principal,
    problem::{Problem, ProblemCode},
    request::Parts,
    service::away,
};

/// How often imports are looked for that nobody has told of: after a start, and when one is over.
const LOOK: Duration = Duration::from_secs(1);

/// How often a row is tried again that another transaction was in the way of.
const CONFLICTS_MAX: u32 = 10;

/// The pause before a row is tried again, doubled each time.
const PAUSE: Duration = Duration::from_millis(100);

/// The longest such pause.
const PAUSE_MAX: Duration = Duration::from_secs(30);

/// Works on imports until the gateway stops. Rows that are in work then are sent again after the next start, under the
/// same keys.
pub(crate) async fn import(state: Arc<State>, mut stopping: watch::Receiver<bool>) {
    // Dropped when this task ends, and then all of them end.
    let mut tasks = JoinSet::new();
    let mut working: BTreeMap<String, AbortHandle> = BTreeMap::new();
    loop {
        while tasks.try_join_next().is_some() {}
        working.retain(|_, task| !task.is_finished());
        let shared = Arc::clone(&state);
        match away(move || shared.service.running_imports()).await {
            Ok(Ok(imports)) => {
                for import in imports {
                    let state = Arc::clone(&state);
                    working
                        .entry(import.msp_id.clone())
                        .or_insert_with(|| tasks.spawn(async move { work(&state, &import).await }));
                }
            }
            Ok(Err(error)) => tracing::error!("imports cannot be looked for: {error}"),
            // It is told where it happened.
            Err(_) => {}
        }
        tokio::select! {
            () = state.service.import_waits() => {}
            () = tokio::time::sleep(LOOK) => {}
            _ = stopping.changed() => return,
        }
    }
}

/// Works on one import until no row waits, or none may be sent any more.
async fn work(state: &Arc<State>, import: &Import) {
    let service = &state.service;
    let at_once = if import.in_order { 1 } else { service.limits().import_rows_at_once };
    let mut from = 0;
    let ended = loop {
        let rows = match service.waiting_rows(import, from, at_once) {
            Ok(rows) => rows,
            Err(problem) => break Err(problem),
        };
        let Some(last) = rows.last() else { break Ok(()) };
        from = last.number + 1;
        let mut tasks = JoinSet::new();
        for row in rows {
            let (state, import) = (Arc::clone(state), import.clone());
            tasks.spawn(async move { send(&state, &import, row).await });
        }
        let mut outcome = Ok(true);
        while let Some(sent) = tasks.join_next().await {
            let sent = sent.unwrap_or_else(|error| {
                tracing::error!("the work on a row stopped: {error}");
                Err(Problem::of(ProblemCode::GatewayFailure))
            });
            outcome = outcome.and_then(|goes_on| sent.map(|there| goes_on && there));
        }
        match outcome {
            Ok(true) => {}
            // It was forgotten meanwhile.
            Ok(false) => return,
            Err(problem) => break Err(problem),
        }
    };
    service.end_import(import, ended.err());
}

/// Sends a row until it is decided. Says whether its import is still there.
///
/// # Errors
/// The person who sent the file may send nothing any more.
async fn send(state: &State, import: &Import, mut row: ImportRow) -> Result<bool, Problem> {
    let (mut pause, mut conflicts) = (PAUSE, 0);
    let answer = loop {
        let principal = state.service.importer(import)?;
        let answer = try_once(state, import, &row, principal).await;
        let conflict = is_conflict(&answer);
        conflicts += u32::from(conflict);
        if !is_passing(&answer) || conflict && conflicts > CONFLICTS_MAX {
            break answer;
        }
        if !state.service.has_import(import) {
            return Ok(false);
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(PAUSE_MAX);
    };
    // What is only evaluated is no transaction of the ledger.
    row.transaction_id = answer.transaction_id.clone().filter(|_| !import.dry_run);
    row.state = if answer.status < 300 { RowState::Accepted } else { RowState::Failed };
    row.faults = if row.state == RowState::Failed { vec![fault_of(&answer)] } else { Vec::new() };
    state.service.conclude_row(import, &row)
}

async fn try_once(state: &State, import: &Import, row: &ImportRow, principal: Principal) -> Answer {
    let trial = if import.dry_run { " (dry run)" } else { "" };
    let resource = format!("import {} row {}{trial}", import.id, row.line);
    let (target, parts) = match request_of(import, row) {
        Ok(found) => found,
        Err(problem) => return problem.into(),
    };
    let permit = match state.permits.take(target.route, Some(&principal)) {
        Ok(permit) => permit,
        Err(problem) => return problem.into(),
    };
    let record = Record::of_own_work(target.route, principal.clone(), resource, Instant::now());
    let answer = if import.dry_run {
        state.service.rehearse(target, &principal, &parts).await.unwrap_or_else(Answer::from)
    } else {
        if let Err(problem) = record.begin(state) {
            return problem.into();
        }
        state.service.answer(target.route, Some(&principal), &parts).await
    };
    drop(permit);
    record.write(state, answer)
}

fn request_of(import: &Import, row: &ImportRow) -> Result<(Target, Parts), Problem> {
    let target = Target::parse(&import.operation)?;
    let (place, body) = row.request.clone().unwrap_or_default();
    let parts = Parts::of(target.route, &place, body.into_bytes())?;
    let idempotency_key = Some(row_key(import, row));
    // A file says what is to be so, whatever its author has seen.
    let if_match = Some("*".to_owned());
    Ok((target, Parts { idempotency_key, if_match, of_organization: true, ..parts }))
}

/// Whether another transaction was in the way, or peers that had not the same state. What waits for this gateway
/// itself has the same status and is waited for as long as it takes.
fn is_conflict(answer: &Answer) -> bool {
    [ProblemCode::LedgerConflict, ProblemCode::EndorsementMismatch].iter().any(|code| answer.outcome == code.code())
}

/// Whether the same request may be answered otherwise later.
fn is_passing(answer: &Answer) -> bool {
    let says_so = || serde_json::from_slice::<Value>(&answer.body).is_ok_and(|body| body["retryable"] == true);
    answer.status == 202 || answer.status >= 400 && says_so()
}

fn fault_of(answer: &Answer) -> RowFault {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    let detail = if text("detail").is_empty() { text("title") } else { text("detail") };
    let column = body["fields"][0]["name"].as_str().map(str::to_owned);
    RowFault { code: answer.outcome.clone(), column, detail }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_others_have_changed_counts_as_a_conflict() {
        use ProblemCode::{EndorsementMismatch, IdempotencyKeyRunning, LedgerConflict, OperationRunning};
        let told = |code| {
            let answer = Answer::from(Problem::of(code).retry_after(1));
            (answer.status, is_passing(&answer), is_conflict(&answer))
        };
        for code in [LedgerConflict, EndorsementMismatch] {
            assert_eq!(told(code), (409, true, true), "{code:?}");
        }
        for code in [IdempotencyKeyRunning, OperationRunning] {
            assert_eq!(told(code), (409, true, false), "{code:?}");
        }
    }
}
