//! Bounds on everything from outside.

use serde::{Deserialize, Serialize};

/// Largest page that may be set.
pub(crate) const PAGE_MAX: u32 = 1_000;

/// Bounds on everything from outside.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Largest JSON body, in bytes.
    pub json_body_bytes: usize,
    /// Largest bank statement, in bytes.
    pub statement_body_bytes: usize,
    /// Largest file of an import, in bytes. The parts of a workbook may have eight times as many once they are
    /// expanded, and so may the rows of any file together with their requests.
    pub import_body_bytes: usize,
    /// Most rows of an import.
    pub import_rows: u64,
    /// Rows of one import worked on at once.
    pub import_rows_at_once: usize,
    /// Deepest nesting of a JSON body.
    pub json_depth: usize,
    /// Time for a TLS handshake, and to read the request line and headers of each request, in milliseconds.
    pub header_deadline_ms: u64,
    /// Time until a member's next request begins on its connection, in milliseconds.
    pub idle_deadline_ms: u64,
    /// Time to read a body, and for a client to take each 64 KiB of its answer, in milliseconds.
    pub body_deadline_ms: u64,
    /// Largest sum of header names and values, in bytes.
    pub header_bytes: usize,
    /// Longest query string, in bytes.
    pub query_bytes: usize,
    /// Requests worked on at once, over all organizations.
    pub requests: usize,
    /// Requests worked on at once for one organization.
    pub requests_per_organization: usize,
    /// Requests worked on at once for the holder of one certificate.
    pub requests_per_certificate: usize,
    /// Bytes of bodies and answers that callers may make the gateway hold at once, counting a JSON body 33 times for
    /// what it takes while it is read, and 8 times the largest file for any import and any answer with rows of one. One
    /// organization may take half, one certificate a quarter, callers who are not known as members an eighth. Of
    /// requests, bytes and connections of members, half is kept for the organizations, the same for each.
    pub held_bytes: usize,
    /// Open connections; fewer where the system gives the process fewer file descriptors.
    pub connections: usize,
    /// Open connections, out of all, whose client is not known as a member, or not yet. What is left is for members:
    /// half of it for one organization, a quarter for one certificate.
    pub unauthenticated_connections: usize,
    /// Open connections, out of the unauthenticated ones, of one address (IPv6: of one network of 64 bits).
    pub connections_per_address: usize,
    /// Largest page a list answers with.
    pub page: u32,
    /// Streams of events at once, over all organizations. One organization may hold half, one certificate a quarter.
    pub streams: usize,
    /// Wait for one answer of a peer, in milliseconds.
    pub fabric_deadline_ms: u64,
    /// Wait for a commit before the answer is 202, in milliseconds.
    pub commit_wait_ms: u64,
    /// How many operations for which nobody waits (`Prefer: respond-async`) are with the orderer at once. Four times as
    /// many may one organization have that wait for their turn or are there. Default: 256.
    pub hand_overs: usize,
    /// Open signing sessions of callers who sign themselves, over all organizations.
    pub signing_sessions: usize,
    /// How long a caller has to sign a proposal, in seconds. Peers refuse proposals older than 15 minutes.
    pub signing_seconds: u64,
    /// How long answers to idempotency keys and operations are kept, in seconds.
    pub retention_seconds: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            json_body_bytes: 1024 * 1024,
            statement_body_bytes: 4 * 1024 * 1024,
            import_body_bytes: 4 * 1024 * 1024,
            import_rows: 50_000,
            import_rows_at_once: 8,
            json_depth: 64,
            header_deadline_ms: 5_000,
            idle_deadline_ms: 5_000,
            body_deadline_ms: 10_000,
            header_bytes: 16 * 1024,
            query_bytes: 4 * 1024,
            requests: 256,
            requests_per_organization: 128,
            requests_per_certificate: 64,
            held_bytes: 1024 * 1024 * 1024,
            connections: 2_048,
            unauthenticated_connections: 1_024,
            connections_per_address: 256,
            page: 200,
            streams: 256,
            fabric_deadline_ms: 30_000,
            commit_wait_ms: 15_000,
            hand_overs: 256,
            signing_sessions: 1_000,
            signing_seconds: 10 * 60,
            retention_seconds: 7 * 24 * 60 * 60,
        }
    }
}

