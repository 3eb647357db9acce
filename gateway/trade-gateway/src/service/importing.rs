//! What the work on imports asks of the gateway's state.

use super::core::Service;
use crate::{
    imports::{Import, ImportRow, ImportState, RowState},
    members::Principal,
    problem::{Problem, ProblemCode},
    store::StoreError,
    time::now,
};

impl Service {
    /// Waits until an import begins or goes on.
    pub(crate) async fn import_waits(&self) {
        self.imports_wait.notified().await;
    }

    /// The imports that run, the oldest first.
    pub(crate) fn running_imports(&self) -> Result<Vec<Import>, StoreError> {
        self.store.running_imports()
    }

    /// The next rows of an import that wait, from the row with this number on.
    pub(crate) fn waiting_rows(&self, import: &Import, from: u64, count: usize) -> Result<Vec<ImportRow>, Problem> {
        let waits = |row: &ImportRow| row.state == RowState::Waiting;
        self.store.import_rows(&import.id, from, count, waits).map_err(|error| unstored(&error))
    }

    /// Whether an import is still there.
    pub(crate) fn has_import(&self, import: &Import) -> bool {
        // A store that does not answer is no reason to give a row up.
        self.store.import(&import.msp_id, &import.id).map_or(true, |found| found.is_some())
    }

    /// Stores what became of a row. Says whether its import is still there.
    pub(crate) fn conclude_row(&self, import: &Import, row: &ImportRow) -> Result<bool, Problem> {
        self.metrics().import_rows(if row.state == RowState::Accepted { "accepted" } else { "failed" }, 1);
        self.store.conclude_row(import, row, now()).map_err(|error| unstored(&error))
    }

    /// The person who sent the file, judged by the rules of now.
    pub(crate) fn importer(&self, import: &Import) -> Result<Principal, Problem> {
        let certificate = hex::decode(&import.certificate).unwrap_or_default();
        let principal = self.members().authenticate(Some(&certificate), now())?;
        self.check_custody(&principal.msp_id)?;
        Ok(principal)
    }

    /// Stores that no row waits any more, or why none may be sent.
    pub(crate) fn end_import(&self, import: &Import, problem: Option<Problem>) {
        if problem.as_ref().is_some_and(|problem| problem.retryable) {
            // It goes on as soon as it is looked for again.
            return;
        }
        let state = if problem.is_some() { ImportState::Stopped } else { ImportState::Done };
        let code = problem.as_ref().map(|problem| problem.code.as_str());
        tracing::info!(msp.id = import.msp_id, import.id = import.id, "an import is over: {}", code.unwrap_or("done"));
        if let Err(error) = self.store.set_import_state(import, state, code, now()) {
            tracing::error!("the end of an import cannot be stored: {error}");
        }
    }
}

fn unstored(error: &StoreError) -> Problem {
    tracing::error!("{error}");
    Problem::of(ProblemCode::StoreUnavailable).retry_after(1)
}
