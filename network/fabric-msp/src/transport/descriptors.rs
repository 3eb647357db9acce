//! How many connections the system lets this process hold: each one is a file descriptor.
//!
//! A process that runs out of descriptors cannot open its own files any more, so a server takes fewer connections
//! instead. Systems set two limits, a low one that a process may raise and a high one that it may not.

use std::io;

use nix::{
    errno::Errno,
    sys::resource::{Resource, getrlimit, setrlimit},
};

/// Descriptors that are kept for files, for connections that the process itself opens, and for its libraries.
const KEPT: u64 = 256;

/// Raises the process's limit, as far as it may, so that `wanted` connections fit beside its files. Gives back how many
/// do fit, at least 1 and at most `wanted`.
///
/// # Errors
/// The system does not tell its limits.
pub fn room_for_connections(wanted: usize) -> io::Result<usize> {
    let failed = |cause: Errno| io::Error::from(cause);
    let needed = u64::try_from(wanted).unwrap_or(u64::MAX).saturating_add(KEPT);
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).map_err(failed)?;
    let mut allowed = soft;
    if soft < needed && soft < hard {
        let raised = needed.min(hard);
        // Where raising is forbidden, the low limit is what there is.
        if setrlimit(Resource::RLIMIT_NOFILE, raised, hard).is_ok() {
            allowed = raised;
        }
    }
    // Below twice what is kept, half of what there is.
    let room = allowed.saturating_sub(KEPT).max(allowed / 2).max(1);
    Ok(usize::try_from(room).unwrap_or(usize::MAX).min(wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_is_given_and_what_does_not_fit_is_cut() -> io::Result<()> {
        assert_eq!(room_for_connections(1)?, 1);
        let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
        let room = room_for_connections(usize::MAX)?;
        assert!(room >= 1 && u64::try_from(room).is_ok_and(|room| room < hard), "{room} of {hard}");
        Ok(())
    }
}
