//! What the work on imports asks of the gateway's state.

use super::core::Service;
use crate::{
    imports::{Import, ImportRow, RowState, Target},
    members::Principal,
    problem::{Problem, ProblemCode},
    store::{Concluded, StoreError},
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
        let is_the_same = |found: Option<Import>| found.is_some_and(|found| found.is_the_same(import));
        self.store.import(&import.msp_id, &import.id).map_or(true, is_the_same)
    }

    /// Stores what became of a row. Says whether its import is still there.
    pub(crate) fn conclude_row(&self, import: &Import, row: &ImportRow) -> Result<bool, Problem> {
        let concluded = self.store.conclude_row(import, row, now()).map_err(|error| unstored(&error))?;
        if concluded == Concluded::Now && !import.dry_run {
            self.metrics().import_rows(if row.state == RowState::Accepted { "accepted" } else { "failed" }, 1);
        }
        Ok(concluded != Concluded::Gone)
    }

    /// The person who sent the file, judged by the rules of now.
    ///
    /// # Errors
    /// The person may not send the rows.
    pub(crate) fn importer(&self, import: &Import) -> Result<Principal, Problem> {
        let certificate = hex::decode(&import.certificate).unwrap_or_default();
        let principal = self.members().authenticate(Some(&certificate), now())?;
        self.check_custody(&principal.msp_id)?;
        self.authorise(Target::parse(&import.operation)?.route, Some(&principal))?;
        Ok(principal)
    }

    /// Stores that no row waits any more, or why none may be sent.
    pub(crate) fn end_import(&self, import: &Import, problem: Option<Problem>) {
        if problem.as_ref().is_some_and(|problem| problem.retryable) {
            // It goes on as soon as it is looked for again.
            return;
        }
        let stopped = problem.as_ref().map(|problem| problem.code.as_str());
        let (msp_id, id) = (&import.msp_id, &import.id);
        tracing::info!(msp.id = msp_id, import.id = id, "an import is over: {}", stopped.unwrap_or("done"));
        if let Err(error) = tokio::task::block_in_place(|| self.store.end_import(import, stopped, now())) {
            tracing::error!("the end of an import cannot be stored: {error}");
        }
    }
}

fn unstored(error: &StoreError) -> Problem {
    tracing::error!("{error}");
    Problem::of(ProblemCode::StoreUnavailable).retry_after(1)
}
