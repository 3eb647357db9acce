//! The orderer's channel participation API of Fabric 3.1: which channels it orders, joining and leaving one, changing
//! its configuration and fetching its blocks, over HTTP on an address of its own.
//!
//! Everybody who can connect may do all of it, as on Fabric, where the TLS authorities of the address decide who can.

mod answer;
mod form;
mod submitted;

use std::{
    convert::Infallible,
    sync::Arc,
    task::{Context, Poll},
};

use fabric_config::is_channel_id;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use prost::Message;
use tokio::sync::Semaphore;
use tonic::{
    body::Body,
    codegen::{BoxFuture, Service, http},
    server::NamedService,
};

use self::answer::{CHANNELS, Info, List, Refusal};
use super::{ConfigureError, OrderingNode};
use crate::{
    ledger::LedgerError,
    ledgers::JoinError,
    web::{self, JSON},
};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};

/// The largest body of a request, in bytes; Fabric's default.
const BODY_BYTES_MAX: usize = 1024 * 1024;
/// Requests that are worked on at one time; the others wait.
const REQUESTS_AT_ONCE: usize = 8;
const BASE: &str = "/participation/v1/";

/// The API of one orderer.
#[derive(Clone)]
pub(crate) struct Participation {
    node: Arc<OrderingNode>,
    permits: Arc<Semaphore>,
}

/// What a path names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Resource<'a> {
    Base,
    Channels,
    Channel(&'a str),
    Block(&'a str, &'a str),
}

impl<'a> Resource<'a> {
    fn of(path: &'a str) -> Option<Self> {
        if path == BASE {
            return Some(Self::Base);
        }
        let rest = path.strip_prefix(CHANNELS)?;
        if rest.is_empty() {
            return Some(Self::Channels);
        }
        let parts: Vec<&str> = rest.strip_prefix('/')?.split('/').collect();
        match parts[..] {
            [channel] if !channel.is_empty() => Some(Self::Channel(channel)),
            [channel, "blocks", block] if !channel.is_empty() && !block.is_empty() => Some(Self::Block(channel, block)),
            _ => None,
        }
    }
}

impl Participation {
    pub(crate) fn new(node: Arc<OrderingNode>) -> Self {
        Self { node, permits: Arc::new(Semaphore::new(REQUESTS_AT_ONCE)) }
    }

    async fn answer(self, request: Request<Body>) -> Response<Body> {
        // The semaphore is never closed.
        let _permit = self.permits.acquire().await;
        let is_head = request.method() == Method::HEAD;
        let path = request.uri().path().to_owned();
        let response = match Resource::of(&path) {
            Some(resource) => self.serve(resource, request).await.unwrap_or_else(Refusal::into_response),
            None => web::no_page(),
        };
        if is_head { web::without_body(response) } else { response }
    }

    async fn serve(&self, resource: Resource<'_>, request: Request<Body>) -> Result<Response<Body>, Refusal> {
        let (parts, body) = request.into_parts();
        let (method, headers) = (parts.method, parts.headers);
        match (resource, &method) {
            (Resource::Base, &Method::GET) => Ok(redirect()),
            (Resource::Base, _) => Ok(web::empty(StatusCode::METHOD_NOT_ALLOWED)),
            (Resource::Channels, &Method::GET) => self.list(&headers),
            (Resource::Channels, &Method::POST) => self.join(&headers, body).await,
            (Resource::Channels, &Method::PUT) => self.update(&headers, body).await,
            (Resource::Channels, _) => Err(Refusal::method(&method, "GET, POST, PUT")),
            (Resource::Channel(id), &Method::GET) => self.show(id, &headers),
            (Resource::Channel(id), &Method::DELETE) => self.leave(id, &headers).await,
            (Resource::Channel(_), _) => Err(Refusal::method(&method, "GET, DELETE")),
            (Resource::Block(id, block), &Method::GET) => self.fetch(id, block, &headers).await,
            (Resource::Block(..), _) => Err(Refusal::method(&method, "GET")),
        }
    }

