//! How a peer deals with chaincode.

use std::time::Duration;

/// How a peer deals with chaincode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChaincodeOptions {
    /// How long one invocation may take.
    pub execute_timeout: Duration,
    /// How long a chaincode may take from the dial to its registration.
    pub startup_timeout: Duration,
    /// Whether chaincode is told that it may write in batches and read several keys at once, as peers do from
    /// version 3.1 on. Without it a peer behaves like version 2.5.
    pub batches: bool,
}

impl Default for ChaincodeOptions {
    fn default() -> Self {
        Self { execute_timeout: Duration::from_secs(30), startup_timeout: Duration::from_secs(15), batches: true }
    }
}
