//! A TLS connection that notes how far it is.

use std::{
    io,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

use actix_tls::accept::openssl::TlsStream;
use actix_web::rt::net::TcpStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{link::Link, progress::Progress};

/// Bytes that are thrown away at once.
const DISCARD_BYTES: usize = 8 * 1024;

/// How often bytes are thrown away before other connections get their turn.
const DISCARD_ROUNDS: usize = 8;

/// A connection and what its requests are told about it.
pub(crate) struct Connection {
    stream: TlsStream<TcpStream>,
    link: Link,
}

impl Connection {
    pub(super) fn new(stream: TlsStream<TcpStream>, link: Link) -> Self {
        Self { stream, link }
    }

    pub(super) fn link(&self) -> Link {
        self.link.clone()
    }

    /// Reads what nobody asks for any more, so that the client gets its answer and not a broken connection. Ready at
    /// the client's end.
    fn poll_discard(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut bytes = [0; DISCARD_BYTES];
        for _ in 0..DISCARD_ROUNDS {
            let mut buffer = ReadBuf::new(&mut bytes);
            match Pin::new(&mut self.stream).poll_read(context, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {}
                other => return other,
            }
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }

    fn progress(&self) -> &Rc<Progress> {
        &self.link.progress
    }
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.progress().is_ending() {
            return self.poll_discard(context);
        }
        let before = into.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, into);
        if into.filled().len() > before {
            self.progress().received();
        }
        read
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        if written.is_pending() {
            self.progress().blocked();
        }
        written
    }

    /// Asked for by actix only when it has nothing left to write.
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        match &flushed {
            Poll::Pending => self.progress().blocked(),
            Poll::Ready(_) => self.progress().flushed(),
        }
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let ended = Pin::new(&mut self.stream).poll_shutdown(context);
        if ended.is_pending() {
            self.progress().blocked();
        }
        ended
    }
}
