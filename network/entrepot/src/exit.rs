//! How the program ends: the one table of its exit statuses.

use std::process::ExitCode;

use anyhow::Error;
use trade_gateway::{client::CallFailure, meaning::NotSigned};

use crate::demo::rest::Refusal;

/// An exit status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Everything was done and held.
    Done = 0,
    /// Something failed, is in the way or differs.
    Failed = 1,
    /// The command line is not understood.
    Usage = 2,
    /// Done as far as possible, and others or something else is missing.
    Unfinished = 3,
    /// The gateway has refused.
    Refused = 4,
    /// The gateway is not there, or cannot do it now.
    Unavailable = 5,
    /// Some rows of a file have failed.
    Partial = 6,
}

impl Exit {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Done, Self::Failed, Self::Usage, Self::Unfinished, Self::Refused, Self::Unavailable, Self::Partial];

    /// A stable name, for programs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Usage => "usage",
            Self::Unfinished => "unfinished",
            Self::Refused => "refused",
            Self::Unavailable => "unavailable",
            Self::Partial => "partial",
        }
    }

    /// What it tells.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Done => "Everything was done, and what was looked at is in order.",
            Self::Failed => "Something failed, is in the way, differs or is not in order.",
            Self::Usage => "The command line is not understood, and nothing was done.",
            Self::Unfinished => {
                "Done as far as it goes: other organizations must follow (`connect --deploy`), lines of an audit log are \
                 missing or could be, an import goes on at the gateway or was stopped there, or the outcome of a request is \
                 not known yet (HTTP 202)."
            }
            Self::Refused => "The gateway has refused the request (HTTP 4xx).",
            Self::Unavailable => "The gateway does not answer, or it or the network cannot do it now (HTTP 5xx).",
            Self::Partial => "The import has ended and some of its rows have failed, or rows of a preview have.",
        }
    }

    /// What an HTTP status tells.
    #[must_use]
    pub fn of_status(status: u16) -> Self {
        match status {
            202 => Self::Unfinished,
            // What `If-None-Match` names has not changed.
            200..300 | 304 => Self::Done,
            400..500 => Self::Refused,
            500..600 => Self::Unavailable,
            _ => Self::Failed,
        }
    }

    /// What an error tells.
    #[must_use]
    pub fn of(error: &Error) -> Self {
        let of_call = |failure: &CallFailure| match failure {
            CallFailure::Tls(_) | CallFailure::Sign(_) => Self::Failed,
            CallFailure::Connection(_) | CallFailure::Handshake(_) | CallFailure::Malformed(_) => Self::Unavailable,
        };
        let told = error.chain().find_map(|cause| {
            let refusal = cause.downcast_ref::<Refusal>().map(|refusal| Self::of_status(refusal.status));
            let unsigned = cause.downcast_ref::<NotSigned>().map(|cause| match cause {
                NotSigned::Call(failure) => of_call(failure),
                _ => Self::Failed,
            });
            refusal.or(unsigned).or_else(|| cause.downcast_ref::<CallFailure>().map(of_call))
        });
        told.unwrap_or(Self::Failed)
    }
}

/// The table, as the help shows it.
#[must_use]
pub fn table() -> String {
    let row = |exit: &Exit| format!("  {}  {:11}  {}\n", *exit as u8, exit.name(), exit.meaning());
    format!("Exit statuses:\n{}", Exit::ALL.iter().map(row).collect::<String>())
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_the_gateway_said_decides_also_below_other_words() {
        let refused = |status| Error::from(Refusal { status, body: json!({"code": "x"}) }).context("sending it");
        let connection = || CallFailure::Connection(std::io::ErrorKind::ConnectionRefused.into());
        for (error, expected) in [
            (refused(403), Exit::Refused),
            (refused(503), Exit::Unavailable),
            (refused(302), Exit::Failed),
            (Error::from(connection()).context("asking"), Exit::Unavailable),
            (Error::from(NotSigned::Call(connection())), Exit::Unavailable),
            (Error::from(NotSigned::Other("another call".to_owned())), Exit::Failed),
            (anyhow::anyhow!("the disk is gone"), Exit::Failed),
        ] {
            assert_eq!(Exit::of(&error), expected, "{error:#}");
        }
        let told = [200, 201, 202, 204, 304].map(Exit::of_status).map(Exit::name);
        assert_eq!(told, ["done", "done", "unfinished", "done", "done"]);
    }

    #[test]
    fn the_readme_has_the_table() {
        let readme = include_str!("../README.md");
        for exit in Exit::ALL {
            let row = format!("| {} | `{}` | {} |", exit as u8, exit.name(), exit.meaning());
            assert!(readme.contains(&row), "{row}");
        }
    }
}
