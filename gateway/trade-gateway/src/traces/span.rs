//! Spans of requests and of their steps.

use std::{
    future::Future,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use openssl::rand::rand_bytes;
use opentelemetry_proto::tonic::{
    common::v1::any_value::Value,
    trace::v1::{Span, Status, span::SpanKind, status::StatusCode},
};
use prometheus_client::metrics::counter::Counter;

use super::{
    Ended, TracesError,
    attribute::{attribute, text},
    exporter::Exporter,
    parent,
};
use crate::settings::TraceSettings;

tokio::task_local! {
    /// The request that the present task works on.
    static CURRENT: Arc<Begun>;
}

/// Begins traces; of nothing, where the settings name no collector.
#[derive(Default)]
pub(crate) struct Traces(Option<Sampling>);

struct Sampling {
    exporter: Arc<Exporter>,
    /// How large a part of requests without a parent is traced.
    ratio: f64,
}

/// The span of a request; of none, where the request is not traced.
#[derive(Clone, Default)]
pub(crate) struct RequestSpan(Option<Arc<Begun>>);

/// A traced request.
struct Begun {
    exporter: Arc<Exporter>,
    trace_id: [u8; 16],
    span_id: [u8; 8],
    /// The caller's span, if it has one.
    parent: Option<[u8; 8]>,
}

impl Traces {
    /// Begins to send, where there is a collector; the task ends when all spans are sent that there will be. `counters`
    /// count the spans that were sent and those that were dropped. Must be called inside a tokio runtime.
    ///
    /// # Errors
    /// The settings cannot be used.
    pub(crate) fn start(
        settings: Option<&TraceSettings>,
        counters: impl FnOnce() -> (Counter, Counter),
    ) -> Result<(Arc<Self>, Option<tokio::task::JoinHandle<()>>), TracesError> {
        let Some(settings) = settings else { return Ok((Arc::default(), None)) };
        let (exporter, sending) = Exporter::start(settings, counters())?;
        let sampling = Sampling { exporter: Arc::new(exporter), ratio: settings.sampling_ratio };
        Ok((Arc::new(Self(Some(sampling))), Some(sending)))
    }

    /// Begins the span of a request, by the headers `traceparent` of its caller.
    pub(crate) fn begin<'a>(&self, mut traceparents: impl Iterator<Item = &'a [u8]>) -> RequestSpan {
        let Some(sampling) = &self.0 else { return RequestSpan::default() };
        let parent = match (traceparents.next(), traceparents.next()) {
            (Some(header), None) => parent::parse(header),
            _ => None,
        };
        let Some(span_id) = random::<8>() else { return RequestSpan::default() };
        let begun = |trace_id, parent| {
            let exporter = Arc::clone(&sampling.exporter);
            RequestSpan(Some(Arc::new(Begun { exporter, trace_id, span_id, parent })))
        };
        match parent {
            Some(parent) if parent.is_sampled => begun(parent.trace_id, Some(parent.span_id)),
            Some(_) => RequestSpan::default(),
            None => match random::<16>() {
                Some(trace_id) if is_within(sampling.ratio, &trace_id) => begun(trace_id, None),
                _ => RequestSpan::default(),
            },
        }
    }
}

impl RequestSpan {
    /// The work whose steps belong to this request.
    pub(crate) fn around<F: Future>(&self, work: F) -> impl Future<Output = F::Output> + use<F> {
        let begun = self.0.clone();
        async move {
            match begun {
                Some(begun) => CURRENT.scope(begun, work).await,
                None => work.await,
            }
        }
    }

    /// Ends the span.
    pub(crate) fn end(&self, request: &Ended<'_>) {
        let Some(begun) = &self.0 else { return };
        let code = i64::from(request.status);
        let mut attributes = vec![
            text("http.request.method", request.method),
            text("http.route", request.path),
            attribute("http.response.status_code", Value::IntValue(code)),
            text("entrepot.operation", request.operation),
            text("entrepot.outcome", request.outcome),
        ];
        attributes.extend(request.transaction_id.map(|id| text("fabric.transaction_id", id)));
        begun.exporter.take(Span {
            trace_id: begun.trace_id.to_vec(),
            span_id: begun.span_id.to_vec(),
            parent_span_id: begun.parent.map(Vec::from).unwrap_or_default(),
            name: format!("{} {}", request.method, request.path),
            kind: SpanKind::Server.into(),
            attributes,
            status: failed(request.status >= 500),
            ..ended_now(request.began.elapsed())
        });
    }
}

/// Tells a step on Fabric that has just ended and took so long, where it is one of a traced request.
pub(crate) fn step(name: &'static str, outcome: &'static str, took: Duration) {
    let told = CURRENT.try_with(|begun| {
        let Some(span_id) = random::<8>() else { return };
        begun.exporter.take(Span {
            trace_id: begun.trace_id.to_vec(),
            span_id: span_id.to_vec(),
            parent_span_id: begun.span_id.to_vec(),
            name: format!("fabric {name}"),
            kind: SpanKind::Client.into(),
            attributes: vec![text("entrepot.outcome", outcome)],
            status: failed(!matches!(outcome, "ok" | "contract" | "unknown_yet")),
            ..ended_now(took)
        });
    });
    // An error says that the step belongs to no traced request.
    let _ = told;
}

fn ended_now(took: Duration) -> Span {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let nanoseconds = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
    let (end, start) = (nanoseconds(now), nanoseconds(now.saturating_sub(took)));
    Span { start_time_unix_nano: start, end_time_unix_nano: end, ..Span::default() }
}

fn failed(failed: bool) -> Option<Status> {
    failed.then(|| Status { code: StatusCode::Error.into(), ..Status::default() })
}

/// An id that is not all zeros; none when there is no randomness, and then there is no span.
fn random<const N: usize>() -> Option<[u8; N]> {
    let mut id = [0; N];
    rand_bytes(&mut id).ok()?;
    (id != [0; N]).then_some(id)
}

/// Whether this trace is one of the part that is kept. By its last bytes, which are random.
fn is_within(ratio: f64, trace_id: &[u8; 16]) -> bool {
    let [.., a, b, c, d] = *trace_id;
    f64::from(u32::from_be_bytes([a, b, c, d])) < ratio * 4_294_967_296.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_keeps_its_part_of_all_traces() {
        let id = |last: u32| {
            let mut id = [7; 16];
            id[12..].copy_from_slice(&last.to_be_bytes());
            id
        };
        assert!(is_within(1.0, &id(u32::MAX)) && !is_within(0.0, &id(0)));
        assert!(is_within(0.25, &id((1 << 30) - 1)) && !is_within(0.25, &id(1 << 30)));
    }
}
