//! What a caller prefers about waiting (RFC 7240): to be answered before the outcome is known, or no longer than so.
//!
//! Preferences that are not known are passed over, as the standard has it; those that were followed are told.

use std::time::Duration;

use crate::answer::Answer;

/// Where preferences stand, and where it is told which were followed.
const APPLIED: &str = "Preference-Applied";

/// What a caller prefers about waiting.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Preference {
    /// Answered once the operation is stored.
    respond_async: bool,
    /// How long to wait for the outcome, in seconds.
    wait: Option<u32>,
}

impl Preference {
    /// Reads the header `Prefer`; of a preference that is given twice the first one counts.
    pub(crate) fn parse(text: Option<&str>) -> Self {
        let mut found = Self::default();
        for one in text.unwrap_or_default().split(',') {
            let one = one.split(';').next().unwrap_or_default();
            let (name, value) = one.split_once('=').unwrap_or((one, ""));
            match name.trim().to_ascii_lowercase().as_str() {
                "respond-async" => found.respond_async = true,
                "wait" => found.wait = found.wait.or_else(|| value.trim().trim_matches('"').parse().ok()),
                _ => {}
            }
        }
        found
    }

    /// How long to wait for an outcome; `most` unless less is preferred. Nothing is waited for by who wants to be
    /// answered at once and names no time.
    pub(crate) fn wait(&self, most: Duration) -> Duration {
        let default = if self.respond_async { Duration::ZERO } else { most };
        self.wait.map_or(default, |seconds| Duration::from_secs(seconds.into())).min(most)
    }

    /// Says which preferences were followed.
    pub(crate) fn applied(&self, answer: Answer) -> Answer {
        let wait = self.wait.map(|seconds| format!("wait={seconds}"));
        let followed: Vec<String> =
            self.respond_async.then(|| "respond-async".to_owned()).into_iter().chain(wait).collect();
        if followed.is_empty() { answer } else { answer.with_header(APPLIED, followed.join(", ")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_preferred_bounds_the_wait() {
        let most = Duration::from_secs(15);
        let wait = |text: &str| Preference::parse(Some(text)).wait(most).as_secs();
        let rows = [
            ("", 15),
            ("respond-async", 0),
            ("Respond-Async, wait=5", 5),
            ("wait=3; foo", 3),
            ("wait=100", 15),
            ("wait=\"4\", wait=9", 4),
            ("wait=soon", 15),
            ("return=minimal", 15),
        ];
        for (text, expected) in rows {
            assert_eq!(wait(text), expected, "{text}");
        }
    }

    #[test]
    fn what_was_followed_is_told() {
        let told = |text: &str| Preference::parse(Some(text)).applied(Answer::empty(202)).headers;
        assert_eq!(told("wait=5, respond-async"), [(APPLIED, "respond-async, wait=5".to_owned())]);
        assert!(told("return=minimal").is_empty());
    }
}
