//! Bounds on the number of requests that are worked on at once.

use std::sync::Arc;

use crate::{
    doors::{Bounds, Holder, Share, Shares},
    members::Principal,
    problem::{Problem, ProblemCode},
    routes::{Action, Route},
    settings::Limits,
};

/// Requests for what is public that are worked on at once.
const PUBLIC_REQUESTS: usize = 32;

/// Questions about readiness that wait at once for one answer of the network.
const READY_REQUESTS: usize = 32;

/// Room for requests.
pub(super) struct Permits {
    organizations: usize,
    all: Arc<Shares>,
    /// Streams take no turn of a request, and are bounded for themselves.
    streams: Arc<Shares>,
    /// Apart from all others: whatever watches the gateway must be answered when it is full.
    ready: Arc<Shares>,
}

impl Permits {
    /// `organizations` is how many there are.
    pub(super) fn new(limits: &Limits, organizations: usize) -> Self {
        let ready =
            Bounds { all: READY_REQUESTS, organization: 0, certificate: 0, public: READY_REQUESTS, organizations: 0 };
        Self {
            organizations,
            all: Shares::new(of_requests(limits, organizations)),
            streams: Shares::new(of_streams(limits, organizations)),
            ready: Shares::new(ready),
        }
    }

    /// Bounds what is taken from now on by other limits.
    pub(super) fn bound(&self, limits: &Limits) {
        self.all.bound(of_requests(limits, self.organizations));
        self.streams.bound(of_streams(limits, self.organizations));
    }

    /// Takes room for one stream of events.
    ///
    /// # Errors
    /// There is none now.
    pub(super) fn take_stream(&self, principal: &Principal) -> Result<Share, Problem> {
        let busy = || {
            let detail = "Your certificate, your organization or all together have as many streams as they may.";
            Problem::of(ProblemCode::GatewayBusy).with_detail(detail).retry_after(5)
        };
        self.streams.take(Holder::of(Some(principal)), 1).ok_or_else(busy)
    }

    /// Takes room for the work on one request; health needs none.
    ///
    /// # Errors
    /// There is none now.
    pub(super) fn take(&self, route: &Route, principal: Option<&Principal>) -> Result<Option<Share>, Problem> {
        let taken = match route.action {
            Action::Health => return Ok(None),
            Action::Ready | Action::Condition => self.ready.take(Holder::Public, 1),
            _ => self.all.take(Holder::of(principal), 1),
        };
        taken.map(Some).ok_or_else(|| Problem::of(ProblemCode::GatewayBusy).retry_after(1))
    }
}

fn of_requests(limits: &Limits, organizations: usize) -> Bounds {
    Bounds {
        all: limits.requests,
        organization: limits.requests_per_organization,
        certificate: limits.requests_per_certificate,
        public: PUBLIC_REQUESTS,
        organizations,
    }
}

fn of_streams(limits: &Limits, organizations: usize) -> Bounds {
    let all = limits.streams;
    Bounds { all, organization: all.div_ceil(2), certificate: all.div_ceil(4), public: 0, organizations }
}