    fn list(&self, headers: &HeaderMap) -> Result<Response<Body>, Refusal> {
        check_accept(headers)?;
        Ok(not_stored(web::json(StatusCode::OK, &List::of(self.node.channels()))))
    }

    fn show(&self, channel_id: &str, headers: &HeaderMap) -> Result<Response<Body>, Refusal> {
        check_accept(headers)?;
        check_id(channel_id)?;
        let found = self.node.channels().into_iter().find(|status| status.name == channel_id);
        let info = Info::of(found.ok_or_else(no_channel)?);
        Ok(not_stored(web::json(StatusCode::OK, &info)))
    }

    async fn join(&self, headers: &HeaderMap, body: Body) -> Result<Response<Body>, Refusal> {
        let (content_type, body) = form_of(headers, body).await?;
        let first = submitted::genesis_block(&content_type, &body)?;
        match self.node.join(first).await {
            Ok(status) => Ok(Info::of(status).created()),
            Err(cause @ JoinError::Ordered(_)) => {
                Err(Refusal::not_allowed(format!("cannot join: {cause}"), "GET, DELETE"))
            }
            Err(cause) => Err(Refusal::bad(format!("cannot join: {cause}"))),
        }
    }

    async fn update(&self, headers: &HeaderMap, body: Body) -> Result<Response<Body>, Refusal> {
        let (content_type, body) = form_of(headers, body).await?;
        let (channel_id, envelope) = submitted::config_update(&content_type, &body)?;
        match self.node.configure(&channel_id, envelope).await {
            Ok(status) => Ok(Info::of(status).created()),
            Err(cause @ ConfigureError::UnknownChannel) => {
                Err(Refusal::new(StatusCode::METHOD_NOT_ALLOWED, format!("cannot update: {cause}")))
            }
            Err(cause) => Err(Refusal::bad(format!("cannot update: {cause}"))),
        }
    }

    async fn leave(&self, channel_id: &str, headers: &HeaderMap) -> Result<Response<Body>, Refusal> {
        check_accept(headers)?;
        check_id(channel_id)?;
        match self.node.leave(channel_id).await {
            Ok(true) => Ok(web::empty(StatusCode::NO_CONTENT)),
            Ok(false) => Err(Refusal::new(StatusCode::NOT_FOUND, "cannot remove: channel does not exist")),
            Err(cause) => Err(Refusal::bad(format!("cannot remove: {cause}"))),
        }
    }

    async fn fetch(&self, channel_id: &str, block: &str, headers: &HeaderMap) -> Result<Response<Body>, Refusal> {
        check_accept(headers)?;
        check_id(channel_id)?;
        let block = BlockId::parse(block)?;
        let orderer = self.node.chain(channel_id).ok_or_else(no_channel)?;
        let ledger = Arc::clone(orderer.ledger());
        let read = move || -> Result<_, LedgerError> {
            Ok(match block {
                BlockId::Newest => ledger.block(ledger.height().saturating_sub(1))?,
                BlockId::Config => Some(ledger.last_config_block()?),
                BlockId::Number(number) => ledger.block(number)?,
            })
        };
        let failed = |cause: String| Refusal::new(StatusCode::NOT_FOUND, cause);
        let found = tokio::task::spawn_blocking(read).await.map_err(|cause| failed(cause.to_string()))?;
        let found = found.map_err(|cause| failed(cause.to_string()))?;
        let found = found.ok_or_else(|| failed(format!("no such block number [{}] in index", block.number())))?;
        let bytes = super::service::as_ordered(found.as_ref().clone()).encode_to_vec();
        Ok(not_stored(web::with_body(StatusCode::OK, "application/octet-stream", bytes)))
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

/// Which block is fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum BlockId {
    Newest,
    Config,
    Number(u64),
}

impl BlockId {
    fn parse(text: &str) -> Result<Self, Refusal> {
        let illegal = || Refusal::bad(format!("invalid block ID: '{text}' not equal <newest|oldest|config|(number)>"));
        Ok(match text {
            "newest" => Self::Newest,
            "config" => Self::Config,
            "oldest" => Self::Number(0),
            number => match number.parse::<i64>().map_err(|_| illegal())? {
                // Fabric takes the number without a sign, and its block store the largest of all as the newest.
                -1 => Self::Newest,
                number => Self::Number(number.cast_unsigned()),
            },
        })
    }

