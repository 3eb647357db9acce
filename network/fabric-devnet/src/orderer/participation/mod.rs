//! The orderer's channel participation API: which channels it orders, joining one, and leaving one, over HTTP on an
//! address of its own.
//!
//! Whoever can connect may do all of it, as on Fabric, where the TLS authorities of the address decide who that is.

mod form;

use std::{
    convert::Infallible,
    sync::Arc,
    task::{Context, Poll},
};

use fabric_msp::{
    block::data_hash,
    channel::{ConfigError, is_channel_id},
};
use fabric_protos::common::Block;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use prost::Message;
use serde::Serialize;
use tokio::sync::Semaphore;
use tonic::{
    body::Body,
    codegen::{BoxFuture, Service, http},
    server::NamedService,
};

use super::{ChannelStatus, OrderingNode};
use crate::ledgers::{FirstBlock, JoinError};
use http::{Method, Request, Response, StatusCode, header};

/// The largest body of a request, in bytes; Fabric's default.
const BODY_BYTES_MAX: usize = 1024 * 1024;
/// Requests that are worked on at one time; the others wait.
const REQUESTS_AT_ONCE: usize = 8;
const CHANNELS: &str = "/participation/v1/channels";
const BLOCK_PART: &str = "config-block";
const JSON: &str = "application/json";

/// The API of one orderer.
#[derive(Clone)]
pub(crate) struct Participation {
    node: Arc<OrderingNode>,
    places: Arc<Semaphore>,
}

impl Participation {
    pub(crate) fn new(node: Arc<OrderingNode>) -> Self {
        Self { node, places: Arc::new(Semaphore::new(REQUESTS_AT_ONCE)) }
    }

    async fn answer(self, request: Request<Body>) -> Response<Body> {
        // The semaphore is never closed.
        let _place = self.places.acquire().await;
        let path = request.uri().path().to_owned();
        let method = request.method().clone();
        let channel_id = path.strip_prefix(CHANNELS).and_then(|rest| rest.strip_prefix('/'));
        let answered = match (&method, channel_id) {
            _ if path == "/participation/v1/" && method == Method::GET => Ok(redirect()),
            _ if path != CHANNELS && channel_id.is_none_or(|id| id.is_empty() || id.contains('/')) => Ok(no_page()),
            (&Method::GET, _) | (&Method::POST, None) | (&Method::DELETE, Some(_)) if !takes_json(&request) => {
                let text = "response Content-Type is application/json only".to_owned();
                Err(Refusal::new(StatusCode::NOT_ACCEPTABLE, text))
            }
            (&Method::GET, None) => Ok(self.list()),
            (&Method::POST, None) => self.join(request).await,
            (&Method::GET, Some(id)) => self.show(id),
            (&Method::DELETE, Some(id)) => self.leave(id).await,
            (_, None) => Err(Refusal::method(&method, "GET, POST")),
            (_, Some(_)) => Err(Refusal::method(&method, "GET, DELETE")),
        };
        answered.unwrap_or_else(Refusal::into_response)
    }

    fn list(&self) -> Response<Body> {
        let short = |status: ChannelStatus| ShortInfo { url: url_of(&status.name), name: status.name };
        let channels: Vec<ShortInfo> = self.node.channels().into_iter().map(short).collect();
        let channels = (!channels.is_empty()).then_some(channels);
        not_stored(json(StatusCode::OK, &List { system_channel: None, channels }))
    }

    fn show(&self, channel_id: &str) -> Result<Response<Body>, Refusal> {
        check_id(channel_id)?;
        let found = self.node.channels().into_iter().find(|status| status.name == channel_id);
        let missing = || Refusal::new(StatusCode::NOT_FOUND, "channel does not exist".to_owned());
        found.map(|status| not_stored(json(StatusCode::OK, &Info::of(status)))).ok_or_else(missing)
    }

