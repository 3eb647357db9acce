//! One invocation on a stream: whom it is for, which iterators it has open, and who waits for its end.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use fabric_protos::protos::ChaincodeMessage;
use tokio::sync::oneshot;

use super::{invocation::Invocation, request_error::RequestError};
use crate::simulation::{RangeCursor, Simulator};

/// The most iterators that one invocation may open.
const CURSORS_MAX: usize = 10_000;

pub(super) struct TransactionContext {
    pub(super) call: Arc<dyn Invocation>,
    /// The chaincode's name, whose keys these are.
    pub(super) namespace: String,
    /// Whether the chaincode is being initialised.
    pub(super) is_init: bool,
    busy: AtomicBool,
    cursors: Mutex<Cursors>,
    done: Mutex<Option<oneshot::Sender<ChaincodeMessage>>>,
}

#[derive(Default)]
struct Cursors {
    open: HashMap<String, RangeCursor>,
    opened: usize,
}

impl TransactionContext {
    pub(super) fn new(
        call: Arc<dyn Invocation>,
        namespace: &str,
        is_init: bool,
        done: oneshot::Sender<ChaincodeMessage>,
    ) -> Self {
        Self {
            call,
            namespace: namespace.to_owned(),
            is_init,
            busy: AtomicBool::new(false),
            cursors: Mutex::default(),
            done: Mutex::new(Some(done)),
        }
    }

    /// Notes that a question is being answered; false when one is already.
    pub(super) fn begin(&self) -> bool {
        !self.busy.swap(true, Ordering::AcqRel)
    }

    /// Notes that the question has been answered.
    pub(super) fn end(&self) {
        self.busy.store(false, Ordering::Release);
    }

    /// Hands the chaincode's last message to the waiting call. A second one is dropped.
    pub(super) fn complete(&self, message: ChaincodeMessage) {
        if let Some(done) = lock(&self.done).take() {
            // The call may have given up.
            drop(done.send(message));
        }
    }

    /// The simulation that the invocation reads and writes.
    pub(super) fn simulator(&self) -> MutexGuard<'_, Simulator> {
        self.call.simulator()
    }

    /// Whether a collection is meant; collections are closed while a chaincode is being initialised.
    pub(super) fn is_private(&self, collection: &str) -> Result<bool, RequestError> {
        if !collection.is_empty() && self.is_init {
            return Err(RequestError::PrivateInInit);
        }
        Ok(!collection.is_empty())
    }

    /// Keeps an iterator under a new id; `None` when there are too many.
    pub(super) fn keep(&self, cursor: RangeCursor) -> Option<String> {
        let mut cursors = lock(&self.cursors);
        if cursors.opened >= CURSORS_MAX {
            return None;
        }
        cursors.opened += 1;
        let id = cursors.opened.to_string();
        cursors.open.insert(id.clone(), cursor);
        Some(id)
    }

    /// An open iterator.
    pub(super) fn cursor(&self, id: &str) -> Option<RangeCursor> {
        lock(&self.cursors).open.get(id).copied()
    }

    /// Forgets an iterator and gives it back for closing.
    pub(super) fn forget(&self, id: &str) -> Option<RangeCursor> {
        lock(&self.cursors).open.remove(id)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing is left half done while one of these locks is held.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
