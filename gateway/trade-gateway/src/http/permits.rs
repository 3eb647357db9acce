//! Bounds on the number of requests that are worked on at once.

use std::{collections::BTreeMap, sync::Arc};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{
    members::Principal,
    problem::{Problem, ProblemCode},
    routes::{Action, Route},
    settings::Limits,
};

/// Requests for the public page that are worked on at once.
const PUBLIC_REQUESTS: usize = 32;

/// Questions about readiness that wait at once for one answer of the network.
const READY_REQUESTS: usize = 32;

/// Room for requests.
pub(super) struct Permits {
    all: Arc<Semaphore>,
    public: Arc<Semaphore>,
    /// Apart from all others: whatever watches the gateway must be answered when it is full.
    ready: Arc<Semaphore>,
    organizations: BTreeMap<String, Arc<Semaphore>>,
}

impl Permits {
    pub(super) fn new<'a>(limits: &Limits, organizations: impl Iterator<Item = &'a str>) -> Self {
        let own = || Arc::new(Semaphore::new(limits.requests_per_organization));
        Self {
            all: Arc::new(Semaphore::new(limits.requests)),
            public: Arc::new(Semaphore::new(PUBLIC_REQUESTS)),
            ready: Arc::new(Semaphore::new(READY_REQUESTS)),
            organizations: organizations.map(|msp_id| (msp_id.to_owned(), own())).collect(),
        }
    }

    /// Takes room for one request.
    ///
    /// # Errors
    /// There is none now.
    pub(super) fn take(
        &self,
        route: &Route,
        principal: Option<&Principal>,
    ) -> Result<Vec<OwnedSemaphorePermit>, Problem> {
        let busy = || Problem::of(ProblemCode::GatewayBusy).retry_after(1);
        let own = principal.and_then(|principal| self.organizations.get(&principal.msp_id));
        let wanted = match route.action {
            Action::Health => [None, None],
            Action::Ready => [Some(&self.ready), None],
            Action::ConsumerPage => [Some(&self.public), Some(&self.all)],
            _ => [own, Some(&self.all)],
        };
        wanted
            .into_iter()
            .flatten()
            .map(|semaphore| Arc::clone(semaphore).try_acquire_owned().map_err(|_| busy()))
            .collect()
    }
}
