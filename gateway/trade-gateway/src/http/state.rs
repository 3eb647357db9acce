//! What all workers share, and the audit log they write.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use super::{memory::Memory, permits::Permits};
use crate::{
    audit::{AuditLog, Decision, RESUMED},
    coalesce::Coalescer,
    problem::{Problem, ProblemCode},
    service::Service,
    settings::Limits,
    time::{now, rfc3339},
    traces::Traces,
};

/// What all workers share.
pub(crate) struct State {
    pub(super) service: Arc<Service>,
    audit: AuditLog,
    coalescer: Coalescer,
    /// Set when a decision could not be recorded: until one can be again, nothing is answered.
    audit_failed: AtomicBool,
    pub(super) runtime: tokio::runtime::Handle,
    pub(super) permits: Permits,
    pub(super) memory: Memory,
    pub(super) traces: Arc<Traces>,
}

impl State {
    /// The shared state. `runtime` outlives the workers and carries the work of all requests.
    #[must_use]
    pub(crate) fn new(
        service: Arc<Service>,
        audit: AuditLog,
        runtime: tokio::runtime::Handle,
        traces: Arc<Traces>,
    ) -> Self {
        let (limits, organizations) = (&service.settings().limits, service.settings().organizations.len());
        let permits = Permits::new(limits, organizations);
        let memory = Memory::new(limits.held_bytes, organizations);
        let (coalescer, audit_failed) = (Coalescer::default(), AtomicBool::new(false));
        Self { service, audit, coalescer, audit_failed, runtime, permits, memory, traces }
    }

    /// Bounds what callers take from now on by other limits.
    pub(crate) fn bound(&self, limits: &Limits) {
        self.permits.bound(limits);
        self.memory.bound(limits.held_bytes);
    }

    /// Tries the audit log after it failed, readiness included: a disk that was full may have room again.
    pub(super) fn check_audit(&self) -> Result<(), Problem> {
        if !self.audit_failed.load(Ordering::Relaxed) {
            return Ok(());
        }
        self.record(&Decision::of_the_log(RESUMED))
    }

    /// Ends the audit log's day where it is over, and deletes what is too old.
    pub(super) fn tend_audit(&self) -> Result<(), Problem> {
        self.audit.tend(&rfc3339(now())).map_err(|error| {
            tracing::error!("the audit log cannot be written: {error}");
            Problem::of(ProblemCode::AuditUnavailable)
        })
    }

    /// Writes to the process log how far the audit log is.
    pub(crate) fn tell_head(&self) {
        self.audit.tell_head();
    }

    /// Writes how many requests were decided upon alike in the minutes that are over.
    pub(crate) fn write_counts(&self) {
        for decision in self.coalescer.take(now(), false) {
            tracing::info!(
                address = decision.address.as_deref().unwrap_or("-"),
                http.route = decision.route,
                outcome = decision.outcome,
                "{} more requests of the last minute were answered {} ({})",
                decision.count.unwrap_or_default(),
                decision.status,
                decision.outcome,
            );
            // A failure is logged and shown; the answers are given long ago.
            let _ = self.record(&decision);
        }
    }

    /// Appends to the audit log. A decision about a caller who is not known as a member, or who was refused, may be
    /// counted instead.
    pub(super) fn record_decision(&self, decision: &Decision) -> Result<(), Problem> {
        if !self.coalescer.has_line(decision, now()) {
            return Ok(());
        }
        self.record(decision)
    }

    /// Appends to the audit log.
    pub(super) fn record(&self, decision: &Decision) -> Result<(), Problem> {
        let recorded = self.audit.append(decision);
        self.audit_failed.store(recorded.is_err(), Ordering::Relaxed);
        recorded.map(drop).map_err(|error| {
            tracing::error!("the audit log cannot be written, so nothing is answered: {error}");
            Problem::of(ProblemCode::AuditUnavailable).retry_after(10)
        })
    }
}

impl Drop for State {
    fn drop(&mut self) {
        for decision in self.coalescer.take(now(), true) {
            let _ = self.record(&decision);
        }
        self.tell_head();
    }
}
