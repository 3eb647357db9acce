//! The way in: who may hold a connection, how many of them, and for how long.
//!
//! A connection begins as one of a stranger's. When its TLS handshake has shown the certificate of a member, it moves
//! to the room of the members, of which no organization and no certificate may take all, and half of which is kept for
//! the organizations, the same for each; so strangers, however many, never take a member's place, and no organizations
//! together take that of another one. A stranger gets one answer. Every head, every answer and every pause has its
//! deadline, on the first request of a connection and on all later ones.
//!
//! actix has a deadline for the first head and one for an idle connection. Neither counts for a second head that has
//! begun, nor for a client that does not take its answer, so each connection is watched here.

mod connection;
mod door;
mod link;
mod progress;
mod shares;

pub(crate) use self::{
    door::{Doors, listen},
    link::{Link, Standing},
    progress::Answering,
    shares::{Bounds, Holder, Share, Shares},
};
