//! The time that a client gives a call. Without this the transport would end the call first, with another code than
//! Fabric's.

use std::{future::Future, time::Duration};

use tokio::time;
use tonic::metadata::MetadataMap;

/// How much earlier than the client's the own deadline is, so that the answer still reaches the client.
const MARGIN_MAX: Duration = Duration::from_millis(20);

/// The time that is left for a call; `None` when the client set none.
pub(super) fn of(metadata: &MetadataMap) -> Option<Duration> {
    let limit = parse(metadata.get("grpc-timeout")?.to_str().ok()?)?;
    Some(limit.saturating_sub(MARGIN_MAX.min(limit / 10)))
}

/// Runs something for at most the given time; `None` when it took longer.
pub(super) async fn within<T>(limit: Option<Duration>, run: impl Future<Output = T>) -> Option<T> {
    match limit {
        Some(limit) => time::timeout(limit, run).await.ok(),
        None => Some(run.await),
    }
}

/// A gRPC timeout: at most eight digits and a unit.
fn parse(text: &str) -> Option<Duration> {
    let unit = text.chars().last()?;
    let digits = &text[..text.len() - unit.len_utf8()];
    if digits.is_empty() || digits.len() > 8 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: u64 = digits.parse().ok()?;
    Some(match unit {
        'H' => Duration::from_secs(number * 3600),
        'M' => Duration::from_secs(number * 60),
        'S' => Duration::from_secs(number),
        'm' => Duration::from_millis(number),
        'u' => Duration::from_micros(number),
        'n' => Duration::from_nanos(number),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeouts_are_read_as_grpc_writes_them() {
        assert_eq!(parse("5S"), Some(Duration::from_secs(5)));
        assert_eq!(parse("100m"), Some(Duration::from_millis(100)));
        assert_eq!(parse("99999999H"), Some(Duration::from_secs(99_999_999 * 3600)));
        for text in ["", "S", "5", "5x", "-5S", "123456789S", "5é"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
