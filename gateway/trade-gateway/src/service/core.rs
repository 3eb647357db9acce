//! The gateway's state, and what every kind of request needs of it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError, RwLock, Weak},
    time::Instant,
};

use fabric_msp::signer::Signer;
use serde_json::Value;
use tokio::sync::{Semaphore, watch};
use trade_model::common::{Beside, Digest256, GATEWAY_ATTRIBUTE, Vouched};

use super::backoff::Backoff;
use crate::{
    answer::Answer,
    audit::AuditReader,
    index::Index,
    ledger::{Call, Cause, CreatorIdentity, Draft, Ledger, LedgerError, Step},
    members::{Members, OutOfService, Principal},
    metrics::{Metered, Metrics},
    oauth::Oauth,
    operators,
    problem::{Problem, ProblemCode},
    references::References,
    request::{Arguments, Parts},
    routes::{self, Access, Route, Transaction},
    settings::{Limits, Settings},
    signing::Sessions,
    store::{Store, StoreError},
    ways::Scope,
    webhooks::Guard,
};

/// How many operations for which nobody waits one organization may have, as a multiple of how many are handed over at
/// once.
const UNATTENDED_FACTOR: usize = 4;

/// The gateway without its HTTP surface.
pub(crate) struct Service {
    pub(super) settings: Settings,
    /// Those of the settings, or of the settings as they were read again.
    limits: RwLock<Arc<Limits>>,
    pub(super) members: Members,
    pub(super) ledger: Arc<dyn Ledger>,
    pub(super) store: Store,
    pub(super) references: References,
    pub(super) audit: AuditReader,
    pub(super) index: Arc<Index>,
    webhook_guard: Guard,
    oauth: Option<Oauth>,
    pub(super) sessions: Sessions,
    pub(super) metrics: Arc<Metrics>,
    /// Operations whose outcome a request or the background work is learning now.
    pub(super) active: Mutex<BTreeSet<String>>,
    pub(super) backoff: Backoff,
    /// How many operations for which nobody waits are with the orderer at once.
    pub(super) hand_overs: Semaphore,
    /// Places for operations for which nobody waits, by the organization whose they are: one that sends without end
    /// fills neither the disk nor the way to the orderer.
    pub(super) unattended: BTreeMap<String, Arc<Semaphore>>,
    /// Told when an import begins or goes on.
    pub(super) imports_wait: tokio::sync::Notify,
    pub(super) readiness: tokio::sync::Mutex<Option<(Instant, Option<ProblemCode>)>>,
    /// True once the gateway stops; what goes on for long ends then.
    stopping: Arc<watch::Sender<bool>>,
    /// The last field: when it is gone, so is all of the above, the store's lock on its file among it.
    in_use: Arc<()>,
}

impl Service {
    /// A service; operations left open by a crash wait for [`Service::resolve_open`].
    #[must_use]
    pub(crate) fn new(
        settings: Settings,
        members: Members,
        ledger: Arc<dyn Ledger>,
        (store, references, audit): (Store, References, AuditReader),
        oauth: Option<Oauth>,
        webhook_guard: Guard,
    ) -> Self {
        let metrics = Arc::new(Metrics::new());
        let ledger: Arc<dyn Ledger> = Arc::new(Metered::new(ledger, Arc::clone(&metrics)));
        let sessions = Sessions::new(settings.limits.signing_sessions, settings.organizations.len());
        let (active, backoff) = (Mutex::default(), Backoff::default());
        let hand_overs = Semaphore::new(settings.limits.hand_overs);
        let places = || Arc::new(Semaphore::new(UNATTENDED_FACTOR * settings.limits.hand_overs));
        let unattended = settings.organizations.iter().map(|one| (one.msp_id.clone(), places())).collect();
        let imports_wait = tokio::sync::Notify::new();
        let readiness = tokio::sync::Mutex::new(None);
        let (index, in_use) = (Arc::new(Index::new(&settings)), Arc::default());
        let stopping = Arc::new(watch::Sender::new(false));
        let limits = RwLock::new(Arc::new(settings.limits.clone()));
        Self {
            settings,
            limits,
            members,
            ledger,
            store,
            references,
            audit,
            index,
            webhook_guard,
            oauth,
            sessions,
            metrics,
            active,
            backoff,
            hand_overs,
            unattended,
            imports_wait,
            readiness,
            stopping,
            in_use,
        }
    }

