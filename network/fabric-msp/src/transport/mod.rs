//! gRPC connections over OpenSSL, with or without client certificates, and without TLS for a loopback.
//!
//! tonic's own TLS would bring a second library and a second idea of what a certificate is; here one OpenSSL serves
//! identities and connections. Certificates of connections are checked against TLS authorities only: whether the far
//! side is a member of an organization is for its signatures to show.

mod client;
mod descriptors;
mod server;
mod strangers;
mod stream;
mod tls;

pub use self::{
    client::{ClientTls, connect, connect_lazy},
    descriptors::room_for_connections,
    server::{ConnectionInfo, ServerTls, TlsConnection, incoming, incoming_with_any_certificate, server},
    strangers::{Stranger, Strangers, network_of},
    tls::TransportError,
};