/// How many bytes one byte of a JSON text takes at most while it is held as text and as values: in `[0,0` two values
/// of 32 bytes each, as read and as checked, stand for two bytes of text.
pub(crate) const JSON_EXPANSION: usize = 33;

/// How many bytes one byte of an import's file is counted for: as file, as rows and as requests.
pub(crate) const IMPORT_EXPANSION: usize = 8;

impl Limits {
    /// These limits for a gateway that runs with others: those that bound connections, signing sessions, operations
    /// with the orderer and waits for peers stay what they are until another start.
    pub(crate) fn for_running(self, running: &Self) -> Self {
        Self {
            header_deadline_ms: running.header_deadline_ms,
            idle_deadline_ms: running.idle_deadline_ms,
            body_deadline_ms: running.body_deadline_ms,
            connections: running.connections,
            unauthenticated_connections: running.unauthenticated_connections,
            connections_per_address: running.connections_per_address,
            fabric_deadline_ms: running.fabric_deadline_ms,
            hand_overs: running.hand_overs,
            signing_sessions: running.signing_sessions,
            ..self
        }
    }

    /// What lets the holder of one certificate send the largest body.
    fn held_bytes_min(&self) -> u64 {
        let import = self.import_body_bytes * IMPORT_EXPANSION;
        4 * (self.json_body_bytes * JSON_EXPANSION).max(self.statement_body_bytes).max(import) as u64
    }

    /// What is out of range.
    pub(super) fn check(&self) -> Result<(), &'static str> {
        let ranges = [
            ("json_body_bytes", self.json_body_bytes as u64, 1, 64 * 1024 * 1024),
            ("statement_body_bytes", self.statement_body_bytes as u64, 1, 64 * 1024 * 1024),
            ("import_body_bytes", self.import_body_bytes as u64, 1, 64 * 1024 * 1024),
            ("import_rows", self.import_rows, 1, 1_000_000),
            ("import_rows_at_once", self.import_rows_at_once as u64, 1, 64),
            ("json_depth", self.json_depth as u64, 1, 100),
            ("header_deadline_ms", self.header_deadline_ms, 1, 60_000),
            ("idle_deadline_ms", self.idle_deadline_ms, 1, 600_000),
            ("body_deadline_ms", self.body_deadline_ms, 1, 600_000),
            ("header_bytes", self.header_bytes as u64, 256, 128 * 1024),
            ("query_bytes", self.query_bytes as u64, 64, 64 * 1024),
            ("requests", self.requests as u64, 1, 100_000),
            ("requests_per_organization", self.requests_per_organization as u64, 1, 100_000),
            ("requests_per_certificate", self.requests_per_certificate as u64, 1, 100_000),
            ("held_bytes", self.held_bytes as u64, self.held_bytes_min(), 1024 * 1024 * 1024 * 1024),
            ("connections", self.connections as u64, 2, 1_000_000),
            (
                "unauthenticated_connections",
                self.unauthenticated_connections as u64,
                1,
                (self.connections as u64).saturating_sub(1),
            ),
            ("connections_per_address", self.connections_per_address as u64, 1, 1_000_000),
            ("page", u64::from(self.page), 1, u64::from(PAGE_MAX)),
            ("streams", self.streams as u64, 1, 100_000),
            ("fabric_deadline_ms", self.fabric_deadline_ms, 1, 600_000),
            ("commit_wait_ms", self.commit_wait_ms, 1, 600_000),
            ("hand_overs", self.hand_overs as u64, 1, 100_000),
            ("signing_sessions", self.signing_sessions as u64, 1, 100_000),
            ("signing_seconds", self.signing_seconds, 1, 14 * 60),
            ("retention_seconds", self.retention_seconds, 60, 366 * 24 * 60 * 60),
        ];
        match ranges.iter().find(|(_, value, least, most)| value < least || value > most) {
            Some((name, ..)) => Err(name),
            None => Ok(()),
        }
    }
}
