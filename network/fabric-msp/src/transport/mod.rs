//! gRPC connections over OpenSSL, with or without client certificates, and without TLS for a loopback.
//!
//! tonic's own TLS would bring a second library and a second idea of what a certificate is; here one OpenSSL serves
//! identities and connections. Certificates of connections are checked against TLS authorities only: whether the far
//! side is a member of an organization is for its signatures to show.

mod acceptor;
mod activity;
mod arrival;
mod arrivals;
mod arriving;
mod client;
mod descriptors;
mod framing;
mod gate;
mod guests;
mod health;
mod info;
mod server;
mod strangers;
mod stream;
mod tls;
mod turns;
mod watched;

pub use self::{
    acceptor::{CurrentTls, ServerTls},
    arrival::Arrival,
    arrivals::Arrivals,
    client::{ClientTls, connect, connect_lazy, uri_of},
    descriptors::room_for_connections,
    gate::{Gate, Patience},
    guests::Places,
    health::{HealthService, health},
    info::ConnectionInfo,
    server::{
        Router, Server, TlsConnection, incoming, incoming_through, incoming_with, incoming_with_any_certificate, server,
    },
    strangers::{Stranger, Strangers, network_of},
    tls::{TransportError, use_identity},
    turns::Turns,
    watched::{WatchRequests, Watched},
};
