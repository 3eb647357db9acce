//! Whether a transaction's time is about now.
//!
//! Contracts take their time from the proposal, where the client wrote what it liked. The machine's clock is looked at
//! for this one purpose: to refuse. A refusal cannot make two peers endorse different results.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use fabric_contract::{Failure, Timestamp};

/// Refuses a time that lies further from this machine's than the window, either way.
pub(crate) fn about_now(timestamp: Timestamp, window: Duration) -> Result<(), Failure> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let distance = i128::from(timestamp.seconds).abs_diff(i128::from(now));
    if distance <= u128::from(window.as_secs()) {
        return Ok(());
    }
    Err(Failure::new(400, "time_outside_window", "The transaction's time is not about now")
        .with_detail(format!("it is {distance} s away; {} s are accepted", window.as_secs())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_times_within_the_window_pass() {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let now = i64::try_from(now).unwrap_or_default();
        let window = Duration::from_secs(900);
        let passes = |seconds| about_now(Timestamp { seconds, nanos: 0 }, window).is_ok();
        assert!(passes(now) && passes(now - 800) && passes(now + 800));
        assert!(!passes(now - 1000) && !passes(now + 1000) && !passes(i64::MIN) && !passes(i64::MAX));
    }
}
