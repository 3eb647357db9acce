//! Traces, as a collector gets them: the messages and the service are those of OpenTelemetry's own crate.

use std::{
    collections::BTreeMap,
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use fabric_msp::transport::{ServerTls, incoming, server};
use opentelemetry_proto::tonic::{
    collector::trace::v1::{
        ExportTraceServiceRequest, ExportTraceServiceResponse,
        trace_service_server::{TraceService, TraceServiceServer},
    },
    common::v1::any_value::Value,
    trace::v1::{Span, span::SpanKind},
};
use tokio::runtime::Runtime;
use tonic::{Request, Response, Status};
use trade_gateway::settings::TraceSettings;

use crate::{
    TestResult,
    double::{Double, status},
    organizations::{EXPORTER, Gateway, Organizations},
    writing::evidence,
};

/// How long is waited for what must come.
const PATIENCE: Duration = Duration::from_secs(60);

const TRACE_ID: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT_ID: &str = "00f067aa0ba902b7";

type Received = Arc<Mutex<Vec<ExportTraceServiceRequest>>>;

/// A collector that keeps what it gets.
struct Collector(Received);

#[tonic::async_trait]
impl TraceService for Collector {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(request.into_inner());
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

/// Starts a collector that speaks TLS; it ends with its runtime.
fn collector(organizations: &Organizations) -> Result<(Runtime, SocketAddr, Received), Box<dyn std::error::Error>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let (cert_pem, key_pem) = organizations.server_keys();
    let tls = ServerTls { cert_pem, key_pem, client_ca_pem: None };
    let received = Received::default();
    let service = TraceServiceServer::new(Collector(Arc::clone(&received)));
    let address = runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let connections = incoming(listener, Some(&tls))?;
        tokio::spawn(server().add_service(service).serve_with_incoming(connections));
        Ok::<_, Box<dyn std::error::Error>>(address)
    })?;
    Ok((runtime, address, received))
}

fn traced(organizations: &Organizations, double: Double, traces: TraceSettings) -> Gateway {
    let settings = trade_gateway::Settings { traces: Some(traces), ..organizations.settings() };
    let double = Arc::new(double);
    organizations.start(settings, Arc::clone(&double) as _, double)
}

fn spans_of(received: &Received) -> Vec<Span> {
    let received = received.lock().unwrap_or_else(PoisonError::into_inner);
    let scopes = received.iter().flat_map(|request| &request.resource_spans).flat_map(|one| &one.scope_spans);
    scopes.flat_map(|scope| scope.spans.clone()).collect()
}

fn attributes(span: &Span) -> BTreeMap<&str, String> {
    let told = span.attributes.iter().map(|one| {
        let value = one.value.as_ref().and_then(|value| value.value.as_ref());
        let value = match value {
            Some(Value::StringValue(text)) => text.clone(),
            Some(Value::IntValue(number)) => number.to_string(),
            other => format!("{other:?}"),
        };
        (one.key.as_str(), value)
    });
    told.collect()
}

