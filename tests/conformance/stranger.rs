//! A client that no organization knows: it connects without a certificate and opens gRPC requests that it never
//! finishes.

use std::{future::poll_fn, path::Path, time::Duration};

use anyhow::{Context, Result};
use fabric_msp::transport::{ClientTls, connect};
use futures_util::StreamExt;
use http_body_util::StreamBody;
use tokio::task::JoinHandle;
use tonic::{
    Code, Status,
    body::Body,
    codegen::{Bytes, Service, http},
    transport::Channel,
};

const PATIENCE: Duration = Duration::from_secs(30);

/// A connection of a stranger.
#[derive(Clone)]
pub struct Stranger {
    channel: Channel,
}

/// How a request ends: with the answer's status, or with none when its connection ends.
pub type Ends = JoinHandle<Option<Code>>;

impl Stranger {
    /// Connects to `host:port`, whose certificate this authority has signed.
    pub async fn connect(address: &str, authority: &Path) -> Result<Self> {
        let ca_pem = std::fs::read(authority).with_context(|| authority.display().to_string())?;
        let tls = ClientTls { ca_pem, identity: None, server_name: None };
        Ok(Self { channel: connect(address, Some(&tls), PATIENCE).await? })
    }

    /// Opens a request at a method (`package.Service/Method`) whose body begins with some bytes and never ends.
    pub async fn open(&self, method: &str, begins: &[u8]) -> Result<Ends> {
        let first =
            (!begins.is_empty()).then(|| Ok::<_, Status>(http_body::Frame::data(Bytes::copy_from_slice(begins))));
        let rest = futures_util::stream::pending();
        let body = Body::new(StreamBody::new(futures_util::stream::iter(first).chain(rest)));
        let answer = self.send(method, body).await?;
        Ok(tokio::spawn(async move { answer.await.ok().and_then(|answer| code_of(&answer)) }))
    }

    /// Asks something that is answered at once, and waits for the answer. What was sent before has arrived then.
    pub async fn is_served(&self) -> Result<bool> {
        let answer = self.send("nobody.Nothing/Nothing", Body::empty()).await?.await?;
        Ok(code_of(&answer) == Some(Code::Unimplemented))
    }

    /// The connection, for a client that is known.
    #[must_use]
    pub fn into_channel(self) -> Channel {
        self.channel
    }

    async fn send(
        &self,
        method: &str,
        body: Body,
    ) -> Result<impl Future<Output = Result<http::Response<Body>, tonic::transport::Error>> + use<>> {
        let request =
            http::Request::post(format!("/{method}")).header("content-type", "application/grpc").body(body)?;
        let mut channel = self.channel.clone();
        poll_fn(|context| channel.poll_ready(context)).await?;
        Ok(channel.call(request))
    }
}

fn code_of(answer: &http::Response<Body>) -> Option<Code> {
    let status = answer.headers().get("grpc-status")?.to_str().ok()?.parse().ok()?;
    Some(Code::from_i32(status))
}
