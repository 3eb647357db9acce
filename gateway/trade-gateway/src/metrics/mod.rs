//! What a gateway counts, in the text form of OpenMetrics 1.0, which Prometheus reads.
//!
//! Labels have few values: names of routes, steps and codes, organizations of the settings; never ids or addresses.

mod metered;

use std::{
    sync::{Mutex, PoisonError, atomic::AtomicU64},
    time::Duration,
};

use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
    registry::{Registry, Unit},
};

pub(crate) use self::metered::Metered;
use crate::traces;

/// The media type of the text.
pub(crate) const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What is read again, as failures of it are counted. All are told from the start: of a number that first appears as 1
/// Prometheus sees no increase.
const READ_AGAIN: [&str; 4] = ["settings", "proxies", "tls", "membership"];

/// A gauge of numbers with fractions.
type Fraction = Gauge<f64, AtomicU64>;

/// All that is counted.
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    request_seconds: Family<OperationLabels, Histogram>,
    steps: Family<StepLabels, Counter>,
    step_seconds: Family<StepNameLabels, Histogram>,
    outcomes: Family<OutcomeLabels, Counter>,
    reload_failures: Family<ReloadLabels, Counter>,
    import_rows: Family<OutcomeOnlyLabels, Counter>,
    trace_spans: Family<OutcomeOnlyLabels, Counter>,
    state: State,
    /// One text is written at a time.
    writing: Mutex<()>,
}

/// What is set when the numbers are asked for.
#[derive(Default)]
pub(crate) struct State {
    /// The next block that the index needs.
    pub(crate) index_height: Gauge,
    /// Blocks of the peer that the index has not read; -1 when that is not known.
    pub(crate) index_lag: Gauge,
    /// Webhooks by how they stand.
    pub(crate) webhooks: Family<WebhookLabels, Gauge>,
    /// Blocks up to that of the newest event that the webhook furthest behind has not got over.
    pub(crate) webhook_lag: Gauge,
    /// Which peers are up.
    pub(crate) peer_up: Family<PeerLabels, Gauge>,
    /// How often another peer had to stand in.
    pub(crate) peer_failovers: Family<OrganizationLabels, Counter>,
    /// Days until a certificate ends.
    pub(crate) certificate_days: Family<CertificateLabels, Fraction>,
    /// Days since an organization's revocation list was issued.
    pub(crate) revocation_list_age: Family<OrganizationLabels, Fraction>,
    /// Days until the next one is due.
    pub(crate) revocation_list_due: Family<OrganizationLabels, Fraction>,
    /// 1 when an organization's rules could not be read again.
    pub(crate) membership_stale: Gauge,
    /// Days that have ended and for whose audit lines no head on the ledger stands.
    pub(crate) audit_days_not_anchored: Gauge,
    /// 1 when settings differ from those of the start and count after another one only.
    pub(crate) settings_waiting: Gauge,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    operation: &'static str,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OperationLabels {
    operation: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StepLabels {
    step: &'static str,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StepNameLabels {
    step: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabels {
    validation: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReloadLabels {
    what: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeOnlyLabels {
    outcome: &'static str,
}

/// How a webhook stands.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct WebhookLabels {
    /// `active`, `failing` or `stopped`.
    pub(crate) state: &'static str,
}

/// Which organization of the settings.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct OrganizationLabels {
    /// Its MSP id.
    pub(crate) organization: String,
}

/// Which peer of the settings.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct PeerLabels {
    /// Its organization's MSP id.
    pub(crate) organization: String,
    /// Its place among the organization's peers, 0 for the first.
    pub(crate) peer: u64,
}

/// Whose certificate it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct CertificateLabels {
    /// In words.
    pub(crate) whose: String,
}

/// From a millisecond to half a minute.
fn durations() -> Histogram {
    Histogram::new(exponential_buckets(0.001, 2.0, 16))
}

