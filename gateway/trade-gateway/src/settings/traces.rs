//! Where traces go.

use std::path::PathBuf;

use fabric_msp::transport::uri_of;
use serde::{Deserialize, Serialize};

use super::host::is_loopback;

/// Longest name of the service, in bytes.
const NAME_BYTES_MAX: usize = 128;

/// OpenTelemetry traces of members' requests, sent to a collector. Without this section there are none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TraceSettings {
    /// The collector that takes OTLP by gRPC, `host:port`.
    pub endpoint: String,
    /// The authority of the collector's TLS certificate, PEM file. Without it the collector is called without TLS,
    /// which is refused off the loopback.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_ca: Option<PathBuf>,
    /// How large a part of the requests is traced whose callers send no `traceparent`, 0 to 1. Default: 1.
    #[serde(default = "sampling_ratio")]
    pub sampling_ratio: f64,
    /// The attribute `service.name` of all spans. Default: `entrepot-gateway`.
    #[serde(default = "service_name")]
    pub service_name: String,
}

fn sampling_ratio() -> f64 {
    1.0
}

fn service_name() -> String {
    "entrepot-gateway".to_owned()
}

/// Why settings of traces are refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TraceSettingsError {
    /// The program cannot send any.
    #[error("traces need a program that was built with the feature otlp")]
    NotBuilt,
    /// No address.
    #[error("traces.endpoint {0} is not host:port")]
    Endpoint(String),
    /// Nobody would know who gets them.
    #[error(
        "the collector {0} would be called without TLS, which only a loopback address may: traces.tls_ca is missing"
    )]
    Plain(String),
    /// No part of anything.
    #[error("traces.sampling_ratio is not between 0 and 1")]
    Ratio,
    /// Empty or too long.
    #[error("traces.service_name has not between 1 and {NAME_BYTES_MAX} bytes")]
    Name,
}

impl TraceSettings {
    pub(super) fn check(&self) -> Result<(), TraceSettingsError> {
        if !cfg!(feature = "otlp") {
            return Err(TraceSettingsError::NotBuilt);
        }
        if uri_of(&self.endpoint).is_err() {
            return Err(TraceSettingsError::Endpoint(self.endpoint.clone()));
        }
        if self.tls_ca.is_none() && !is_loopback(&self.endpoint) {
            return Err(TraceSettingsError::Plain(self.endpoint.clone()));
        }
        if !(0.0..=1.0).contains(&self.sampling_ratio) {
            return Err(TraceSettingsError::Ratio);
        }
        if self.service_name.is_empty() || self.service_name.len() > NAME_BYTES_MAX {
            return Err(TraceSettingsError::Name);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::TraceSettingsError;
    use crate::settings::{Settings, SettingsError, tests::EXAMPLE};

    fn with(traces: &str) -> Result<Settings, SettingsError> {
        Settings::parse(&format!("{EXAMPLE}traces: {traces}\n"))
    }

    #[cfg(not(feature = "otlp"))]
    #[test]
    fn a_program_that_cannot_send_traces_says_so() {
        let refused = with("{ endpoint: '127.0.0.1:4317' }");
        assert!(matches!(refused, Err(SettingsError::Traces(TraceSettingsError::NotBuilt))), "{refused:?}");
    }

    #[cfg(feature = "otlp")]
    #[test]
    fn settings_of_traces_have_defaults_and_are_refused_by_cause() -> Result<(), SettingsError> {
        let traces = with("{ endpoint: '127.0.0.1:4317' }")?.traces.unwrap_or_else(|| panic!("no traces"));
        assert!(traces.sampling_ratio == 1.0 && traces.service_name == "entrepot-gateway" && traces.tls_ca.is_none());
        assert!(with("{ endpoint: 'collector.example:4317', tls_ca: ca.pem }").is_ok());
        for (traces, cause) in [
            ("{ endpoint: 'http://127.0.0.1:4317' }", TraceSettingsError::Endpoint("http://127.0.0.1:4317".into())),
            ("{ endpoint: 'collector.example:4317' }", TraceSettingsError::Plain("collector.example:4317".into())),
            ("{ endpoint: '127.0.0.1:4317', sampling_ratio: 1.5 }", TraceSettingsError::Ratio),
            ("{ endpoint: '127.0.0.1:4317', sampling_ratio: .nan }", TraceSettingsError::Ratio),
            ("{ endpoint: '127.0.0.1:4317', service_name: '' }", TraceSettingsError::Name),
        ] {
            let refused = with(traces);
            assert!(matches!(&refused, Err(SettingsError::Traces(own)) if *own == cause), "{traces}: {refused:?}");
        }
        Ok(())
    }
}