#[test]
fn a_members_request_is_a_trace_of_its_steps_and_tells_nothing_of_its_content() -> TestResult {
    let organizations = Organizations::new();
    let (_runtime, address, received) = collector(&organizations)?;
    let traces = TraceSettings {
        endpoint: address.to_string(),
        tls_ca: Some(organizations.write_tls_authority()),
        sampling_ratio: 0.0,
        service_name: "gateway of a test".to_owned(),
    };
    let gateway = traced(&organizations, Double::default(), traces);
    let exporter = gateway.caller(&organizations.member(EXPORTER));
    let post = |key: &str, traceparents: &[String]| {
        let mut headers = vec![("Content-Type", "application/json"), ("Idempotency-Key", key)];
        headers.extend(traceparents.iter().map(|value| ("traceparent", value.as_str())));
        exporter.send("POST", "/v1/evidence", &headers, evidence().to_string().as_bytes())
    };
    let parent = |flags: &str| format!("00-{TRACE_ID}-{PARENT_ID}-{flags}");
    let answer = post("k1", &[parent("01")])?;
    assert_eq!(answer.status, 201, "{}", String::from_utf8_lossy(&answer.body));
    let transaction_id = answer.json()?["transaction_id"].as_str().ok_or("no transaction")?.to_owned();
    // None of these is one: not kept by the caller, twice, malformed, none at all with a ratio of 0, and a stranger's.
    for (key, traceparents) in
        [("k2", vec![parent("00")]), ("k3", vec![parent("01"); 2]), ("k4", vec!["00-x".to_owned()]), ("k5", Vec::new())]
    {
        assert_eq!(post(key, &traceparents)?.status, 201);
    }
    gateway.anonymous().send("GET", "/openapi.json", &[("traceparent", &parent("01"))], b"")?;
    // What waits is sent before it has stopped.
    gateway.stop();

    let resources = received.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let resource = resources.first().and_then(|one| one.resource_spans[0].resource.clone()).ok_or("nothing came")?;
    assert_eq!(resource.attributes.len(), 1);
    assert_eq!(resource.attributes[0].key, "service.name");
    let spans = spans_of(&received);
    let names: Vec<&str> = spans.iter().map(|span| span.name.as_str()).collect();
    assert_eq!(names, ["fabric endorse", "fabric submit", "fabric commit", "POST /v1/evidence"]);
    let (root, steps) = spans.split_last().ok_or("no spans")?;
    assert_eq!((root.kind(), hex(&root.parent_span_id).as_str()), (SpanKind::Server, PARENT_ID));
    let told = attributes(root);
    assert_eq!(told["http.route"], "/v1/evidence");
    assert_eq!((told["http.response.status_code"].as_str(), told["http.request.method"].as_str()), ("201", "POST"));
    assert_eq!(told["fabric.transaction_id"], transaction_id);
    assert_eq!(told.len(), 6, "{told:?}");
    for step in steps {
        assert_eq!((step.kind(), &step.parent_span_id), (SpanKind::Client, &root.span_id), "{}", step.name);
        assert_eq!(attributes(step), BTreeMap::from([("entrepot.outcome", "ok".to_owned())]));
        let within = root.start_time_unix_nano..=root.end_time_unix_nano;
        assert!(step.start_time_unix_nano <= step.end_time_unix_nano && within.contains(&step.end_time_unix_nano));
    }
    assert!(spans.iter().all(|span| hex(&span.trace_id) == TRACE_ID));
    let everything = format!("{resources:?}");
    for secret in ["scanner", "application/pdf", "MSP", "CN=", "127.0.0.1"] {
        assert!(!everything.contains(secret), "{secret} is told: {everything}");
    }
    Ok(())
}

#[test]
fn a_failed_step_is_told_as_one() -> TestResult {
    let organizations = Organizations::new();
    let (_runtime, address, received) = collector(&organizations)?;
    let traces = TraceSettings {
        endpoint: address.to_string(),
        tls_ca: Some(organizations.write_tls_authority()),
        sampling_ratio: 1.0,
        service_name: "gateway of a test".to_owned(),
    };
    let double = Double::default();
    double.script().endorsements.push_back(status(14, "no peer answers"));
    let gateway = traced(&organizations, double, traces);
    let answer = gateway.caller(&organizations.member(EXPORTER)).post("/v1/evidence", "k1", &evidence())?;
    assert_eq!(answer.status, 503);
    gateway.stop();
    let spans = spans_of(&received);
    let failed: Vec<bool> = spans.iter().map(|span| span.status.is_some()).collect();
    assert!(spans.len() >= 2 && failed.iter().all(|failed| *failed), "{spans:?}");
    assert!(spans.iter().all(|span| span.trace_id == spans[0].trace_id && !span.trace_id.is_empty()));
    assert!(spans.last().is_some_and(|root| root.parent_span_id.is_empty()));
    Ok(())
}

#[test]
fn requests_are_answered_while_no_collector_listens_and_dropped_spans_are_counted() -> TestResult {
    let organizations = Organizations::new();
    let nobody = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let traces = TraceSettings {
        endpoint: nobody.to_string(),
        tls_ca: None,
        sampling_ratio: 1.0,
        service_name: "gateway of a test".to_owned(),
    };
    let gateway = traced(&organizations, Double::default(), traces);
    assert_eq!(numbers(&gateway)?, (0, 0));
    let exporter = gateway.caller(&organizations.member(EXPORTER));
    assert_eq!(exporter.post("/v1/evidence", "k1", &evidence())?.status, 201);
    let end = Instant::now() + PATIENCE;
    while numbers(&gateway)? != (0, 4) {
        assert!(Instant::now() < end, "{:?}", numbers(&gateway)?);
    }
    Ok(())
}

/// How many spans were sent and dropped.
fn numbers(gateway: &Gateway) -> Result<(u64, u64), Box<dyn std::error::Error>> {
    let mut stream = TcpStream::connect(gateway.admin_address())?;
    stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    let number = |outcome: &str| -> Result<u64, Box<dyn std::error::Error>> {
        let name = format!("entrepot_gateway_trace_spans_total{{outcome=\"{outcome}\"}} ");
        let line = text.lines().find_map(|line| line.strip_prefix(&name));
        Ok(line.ok_or_else(|| format!("{name} is not in\n{text}"))?.trim().parse()?)
    };
    Ok((number("sent")?, number("dropped")?))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