    async fn join(&self, request: Request<Body>) -> Result<Response<Body>, Refusal> {
        let given = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let content_type = given.unwrap_or_default().to_owned();
        if !content_type.contains("multipart/form-dat") {
            return Err(Refusal::bad(format!("unsupported Content-Type: [{content_type}]")));
        }
        let body = read(request.into_body()).await?;
        let first = first_block(block_of(&content_type, &body)?)?;
        match self.node.join(first).await {
            Ok(status) => {
                let info = Info::of(status);
                let mut response = json(StatusCode::CREATED, &info);
                if let Ok(location) = info.url.parse() {
                    response.headers_mut().insert(header::LOCATION, location);
                }
                Ok(response)
            }
            Err(cause @ JoinError::Ordered(_)) => {
                let text = format!("cannot join: {cause}");
                Err(Refusal { allow: Some("GET, DELETE"), ..Refusal::new(StatusCode::METHOD_NOT_ALLOWED, text) })
            }
            Err(cause) => Err(Refusal::bad(format!("cannot join: {cause}"))),
        }
    }

    async fn leave(&self, channel_id: &str) -> Result<Response<Body>, Refusal> {
        check_id(channel_id)?;
        match self.node.leave(channel_id).await {
            Ok(true) => Ok(empty(StatusCode::NO_CONTENT)),
            Ok(false) => Err(Refusal::new(StatusCode::NOT_FOUND, "cannot remove: channel does not exist".to_owned())),
            Err(cause) => Err(Refusal::bad(format!("cannot remove: {cause}"))),
        }
    }
}

impl NamedService for Participation {
    const NAME: &'static str = "participation";
}

impl Service<Request<Body>> for Participation {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Response<Body>, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let answer = self.clone().answer(request);
        Box::pin(async move { Ok(answer.await) })
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct List {
    /// Fabric has none any more, but still says so.
    system_channel: Option<ShortInfo>,
    channels: Option<Vec<ShortInfo>>,
}

#[derive(Serialize)]
struct ShortInfo {
    name: String,
    url: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Info {
    name: String,
    url: String,
    consensus_relation: &'static str,
    status: &'static str,
    height: u64,
}

impl Info {
    fn of(status: ChannelStatus) -> Self {
        let url = url_of(&status.name);
        // Fabric's word for a channel with which the last operation of the orderer has failed.
        let state = if status.trouble.is_some() { "failed" } else { "active" };
        Self { name: status.name, url, consensus_relation: "consenter", status: state, height: status.height }
    }
}

#[derive(Serialize)]
struct ErrorText<'a> {
    error: &'a str,
}

/// An answer that says no. The texts are Fabric's.
#[derive(Debug)]
struct Refusal {
    status: StatusCode,
    text: String,
    allow: Option<&'static str>,
}

impl Refusal {
    fn new(status: StatusCode, text: String) -> Self {
        Self { status, text, allow: None }
    }

    fn bad(text: String) -> Self {
        Self::new(StatusCode::BAD_REQUEST, text)
    }

    fn method(method: &Method, allow: &'static str) -> Self {
        let text = format!("invalid request method: {method}");
        Self { allow: Some(allow), ..Self::new(StatusCode::METHOD_NOT_ALLOWED, text) }
    }