impl Metrics {
    /// Numbers that begin with nothing.
    pub(crate) fn new() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("entrepot_gateway"),
            requests: Family::default(),
            request_seconds: Family::new_with_constructor(durations),
            steps: Family::default(),
            step_seconds: Family::new_with_constructor(durations),
            outcomes: Family::default(),
            reload_failures: Family::default(),
            import_rows: Family::default(),
            trace_spans: Family::default(),
            state: State::default(),
            writing: Mutex::default(),
        };
        metrics.register();
        for what in READ_AGAIN {
            metrics.reload_failures.get_or_create(&ReloadLabels { what }).inc_by(0);
        }
        metrics
    }

    fn register(&mut self) {
        let registry = &mut self.registry;
        registry.register("requests", "Requests that were answered", self.requests.clone());
        registry.register_with_unit(
            "request",
            "Time from the head of a request to its answer",
            Unit::Seconds,
            self.request_seconds.clone(),
        );
        registry.register("fabric_steps", "Steps of transactions on Fabric", self.steps.clone());
        registry.register_with_unit("fabric_step", "Time of such a step", Unit::Seconds, self.step_seconds.clone());
        registry.register(
            "fabric_outcomes",
            "Transactions in blocks by Fabric's validation code, MVCC_READ_CONFLICT among them",
            self.outcomes.clone(),
        );
        registry.register("import_rows", "Rows of imports that are decided", self.import_rows.clone());
        registry.register(
            "trace_spans",
            "Spans for the OpenTelemetry collector, sent or dropped",
            self.trace_spans.clone(),
        );
        registry.register(
            "reload_failures",
            "Files that could not be read again, and whose former content stays",
            self.reload_failures.clone(),
        );
        self.register_state();
    }

    /// Registers what is set when the numbers are asked for.
    fn register_state(&mut self) {
        let (registry, state) = (&mut self.registry, &self.state);
        registry.register("index_height_blocks", "The next block that the index needs", state.index_height.clone());
        registry.register(
            "index_lag_blocks",
            "Blocks of the peer that the index has not read; -1 when that is not known",
            state.index_lag.clone(),
        );
        registry.register("webhooks", "Webhooks by how they stand", state.webhooks.clone());
        registry.register(
            "webhook_lag_blocks",
            "Blocks up to that of the newest event that the webhook furthest behind has not got over, of those that are \
             not stopped",
            state.webhook_lag.clone(),
        );
        registry.register(
            "peer_up",
            "1 for a peer that serves, and 0 for one that cannot be reached, is not well or is behind",
            state.peer_up.clone(),
        );
        registry.register(
            "peer_failovers",
            "Times that another peer of the organization had to stand in for the one that was asked",
            state.peer_failovers.clone(),
        );
        registry.register(
            "certificate_days",
            "Days until the end of certificates that the gateway shows or signs with",
            state.certificate_days.clone(),
        );
        registry.register(
            "revocation_list_age_days",
            "Days since an organization's revocation list was issued, the oldest of its authorities' newest ones",
            state.revocation_list_age.clone(),
        );
        registry.register(
            "revocation_list_due_days",
            "Days until an organization's next revocation list is due, where the present one says so",
            state.revocation_list_due.clone(),
        );
        registry.register(
            "membership_stale",
            "1 when rules of membership could not be read again, and former ones count",
            state.membership_stale.clone(),
        );
        registry.register(
            "audit_days_not_anchored",
            "Days that have ended and for whose lines of the audit log no head on the ledger stands",
            state.audit_days_not_anchored.clone(),
        );
        registry.register(
            "settings_waiting",
            "1 when changed settings count after another start only",
            state.settings_waiting.clone(),
        );
    }

    /// Counts a request. `operation` is the name of its route, or `-`.
    pub(crate) fn request(&self, operation: &'static str, status: u16, took: Duration) {
        self.requests.get_or_create(&RequestLabels { operation, status }).inc();
        self.request_seconds.get_or_create(&OperationLabels { operation }).observe(took.as_secs_f64());
    }

    /// Counts a step on Fabric, and tells it where the request is traced whose step it is.
    fn step(&self, step: &'static str, outcome: &'static str, took: Duration) {
        self.steps.get_or_create(&StepLabels { step, outcome }).inc();
        self.step_seconds.get_or_create(&StepNameLabels { step }).observe(took.as_secs_f64());
        traces::step(step, outcome, took);
    }

    /// Counts a transaction whose place in the ledger is known.
    fn outcome(&self, validation: &str) {
        self.outcomes.get_or_create(&OutcomeLabels { validation: validation.to_owned() }).inc();
    }

    /// Counts what could not be read again.
    pub(crate) fn reload_failed(&self, what: &'static str) {
        self.reload_failures.get_or_create(&ReloadLabels { what }).inc();
    }

    /// Counts rows of imports, `accepted` or `failed`.
    pub(crate) fn import_rows(&self, outcome: &'static str, count: u64) {
        self.import_rows.get_or_create(&OutcomeOnlyLabels { outcome }).inc_by(count);
    }

    /// Counts spans that were sent, and those that were dropped. Both are told from then on.
    pub(crate) fn trace_spans(&self) -> (Counter, Counter) {
        let counter = |outcome| self.trace_spans.get_or_create_owned(&OutcomeOnlyLabels { outcome });
        (counter("sent"), counter("dropped"))
    }

    /// What is set when the numbers are asked for.
    pub(crate) fn state(&self) -> &State {
        &self.state
    }

    /// All numbers, after `set` has set some: no other text is written while it does, so none lacks what it clears.
    ///
    /// # Errors
    /// A number cannot be written, which no number of these is.
    pub(crate) fn text(&self, set: impl FnOnce(&State)) -> Result<String, std::fmt::Error> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        set(&self.state);
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn rules_and_dashboard_speak_of_numbers_that_there_are() -> Result<(), std::fmt::Error> {
        let metrics = Metrics::new();
        metrics.request("whoami", 200, Duration::from_millis(3));
        metrics.step("endorse", "ok", Duration::from_millis(30));
        metrics.outcome("VALID");
        metrics.state().webhooks.get_or_create(&WebhookLabels { state: "active" }).set(1);
        metrics.state().certificate_days.get_or_create(&CertificateLabels { whose: "the listener".into() }).set(9.5);
        let text = metrics.text(|state| {
            state.peer_up.get_or_create(&PeerLabels { organization: "SellerMSP".into(), peer: 0 }).set(1);
            let labels = OrganizationLabels { organization: "SellerMSP".into() };
            state.peer_failovers.get_or_create(&labels).inc();
            state.revocation_list_age.get_or_create(&labels).set(1.5);
            state.revocation_list_due.get_or_create(&labels).set(5.5);
        })?;
        let told: BTreeSet<&str> = text.lines().filter_map(|line| line.split(['{', ' ']).next()).collect();
        for file in [include_str!("../../monitoring/alerts.yaml"), include_str!("../../monitoring/dashboard.json")] {
            let words = file.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
            let names: BTreeSet<&str> = words.filter(|word| word.starts_with("entrepot_gateway_")).collect();
            assert!(names.len() > 8, "{names:?}");
            for name in names {
                assert!(told.contains(name), "{name} is not told:\n{text}");
            }
        }
        Ok(())
    }

    #[test]
    fn numbers_are_told_in_the_form_that_prometheus_reads() -> Result<(), std::fmt::Error> {
        let metrics = Metrics::new();
        metrics.request("whoami", 200, Duration::from_millis(3));
        metrics.request("whoami", 200, Duration::from_millis(5));
        metrics.step("endorse", "ok", Duration::from_millis(30));
        metrics.outcome("MVCC_READ_CONFLICT");
        metrics.import_rows("failed", 3);
        metrics.state().index_lag.set(2);
        let text = metrics.text(|state| {
            state.settings_waiting.set(1);
        })?;
        for line in [
            "entrepot_gateway_requests_total{operation=\"whoami\",status=\"200\"} 2",
            "entrepot_gateway_request_seconds_count{operation=\"whoami\"} 2",
            "entrepot_gateway_fabric_steps_total{step=\"endorse\",outcome=\"ok\"} 1",
            "entrepot_gateway_fabric_outcomes_total{validation=\"MVCC_READ_CONFLICT\"} 1",
            "entrepot_gateway_import_rows_total{outcome=\"failed\"} 3",
            "entrepot_gateway_index_lag_blocks 2",
            "entrepot_gateway_settings_waiting 1",
            "entrepot_gateway_reload_failures_total{what=\"membership\"} 0",
            "# EOF",
        ] {
            assert!(text.lines().any(|one| one == line), "{line} is not in\n{text}");
        }
        Ok(())
    }
}
