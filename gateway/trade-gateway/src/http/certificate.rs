//! The client certificate of a connection, kept for its requests.

use std::any::Any;

use actix_tls::accept::openssl::TlsStream;
use actix_web::{HttpRequest, dev::Extensions, rt::net::TcpStream};

/// The client certificate of a connection, DER.
struct PeerCertificate(Vec<u8>);

/// Keeps the client certificate of a new connection for its requests.
pub(crate) fn remember_certificate(connection: &dyn Any, data: &mut Extensions) {
    let Some(stream) = connection.downcast_ref::<TlsStream<TcpStream>>() else { return };
    if let Some(der) = stream.ssl().peer_certificate().and_then(|certificate| certificate.to_der().ok()) {
        data.insert(PeerCertificate(der));
    }
}

pub(super) fn peer_certificate(request: &HttpRequest) -> Option<&[u8]> {
    request.conn_data::<PeerCertificate>().map(|certificate| certificate.0.as_slice())
}
