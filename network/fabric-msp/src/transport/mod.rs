//! gRPC connections over OpenSSL, with or without client certificates, and without TLS for a loopback.
//!
//! tonic's own TLS would bring a second library and a second idea of what a certificate is; here one OpenSSL serves
//! identities and connections. Certificates of connections are checked against TLS authorities only: whether the far
//! side is a member of an organization is for its signatures to show.

mod activity;
mod client;
mod counted;
mod descriptors;
mod gate;
mod info;
mod server;
mod strangers;
mod stream;
mod tls;

pub use self::{
    client::{ClientTls, connect, connect_lazy, uri_of},
    counted::{CountRequests, Counted},
    descriptors::room_for_connections,
    gate::{Gate, Guest},
    info::ConnectionInfo,
    server::{
        Router, Server, ServerTls, TlsConnection, incoming, incoming_through, incoming_with_any_certificate, server,
    },
    strangers::{Stranger, Strangers, network_of},
    tls::TransportError,
};
