//! Sends spans to the collector, in the background: what there is no room for, and what the collector does not take, is
//! dropped and counted.

use std::{fs, time::Duration};

use fabric_msp::transport::{ClientTls, connect_lazy};
use opentelemetry_proto::tonic::{
    collector::trace::v1::{ExportTraceServiceRequest, trace_service_client::TraceServiceClient},
    common::v1::InstrumentationScope,
    resource::v1::Resource,
    trace::v1::{ResourceSpans, ScopeSpans, Span},
};
use prometheus_client::metrics::counter::Counter;
use tokio::{
    sync::mpsc::{self, Receiver, Sender},
    task::JoinHandle,
    time::{Instant, timeout, timeout_at},
};
use tonic::transport::Channel;

use super::{TracesError, attribute::text};
use crate::settings::TraceSettings;

/// Spans that may wait.
const QUEUE_MAX: usize = 4096;
/// Spans that are sent at once.
const BATCH_MAX: usize = 512;
/// How long the first span of a batch waits for others.
const LINGER: Duration = Duration::from_secs(1);
/// How long the collector may take for a connection, and for a batch.
const CONNECT_MAX: Duration = Duration::from_secs(5);
const EXPORT_MAX: Duration = Duration::from_secs(10);

/// Takes spans.
pub(super) struct Exporter {
    queue: Sender<Span>,
    dropped: Counter,
}

impl Exporter {
    /// Begins to send. The task ends when this has been dropped and everything was sent.
    pub(super) fn start(
        settings: &TraceSettings,
        (sent, dropped): (Counter, Counter),
    ) -> Result<(Self, JoinHandle<()>), TracesError> {
        let read = |path| {
            fs::read(path).map_err(|cause| TracesError::Authority { path: std::path::PathBuf::from(path), cause })
        };
        let authority = settings.tls_ca.as_deref().map(read).transpose()?;
        let tls = authority.map(|ca_pem| ClientTls { ca_pem, ..ClientTls::default() });
        let endpoint = &settings.endpoint;
        let refused = |cause| TracesError::Collector { endpoint: endpoint.clone(), cause };
        let channel = connect_lazy(endpoint, tls.as_ref(), CONNECT_MAX).map_err(refused)?;
        let resource =
            Resource { attributes: vec![text("service.name", &settings.service_name)], ..Resource::default() };
        let (queue, spans) = mpsc::channel(QUEUE_MAX);
        let sending = Sending {
            client: TraceServiceClient::new(channel),
            resource,
            endpoint: endpoint.clone(),
            sent,
            dropped: dropped.clone(),
            has_failed: false,
        };
        Ok((Self { queue, dropped }, tokio::spawn(sending.send_all(spans))))
    }

    /// Takes a span, which never waits.
    pub(super) fn take(&self, span: Span) {
        if self.queue.try_send(span).is_err() {
            self.dropped.inc();
        }
    }
}

struct Sending {
    client: TraceServiceClient<Channel>,
    resource: Resource,
    endpoint: String,
    sent: Counter,
    dropped: Counter,
    /// Whether the last batch was not taken; told once.
    has_failed: bool,
}

impl Sending {
    async fn send_all(mut self, mut queue: Receiver<Span>) {
        loop {
            let mut spans = Vec::new();
            if queue.recv_many(&mut spans, BATCH_MAX).await == 0 {
                return;
            }
            let departure = Instant::now() + LINGER;
            while spans.len() < BATCH_MAX {
                let room = BATCH_MAX - spans.len();
                match timeout_at(departure, queue.recv_many(&mut spans, room)).await {
                    Ok(0) | Err(_) => break,
                    Ok(_) => {}
                }
            }
            self.send(spans).await;
        }
    }

    async fn send(&mut self, spans: Vec<Span>) {
        let count = u64::try_from(spans.len()).unwrap_or(u64::MAX);
        let scope = InstrumentationScope {
            name: env!("CARGO_PKG_NAME").to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            ..InstrumentationScope::default()
        };
        let scope_spans = vec![ScopeSpans { scope: Some(scope), spans, ..ScopeSpans::default() }];
        let resource = Some(self.resource.clone());
        let resource_spans = vec![ResourceSpans { resource, scope_spans, ..ResourceSpans::default() }];
        let exporting = self.client.export(ExportTraceServiceRequest { resource_spans });
        let refused = match timeout(EXPORT_MAX, exporting).await {
            Ok(Ok(answer)) => {
                let refused = answer.into_inner().partial_success.map_or(0, |part| part.rejected_spans);
                u64::try_from(refused).unwrap_or(0).min(count)
            }
            Ok(Err(status)) => {
                self.tell_failure(status.message());
                count
            }
            Err(_) => {
                self.tell_failure("it has not answered in time");
                count
            }
        };
        if refused < count && std::mem::take(&mut self.has_failed) {
            tracing::info!(endpoint = self.endpoint, "the collector takes traces again");
        }
        self.sent.inc_by(count - refused);
        self.dropped.inc_by(refused);
    }

    fn tell_failure(&mut self, cause: &str) {
        if !std::mem::replace(&mut self.has_failed, true) {
            tracing::warn!(endpoint = self.endpoint, cause, "the collector takes no traces, which are dropped");
        }
    }
}
