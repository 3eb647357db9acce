//! How the program tells an error: its message and its causes in one line, each of them once.

use anyhow::Error;

/// The message of an error and those of its causes, separated by colons. Errors of libraries often quote their cause at
/// the end of their own message; such a cause is not said again.
#[must_use]
pub fn in_one_line(error: &Error) -> String {
    let mut line = String::new();
    for message in error.chain().map(ToString::to_string) {
        if line.is_empty() {
            line = message;
        } else if !line.ends_with(&message) {
            line = format!("{line}: {message}");
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An error that quotes its cause and exposes it, too.
    #[derive(Debug)]
    struct Quoting(std::io::Error);

    impl std::fmt::Display for Quoting {
        fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            write!(formatter, "the file cannot be read: {}", self.0)
        }
    }

    impl std::error::Error for Quoting {
        fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
            Some(&self.0)
        }
    }

    #[test]
    fn every_cause_is_told_once() {
        let cause = || std::io::Error::other("the disk is gone");
        let quoting = Error::from(Quoting(cause())).context("cannot start");
        assert_eq!(in_one_line(&quoting), "cannot start: the file cannot be read: the disk is gone");
        let plain = Error::from(cause()).context("the disk is gone in part").context("cannot start");
        assert_eq!(in_one_line(&plain), "cannot start: the disk is gone in part: the disk is gone");
    }
}