    /// Has no owner any more once the service has let go of everything.
    pub(crate) fn in_use(&self) -> Weak<()> {
        Arc::downgrade(&self.in_use)
    }

    /// Where webhooks may lead.
    pub(super) fn webhook_guard(&self) -> &Guard {
        &self.webhook_guard
    }

    /// What names this gateway among several that share a database, for as long as its data directory lasts.
    pub(crate) fn name(&self) -> String {
        self.store.request_digest("the gateway's name", b"")
    }

    /// What to tell that the gateway stops.
    pub(crate) fn stopping(&self) -> Arc<watch::Sender<bool>> {
        Arc::clone(&self.stopping)
    }

    /// The limits that count now.
    pub(crate) fn limits(&self) -> Arc<Limits> {
        Arc::clone(&self.limits.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts others in their place.
    pub(crate) fn set_limits(&self, limits: Limits) {
        *self.limits.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(limits);
    }

    /// The settings of the start.
    #[must_use]
    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The index.
    #[must_use]
    pub(crate) fn index(&self) -> &Arc<Index> {
        &self.index
    }

    /// Who gives access tokens, if the gateway does.
    #[must_use]
    pub(crate) fn oauth(&self) -> Option<&Oauth> {
        self.oauth.as_ref()
    }

    /// Where blocks come from.
    #[must_use]
    pub(crate) fn ledger(&self) -> &Arc<dyn Ledger> {
        &self.ledger
    }

    /// What is counted.
    pub(crate) fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// The organizations.
    #[must_use]
    pub(crate) fn members(&self) -> &Members {
        &self.members
    }

    /// Decides whether the caller may use the route.
    ///
    /// # Errors
    /// The route needs an identity and there is none, the role is not on the route's list, or the person lacks the
    /// duty.
    pub(crate) fn authorise(&self, route: &Route, principal: Option<&Principal>) -> Result<(), Problem> {
        let Some(principal) = principal else {
            return match route.access {
                Access::Public => Ok(()),
                Access::Members(_) => Err(Problem::of(ProblemCode::CertificateMissing)),
            };
        };
        if !route.access.permits(principal.role) {
            let role = principal.role.as_str();
            let detail = format!("{} is not open to the role {role}.", route.operation);
            return Err(Problem::of(ProblemCode::RoleNotPermitted).with_detail(detail));
        }
        if route.changes() && principal.scope < Scope::Write {
            let detail = format!("{} needs the scope write.", route.operation);
            return Err(Problem::of(ProblemCode::ScopeInsufficient).with_detail(detail));
        }
        let duties = route.duties();
        if operators::may(principal.duties.as_ref(), duties) {
            return Ok(());
        }
        let names: Vec<&str> = duties.iter().map(|duty| duty.as_str()).collect();
        let detail = format!("{} is for those who have the duty {}.", route.operation, names.join(" or "));
        Err(Problem::of(ProblemCode::DutyMissing).with_detail(detail))
    }

    /// What is proposed for a request. With private input, the transaction's own rule names who endorses.
    pub(super) async fn call(
        &self,
        transaction: &Transaction,
        principal: &Principal,
        arguments: &Arguments,
    ) -> Result<Call, Problem> {
        let endorsing = match &arguments.private {
            Some(_) => self.endorsing(&principal.msp_id, transaction, &arguments.argument).await?,
            None => Vec::new(),
        };
        Ok(Call {
            function: transaction.name.to_owned(),
            argument: Some(arguments.bytes()),
            private: arguments.private.as_ref().map(to_bytes),
            beside: arguments.beside.clone(),
            endorsing,
        })
    }

    /// What a managed identity says about the person for which it signs, when its certificate lets it say so.
    pub(super) fn vouch(&self, signer: &dyn Signer, principal: &Principal) -> Option<Vouched> {
        let attributes = signer.certificate().attributes().ok()?;
        if attributes.get(GATEWAY_ATTRIBUTE).map(String::as_str) != Some("true") {
            return None;
        }
        let certificate = principal.identity.certificate();
        Some(Vouched {
            certificate_sha256: Digest256::from_bytes(certificate.sha256()),
            key_sha256: Digest256::from_bytes(certificate.spki_sha256()),
            name_digest: self.store.name_digest(&principal.msp_id, &certificate.client_id()),
            duties: principal.duties.clone(),
        })
    }

    /// A contract's answer as it is, with its tag; all contracts answer in JSON.
    pub(super) fn evaluated(&self, function: &str, transaction_id: &str, bytes: Vec<u8>) -> Result<Answer, Problem> {
        result_value(transaction_id, &bytes)?;
        let answer = Answer::json_bytes(200, bytes).of_transaction(transaction_id);
        if routes::is_question(function) {
            let tag = Digest256::of(&answer.body);
            return Ok(answer.with_tag(tag.as_str()));
        }
        Ok(self.tagged(answer))
    }

    /// An answer with a tag that tells nothing about it, as it may hold what can be guessed.
    pub(super) fn tagged(&self, answer: Answer) -> Answer {
        let tag = self.store.request_digest("the tag of an answer", &answer.body);
        answer.with_tag(&tag)
    }

    /// The managed identity of the caller's organization, unless the caller signs.
    ///
    /// # Errors
    /// It cannot be used now.
    pub(super) fn signer(&self, principal: &Principal, caller_signs: bool) -> Result<Option<Arc<dyn Signer>>, Problem> {
        match self.members.member(&principal.msp_id) {
            Some(member) if !caller_signs => member.signer().map_err(|OutOfService| {
                Problem::of(ProblemCode::OrganizationOutOfService)
                    .with_detail("It is revoked, has expired or cannot be read. Those who sign themselves can go on.")
                    .retry_after(30)
            }),
            _ => Ok(None),
        }
    }
}

/// Evaluates with an identity of the gateway itself at a peer of an organization, whose word is taken for the answer.
pub(crate) async fn evaluate_as(
    ledger: &dyn Ledger,
    signer: &dyn Signer,
    organization: &str,
    function: &str,
    argument: Vec<u8>,
) -> Result<Vec<u8>, LedgerError> {
    let call = Call {
        function: function.to_owned(),
        argument: Some(argument),
        private: None,
        beside: Beside::default(),
        endorsing: Vec::new(),
    };
    let draft = ledger.propose(&creator_of(signer), &call)?;
    let signature = sign(signer, &draft)?;
    ledger.evaluate(organization, &draft, &signature).await
}

pub(super) fn path<'a>(parts: &'a Parts, name: &str) -> &'a str {
    parts.path.get(name).map(String::as_str).unwrap_or_default()
}

