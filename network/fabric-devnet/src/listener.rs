//! Listening for clients, and letting go of them.
//!
//! A gRPC server that shuts down politely waits for its streams, and some streams never end. Each connection here can
//! therefore be cut, after which nothing of it is left running.

use std::{
    future::Future,
    io,
    pin::Pin,
    task::{Context, Poll},
};

use fabric_msp::transport::{ConnectionInfo, Router, TlsConnection};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    sync::watch,
    task::JoinHandle,
};
use tokio_stream::{StreamExt, wrappers::ReceiverStream};
use tonic::transport::server::Connected;

/// Serves clients until `closing` becomes true; connections that are still open then end when `cut` does. While `away`
/// is true, connections end at once.
pub(crate) fn serve(
    connections: ReceiverStream<io::Result<TlsConnection>>,
    services: Router,
    closing: watch::Receiver<bool>,
    cut: watch::Receiver<bool>,
    away: watch::Receiver<bool>,
) -> JoinHandle<()> {
    let connections =
        connections.map(move |accepted| accepted.map(|inner| Connection::new(inner, cut.clone(), away.clone())));
    let serving = services.serve_with_incoming_shutdown(connections, becomes_true(closing));
    tokio::spawn(async move {
        if let Err(cause) = serving.await {
            tracing::error!(%cause, "a listener ended");
        }
    })
}

/// Waits until the value is true, or can never become so.
async fn becomes_true(mut value: watch::Receiver<bool>) {
    // An error says that the network is gone, which is as good as true.
    drop(value.wait_for(|value| *value).await);
}

/// A connection that can be cut.
struct Connection {
    inner: TlsConnection,
    cut: Pin<Box<dyn Future<Output = ()> + Send>>,
    is_cut: bool,
}

impl Connection {
    fn new(inner: TlsConnection, cut: watch::Receiver<bool>, away: watch::Receiver<bool>) -> Self {
        let cut = async {
            tokio::select! {
                () = becomes_true(cut) => {}
                () = becomes_true(away) => {}
            }
        };
        Self { inner, cut: Box::pin(cut), is_cut: false }
    }

    fn poll_cut(&mut self, context: &mut Context<'_>) -> bool {
        self.is_cut = self.is_cut || self.cut.as_mut().poll(context).is_ready();
        self.is_cut
    }
}

impl Connected for Connection {
    type ConnectInfo = ConnectionInfo;

    fn connect_info(&self) -> ConnectionInfo {
        self.inner.connect_info()
    }
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.poll_cut(context) {
            // Nothing read means that the far side has ended the connection.
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.inner).poll_read(context, into)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.is_cut {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        Pin::new(&mut self.inner).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.is_cut {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.is_cut {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}
