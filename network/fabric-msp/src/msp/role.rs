//! The roles of Fabric's node organizational units (NodeOUs).

/// The one role of an identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// Submits and evaluates transactions.
    Client,
    /// Runs a peer.
    Peer,
    /// Administers the organization.
    Admin,
    /// Runs an orderer.
    Orderer,
    /// A valid identity of an organization that does not tell roles apart (NodeOUs off).
    Member,
}
