//! Failures of Fabric's programs whose own words do not tell what to do, and what to do.

use anyhow::Error;

/// What a program's log says, and what helps.
const KNOWN: [(&str, &str); 8] = [
    (
        "no non-loopback, IPv4 interface detected",
        "a peer does not start on a machine that has only a loopback interface; give it a second IPv4 address, for \
         example with `ip address add 192.0.2.1/32 dev lo`",
    ),
    (
        "VMEndpoint not set and no ExternalBuilders defined",
        "the peer was given no external builder; CORE_CHAINCODE_EXTERNALBUILDERS must reach it",
    ),
    (
        "address already in use",
        "another program listens on a port of this network; a network keeps its ports, so stop that program or lay out \
         a new network in another folder",
    ),
    (
        "resource temporarily unavailable",
        "another process has this folder's ledgers open; stop it before starting the network again",
    ),
    ("has invalid keys", "the configuration holds keys of another version of Fabric"),
    ("too many open files", "the limit of open files is too low; raise it with `ulimit -n 4096`"),
    ("no space left on device", "the disk is full; a Raft orderer takes 123 MB for each channel"),
    (
        "TimeWindowCheck",
        "the peer does not know a check that its configuration names; the folder was last used by a newer Fabric",
    ),
];

/// Adds what helps to an error that carries the end of a program's log, when that is known.
#[must_use]
pub fn explain(error: Error) -> Error {
    let text = format!("{error:#}").to_lowercase();
    match KNOWN.iter().find(|(says, _)| text.contains(&says.to_lowercase())) {
        Some((_, helps)) => error.context(*helps),
        None => error,
    }
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::*;

    #[test]
    fn a_known_failure_says_what_helps_and_keeps_its_own_words() {
        let explained = format!("{:#}", explain(anyhow!("peer ended: no non-loopback, IPv4 interface detected")));
        assert!(explained.contains("ip address add") && explained.contains("peer ended"), "{explained}");
        assert_eq!(format!("{:#}", explain(anyhow!("something else"))), "something else");
    }
}
