//! When a delivery that failed is tried again.

use openssl::rand::rand_bytes;

/// Longest pause that a receiver may ask for with `Retry-After`, in seconds: half a day.
const ASKED_SECONDS_MAX: u64 = 12 * 3_600;

/// How long until the next try, in milliseconds, after `failures` others have failed (0: this was the first); none when
/// it is not tried again. A tenth more or less, by chance, so that webhooks which failed together are not tried
/// together. `asked` is what the receiver asked for, in seconds.
pub(super) fn pause_ms(retry_seconds: &[u32], failures: u32, asked: Option<u64>) -> Option<i64> {
    let planned = u64::from(*retry_seconds.get(usize::try_from(failures).ok()?)?) * 1_000;
    let mut chance = [0; 2];
    // Without random bytes all are tried at the same time.
    let _ = rand_bytes(&mut chance);
    let jittered = planned * 9 / 10 + planned / 5 * u64::from(u16::from_be_bytes(chance)) / u64::from(u16::MAX);
    let asked = asked.unwrap_or_default().min(ASKED_SECONDS_MAX) * 1_000;
    i64::try_from(jittered.max(asked)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::WebhookSettings;

    #[test]
    fn pauses_grow_over_two_days_and_end() {
        let plan = WebhookSettings::default().retry_seconds;
        let mut whole = 0;
        for (failures, seconds) in (0..).zip(&plan) {
            let pause = pause_ms(&plan, failures, None).expect("a pause");
            let planned = i64::from(*seconds) * 1_000;
            assert!((planned * 9 / 10..=planned * 11 / 10).contains(&pause), "{failures}: {pause}");
            whole += planned;
        }
        assert!(plan.is_sorted());
        assert!((46 * 3_600_000..=50 * 3_600_000).contains(&whole), "{whole} ms");
        assert_eq!(pause_ms(&plan, u32::try_from(plan.len()).expect("few"), None), None);
    }

    #[test]
    fn a_receiver_can_ask_for_a_longer_pause_but_not_for_any() {
        assert_eq!(pause_ms(&[1], 0, Some(60)), Some(60_000));
        assert_eq!(pause_ms(&[1], 0, Some(u64::MAX)), Some(12 * 3_600_000));
        assert!(pause_ms(&[1], 0, Some(0)).is_some_and(|pause| (900..=1_100).contains(&pause)));
    }
}