    fn number(self) -> u64 {
        match self {
            Self::Number(number) => number,
            Self::Newest | Self::Config => u64::MAX,
        }
    }
}

/// Whether a form holds a block with which a channel could be joined.
pub(crate) fn join_form(content_type: &str, body: &[u8]) -> bool {
    submitted::genesis_block(content_type, body).is_ok()
}

/// The media type and the body of a request with a form.
async fn form_of(headers: &HeaderMap, body: Body) -> Result<(String, Vec<u8>), Refusal> {
    let given = headers.get_all(header::CONTENT_TYPE);
    let given: Vec<&str> = given.iter().filter_map(|value| value.to_str().ok()).collect();
    let is_form = |value: &&str| value.contains("multipart/form-dat");
    let Some(content_type) = given.iter().copied().find(is_form).map(str::to_owned) else {
        return Err(Refusal::bad(format!("unsupported Content-Type: [{}]", given.join(" "))));
    };
    check_accept(headers)?;
    Ok((content_type, read(body).await?))
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

fn no_channel() -> Refusal {
    Refusal::new(StatusCode::NOT_FOUND, "channel does not exist")
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

fn check_accept(headers: &HeaderMap) -> Result<(), Refusal> {
    let accepted = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if accepted.is_empty() || [JSON, "application/*", "*/*"].iter().any(|kind| accepted.contains(kind)) {
        return Ok(());
    }
    Err(Refusal::new(StatusCode::NOT_ACCEPTABLE, "response Content-Type is application/json only"))
}

fn not_stored(response: Response<Body>) -> Response<Body> {
    web::with_header(response, header::CACHE_CONTROL, "no-store")
}

fn redirect() -> Response<Body> {
    let page = format!("<a href=\"{CHANNELS}\">Found</a>.\n\n");
    let mut response = web::with_body(StatusCode::FOUND, "text/html; charset=utf-8", page.into_bytes());
    response.headers_mut().insert(header::LOCATION, HeaderValue::from_static(CHANNELS));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_a_resource_or_nothing() {
        let table = [
            ("/participation/v1/", Some(Resource::Base)),
            ("/participation/v1/channels", Some(Resource::Channels)),
            ("/participation/v1/channels/a", Some(Resource::Channel("a"))),
            ("/participation/v1/channels/a/blocks/7", Some(Resource::Block("a", "7"))),
            ("/participation/v1", None),
            ("/participation/v1/channels/", None),
            ("/participation/v1/channelsa", None),
            ("/participation/v1/channels/a/", None),
            ("/participation/v1/channels/a/blocks", None),
            ("/participation/v1/channels/a/blocks/", None),
            ("/participation/v1/channels/a/block/7", None),
            ("/participation/v1/channels/a/blocks/7/8", None),
        ];
        for (path, resource) in table {
            assert_eq!(Resource::of(path), resource, "{path}");
        }
    }

    #[test]
    fn a_block_has_a_name_or_a_number_as_go_reads_it() {
        let table = [
            ("newest", Some(BlockId::Newest)),
            ("oldest", Some(BlockId::Number(0))),
            ("config", Some(BlockId::Config)),
            ("7", Some(BlockId::Number(7))),
            ("+7", Some(BlockId::Number(7))),
            ("-1", Some(BlockId::Newest)),
            ("-2", Some(BlockId::Number(u64::MAX - 1))),
            ("Newest", None),
            ("7x", None),
            ("0x7", None),
            ("9223372036854775808", None),
        ];
        for (text, block) in table {
            assert_eq!(BlockId::parse(text).ok(), block, "{text}");
        }
    }
}