    fn into_response(self) -> Response<Body> {
        tracing::debug!(status = self.status.as_u16(), refusal = self.text, "a channel participation request");
        let mut response = json(self.status, &ErrorText { error: &self.text });
        if let Some(allow) = self.allow {
            response.headers_mut().insert(header::ALLOW, header::HeaderValue::from_static(allow));
        }
        response
    }
}

async fn read(body: Body) -> Result<Vec<u8>, Refusal> {
    match Limited::new(body, BODY_BYTES_MAX).collect().await {
        Ok(collected) => Ok(collected.to_bytes().to_vec()),
        Err(cause) => {
            let cause = match cause.downcast_ref::<LengthLimitError>() {
                Some(_) => "multipart: NextPart: http: request body too large".to_owned(),
                None => cause.to_string(),
            };
            Err(Refusal::bad(format!("cannot read form from request body: {cause}")))
        }
    }
}

/// Whether a form holds a block with which a channel could be joined.
pub(crate) fn join_form(content_type: &str, body: &[u8]) -> bool {
    block_of(content_type, body).and_then(first_block).is_ok()
}

/// The block in the one file of a form.
fn block_of(content_type: &str, body: &[u8]) -> Result<Block, Refusal> {
    let parts = form::parts(content_type, body)
        .map_err(|cause| Refusal::bad(format!("cannot read form from request body: {cause}")))?;
    let file = parts.iter().find(|part| part.is_file && part.name == BLOCK_PART);
    let file = file.ok_or_else(|| Refusal::bad(format!("form does not contains part key: {BLOCK_PART}")))?;
    if parts.len() != 1 {
        return Err(Refusal::bad("form contains too many parts".to_owned()));
    }
    Block::decode(file.content)
        .map_err(|cause| Refusal::bad(format!("cannot unmarshal file part {BLOCK_PART} into a block: proto: {cause}")))
}

/// Checks a block in Fabric's order; whether the channel can be ordered here is for the node to say.
fn first_block(block: Block) -> Result<FirstBlock, Refusal> {
    let invalid = |cause: &dyn std::fmt::Display| Refusal::bad(format!("invalid join block: {cause}"));
    let (Some(data), Some(header)) = (&block.data, &block.header) else {
        return Err(invalid(&"block is not a config block"));
    };
    if block.metadata.as_ref().is_none_or(|metadata| metadata.metadata.is_empty()) {
        return Err(invalid(&"invalid block: does not have metadata"));
    }
    if header.data_hash != data_hash(data) {
        return Err(invalid(&"invalid block: Header.DataHash is different from Hash(block.Data)"));
    }
    FirstBlock::new(block).map_err(|cause| match cause {
        JoinError::Config(ConfigError::NotConfiguration) => invalid(&"block is not a config block"),
        JoinError::Config(cause) => invalid(&cause),
        other => Refusal::bad(format!("cannot join: {other}")),
    })
}

fn check_id(channel_id: &str) -> Result<(), Refusal> {
    if is_channel_id(channel_id) {
        return Ok(());
    }
    let text = match channel_id.len() > 249 {
        true => "channel ID illegal, cannot be longer than 249".to_owned(),
        false => format!("'{channel_id}' contains illegal characters"),
    };
    Err(Refusal::bad(format!("invalid channel ID: {text}")))
}

fn takes_json(request: &Request<Body>) -> bool {
    let accepted = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accepted.is_empty() || [JSON, "application/*", "*/*"].iter().any(|kind| accepted.contains(kind))
}

fn url_of(channel_id: &str) -> String {
    format!("{CHANNELS}/{channel_id}")
}

fn json(status: StatusCode, content: &impl Serialize) -> Response<Body> {
    // Texts and numbers always have a form in JSON.
    let text = serde_json::to_string(content).unwrap_or_default() + "\n";
    let mut response = with_body(status, text);
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static(JSON));
    response
}

fn not_stored(mut response: Response<Body>) -> Response<Body> {
    response.headers_mut().insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    response
}

fn redirect() -> Response<Body> {
    let mut response = empty(StatusCode::FOUND);
    response.headers_mut().insert(header::LOCATION, header::HeaderValue::from_static(CHANNELS));
    response
}

fn no_page() -> Response<Body> {
    with_body(StatusCode::NOT_FOUND, "404 page not found\n".to_owned())
}

fn empty(status: StatusCode) -> Response<Body> {
    with_body(status, String::new())
}

fn with_body(status: StatusCode, text: String) -> Response<Body> {
    let body = http_body_util::Full::new(tonic::codegen::Bytes::from(text));
    let mut response = Response::new(Body::new(body));
    *response.status_mut() = status;
    response
}
