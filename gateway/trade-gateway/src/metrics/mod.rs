//! What a gateway counts, in the text form of OpenMetrics 1.0, which Prometheus reads.
//!
//! Labels have few values: names of routes, steps and codes, organizations of the settings; never ids or addresses.

mod metered;

use std::{sync::atomic::AtomicU64, time::Duration};

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

/// The media type of the text.
pub(crate) const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

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
    import_rows: Family<ImportLabels, Counter>,
    state: State,
}

/// What is set when the numbers are asked for.
#[derive(Default)]
pub(crate) struct State {
    /// The next block that the index needs.
    pub(crate) index_height: Gauge,
    /// Blocks of the peer that the index has not read.
    pub(crate) index_lag: Gauge,
    /// Webhooks by how they stand.
    pub(crate) webhooks: Family<WebhookLabels, Gauge>,
    /// Blocks that the webhook furthest behind has not got over.
    pub(crate) webhook_lag: Gauge,
    /// Days until a certificate ends.
    pub(crate) certificate_days: Family<CertificateLabels, Fraction>,
    /// Days since an organization's revocation list was issued.
    pub(crate) revocation_list_age: Family<OrganizationLabels, Fraction>,
    /// Days until the next one is due.
    pub(crate) revocation_list_due: Family<OrganizationLabels, Fraction>,
    /// 1 when an organization's rules could not be read again.
    pub(crate) membership_stale: Gauge,
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
struct ImportLabels {
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
            state: State::default(),
        };
        metrics.register();
        metrics
    }

    fn register(&mut self) {
        let (registry, state) = (&mut self.registry, &self.state);
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
        registry.register("index_height_blocks", "The next block that the index needs", state.index_height.clone());
        registry.register(
            "index_lag_blocks",
            "Blocks of the peer that the index has not read; -1 when that is not known",
            state.index_lag.clone(),
        );
        registry.register("webhooks", "Webhooks by how they stand", state.webhooks.clone());
        registry.register(
            "webhook_lag_blocks",
            "Blocks whose events the webhook furthest behind has not got over, of those that are not stopped",
            state.webhook_lag.clone(),
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
            "reload_failures",
            "Files that could not be read again, and whose former content stays",
            self.reload_failures.clone(),
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

    /// Counts a step on Fabric.
    fn step(&self, step: &'static str, outcome: &'static str, took: Duration) {
        self.steps.get_or_create(&StepLabels { step, outcome }).inc();
        self.step_seconds.get_or_create(&StepNameLabels { step }).observe(took.as_secs_f64());
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
        self.import_rows.get_or_create(&ImportLabels { outcome }).inc_by(count);
    }

    /// What is set when the numbers are asked for.
    pub(crate) fn state(&self) -> &State {
        &self.state
    }

    /// All numbers.
    ///
    /// # Errors
    /// A number cannot be written, which no number of these is.
    pub(crate) fn text(&self) -> Result<String, std::fmt::Error> {
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
        let text = metrics.text()?;
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
        let text = metrics.text()?;
        for line in [
            "entrepot_gateway_requests_total{operation=\"whoami\",status=\"200\"} 2",
            "entrepot_gateway_request_seconds_count{operation=\"whoami\"} 2",
            "entrepot_gateway_fabric_steps_total{step=\"endorse\",outcome=\"ok\"} 1",
            "entrepot_gateway_fabric_outcomes_total{validation=\"MVCC_READ_CONFLICT\"} 1",
            "entrepot_gateway_import_rows_total{outcome=\"failed\"} 3",
            "entrepot_gateway_index_lag_blocks 2",
            "# EOF",
        ] {
            assert!(text.lines().any(|one| one == line), "{line} is not in\n{text}");
        }
        Ok(())
    }
}
