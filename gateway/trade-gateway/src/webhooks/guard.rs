//! Which addresses the gateway sends to. A webhook's address comes from a caller, and must not lead into the network of
//! those who run the gateway.

use std::{net::IpAddr, sync::LazyLock};

use ipnet::IpNet;

/// What the registries of special purposes (IANA, RFC 6890 and what came after) keep from the public Internet, and what
/// carries an address of version 4 inside one of version 6.
const SPECIAL: &[&str] = &[
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.31.196.0/24",
    "192.52.193.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "192.175.48.0/24",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "2001::/23",
    "2001:db8::/32",
    "2002::/16",
    "2620:4f:8000::/48",
    "3fff::/20",
];

/// All that is routed of version 6.
const ROUTED: &str = "2000::/3";

/// Decides about addresses.
#[derive(Debug, Clone, Default)]
pub(crate) struct Guard {
    permitted: Vec<IpNet>,
}

impl Guard {
    /// `permitted` are networks beside the public Internet, such as `10.20.0.0/16`.
    ///
    /// # Errors
    /// The first text that is no network.
    pub(crate) fn new(permitted: &[String]) -> Result<Self, String> {
        let network = |text: &String| text.parse().map_err(|_| text.clone());
        Ok(Self { permitted: permitted.iter().map(network).collect::<Result<_, _>>()? })
    }

    /// Whether the gateway may send there.
    pub(crate) fn permits(&self, address: IpAddr) -> bool {
        // An address of version 4 written as one of version 6 leads to the same machine.
        let address = address.to_canonical();
        self.permitted.iter().any(|network| network.contains(&address)) || is_public(address)
    }
}

fn is_public(address: IpAddr) -> bool {
    static NETWORKS: LazyLock<(Vec<IpNet>, IpNet)> = LazyLock::new(|| {
        let network = |text: &str| text.parse().expect("a network");
        (SPECIAL.iter().map(|text| network(text)).collect(), network(ROUTED))
    });
    let (special, routed) = &*NETWORKS;
    let is_special = special.iter().any(|network| network.contains(&address));
    !is_special && (address.is_ipv4() || routed.contains(&address))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn permits(guard: &Guard, address: &str) -> bool {
        guard.permits(address.parse().expect("an address"))
    }

    #[test]
    fn what_is_not_the_public_internet_is_not_sent_to() {
        let guard = Guard::default();
        for address in ["1.1.1.1", "172.15.0.1", "172.32.0.1", "193.0.0.1", "2606:4700::1111", "::ffff:1.1.1.1"] {
            assert!(permits(&guard, address), "{address}");
        }
        for address in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "4000::1",
        ] {
            assert!(!permits(&guard, address), "{address}");
        }
    }

    #[test]
    fn networks_can_be_permitted_beside_it() -> Result<(), String> {
        let guard = Guard::new(&["10.20.0.0/16".to_owned(), "fd12::/16".to_owned()])?;
        for (address, expected) in [
            ("10.20.3.4", true),
            ("::ffff:10.20.3.4", true),
            ("10.21.0.1", false),
            ("fd12::7", true),
            ("fd13::7", false),
        ] {
            assert_eq!(permits(&guard, address), expected, "{address}");
        }
        for text in ["", "10.20.0.0", "10.20.0.0/33", "localhost/8"] {
            assert_eq!(Guard::new(&[text.to_owned()]).err().as_deref(), Some(text));
        }
        Ok(())
    }
}
