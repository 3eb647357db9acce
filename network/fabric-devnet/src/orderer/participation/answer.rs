//! What the channel participation API answers: lists, states of channels, and refusals.

use serde::Serialize;
use tonic::{
    body::Body,
    codegen::http::{HeaderValue, Method, Response, StatusCode, header},
};

use crate::{orderer::ChannelStatus, web};

/// Where the channels are listed.
pub(super) const CHANNELS: &str = "/participation/v1/channels";

/// All channels.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct List {
    /// Fabric has none any more, but still says so.
    system_channel: Option<ShortInfo>,
    channels: Option<Vec<ShortInfo>>,
}

#[derive(Serialize)]
struct ShortInfo {
    name: String,
    url: String,
}

impl List {
    pub(super) fn of(channels: Vec<ChannelStatus>) -> Self {
        let short = |status: ChannelStatus| ShortInfo { url: url_of(&status.name), name: status.name };
        let channels: Vec<ShortInfo> = channels.into_iter().map(short).collect();
        Self { system_channel: None, channels: (!channels.is_empty()).then_some(channels) }
    }
}

/// One channel.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Info {
    name: String,
    url: String,
    consensus_relation: &'static str,
    status: &'static str,
    height: u64,
}

impl Info {
    pub(super) fn of(status: ChannelStatus) -> Self {
        let url = url_of(&status.name);
        // Fabric's word for a channel with which the orderer's last operation has failed.
        let state = if status.trouble.is_some() { "failed" } else { "active" };
        Self { name: status.name, url, consensus_relation: "consenter", status: state, height: status.height }
    }

    /// The answer to what has made or changed the channel.
    pub(super) fn created(&self) -> Response<Body> {
        let mut response = web::json(StatusCode::CREATED, self);
        if let Ok(location) = self.url.parse() {
            response.headers_mut().insert(header::LOCATION, location);
        }
        response
    }
}

fn url_of(channel_id: &str) -> String {
    format!("{CHANNELS}/{channel_id}")
}

/// An answer that says no. The texts are Fabric's.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    text: String,
    allow: Option<&'static str>,
}

#[derive(Serialize)]
struct ErrorText<'a> {
    error: &'a str,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, text: impl Into<String>) -> Self {
        Self { status, text: text.into(), allow: None }
    }

    pub(super) fn bad(text: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, text)
    }

    /// A method that this resource does not have, and those that it has.
    pub(super) fn method(method: &Method, allow: &'static str) -> Self {
        Self::not_allowed(format!("invalid request method: {method}"), allow)
    }

    /// An action that the state of the channel does not allow, and the methods that it does.
    pub(super) fn not_allowed(text: String, allow: &'static str) -> Self {
        Self { allow: Some(allow), ..Self::new(StatusCode::METHOD_NOT_ALLOWED, text) }
    }

    pub(super) fn into_response(self) -> Response<Body> {
        tracing::debug!(status = self.status.as_u16(), refusal = self.text, "a channel participation request");
        let mut response = web::json(self.status, &ErrorText { error: &self.text });
        if let Some(allow) = self.allow {
            response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(allow));
        }
        response
    }
}