pub(super) fn to_bytes(value: &Value) -> Vec<u8> {
    value.to_string().into_bytes()
}

pub(super) fn creator_of(signer: &dyn Signer) -> CreatorIdentity {
    CreatorIdentity { msp_id: signer.msp_id().to_owned(), certificate_pem: signer.certificate().pem().to_vec() }
}

pub(super) fn sign(signer: &dyn Signer, draft: &Draft) -> Result<Vec<u8>, LedgerError> {
    signer.sign(&draft.message).map_err(|error| LedgerError {
        step: Step::Propose,
        transaction_id: draft.transaction_id.clone(),
        cause: Cause::Local(error.to_string()),
        advice: fabric_client::Advice::SameProposal,
        endorsers: Vec::new(),
    })
}

pub(super) fn result_value(transaction_id: &str, bytes: &[u8]) -> Result<Value, Problem> {
    if bytes.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_slice(bytes).map_err(|_| {
        tracing::error!(fabric.transaction_id = %transaction_id, "the contract's answer is not JSON");
        Problem::of(ProblemCode::ContractFailure).with_detail("Its answer is not JSON.")
    })
}

pub(super) fn failed(error: &LedgerError) -> Problem {
    log_failure(error);
    Problem::from_ledger(error)
}

/// The network's words about itself belong into the log. A contract's refusal is the caller's business only.
pub(super) fn log_failure(error: &LedgerError) {
    let step = error.step.as_str();
    match &error.cause {
        Cause::Contract { status, .. } if *status < 500 => {
            tracing::debug!(fabric.transaction_id = %error.transaction_id, fabric.step = step, "refused with {status}");
        }
        cause => {
            tracing::warn!(fabric.transaction_id = %error.transaction_id, fabric.step = step, "step failed: {cause}");
        }
    }
}

pub(super) fn store_failed(error: &StoreError) -> Problem {
    tracing::error!("{error}");
    Problem::of(ProblemCode::StoreUnavailable).retry_after(10)
}
