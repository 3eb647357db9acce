//! An organization's operations: listed, and cancelled as long as they are not handed over to the orderer.

use serde_json::Value;

use super::{
    core::{Service, store_failed},
    indexed::{named, refused},
};
use crate::{
    answer::{Answer, OperationView, OperationsAnswer},
    members::Principal,
    problem::{Problem, ProblemCode},
    request::Parts,
    routes::by_operation,
    store::{PLACE_FIRST, Place, State, Turn},
    time::now,
};

impl Service {
    /// A page of the organization's operations, newest first.
    pub(super) fn operations(&self, principal: &Principal, parts: &Parts) -> Result<Answer, Problem> {
        let [state, after, limit] = named(parts, ["state", "after", "limit"])?;
        let limit = usize::try_from(self.limit(limit.as_deref(), u32::MAX)?).unwrap_or(usize::MAX);
        let state = state.map(self::state).transpose()?;
        let after = after.map_or_else(|| Ok((PLACE_FIRST.0, PLACE_FIRST.1.to_owned())), |text| place(&text))?;
        let page =
            tokio::task::block_in_place(|| self.store.operations(&principal.msp_id, state, (after.0, &after.1), limit));
        let page = page.map_err(|error| store_failed(&error))?;
        let next = page.next.map(|(created_at, id)| format!("{created_at}-{id}"));
        Ok(Answer::json(200, &OperationsAnswer { operations: page.operations.iter().map(Into::into).collect(), next }))
    }

    /// Cancels what is not handed over to the orderer: a transaction that waits for the caller's signature, or an
    /// operation that waits for its turn.
    pub(super) fn cancel_operation(&self, principal: &Principal, id: &str) -> Result<Answer, Problem> {
        if let Some(session) = self.sessions.cancel(id, &principal.certificate_sha256())? {
            session.key.iter().for_each(|key| self.release(key));
            return Ok(Answer::empty(204).of_transaction(id));
        }
        let found = self.store.operation(id).map_err(|error| store_failed(&error))?;
        let found = found.filter(|operation| operation.msp_id == principal.msp_id);
        let operation = found.ok_or_else(|| Problem::of(ProblemCode::OperationUnknown))?;
        // Who may not do it may not undo it either.
        if let Some(route) = by_operation(&operation.operation) {
            self.authorise(route, Some(principal))?;
        }
        let turn = tokio::task::block_in_place(|| self.store.take_turn(id, State::Cancelled, now()));
        match turn.map_err(|error| store_failed(&error))? {
            Turn::Taken(_) => {
                self.backoff.forget(id);
                Ok(Answer::empty(204).of_transaction(id))
            }
            Turn::Past(operation) if operation.state == State::Cancelled => Ok(Answer::empty(204).of_transaction(id)),
            Turn::Past(operation) => {
                let view = OperationView::from(&*operation);
                let state = serde_json::to_value(view.state).unwrap_or_default();
                let detail = format!("It is {}.", state.as_str().unwrap_or_default());
                Err(Problem::of(ProblemCode::OperationHandedOver).with_detail(detail))
            }
            Turn::Unknown => Err(Problem::of(ProblemCode::OperationUnknown)),
        }
    }
}

fn state(text: String) -> Result<State, Problem> {
    serde_json::from_value(Value::String(text)).map_err(|_| refused("state", "is no state of operations"))
}

fn place(text: &str) -> Result<Place, Problem> {
    let place = text.split_once('-').and_then(|(created_at, id)| Some((created_at.parse().ok()?, id.to_owned())));
    place.ok_or_else(|| refused("after", "is not the `next` of a page"))
}
