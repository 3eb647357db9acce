//! Where the nodes of a network listen: chosen once, when its folder is laid out.

use std::{
    collections::BTreeMap,
    io,
    net::{SocketAddr, TcpListener},
};

use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};

use crate::{
    consortium::{Consortium, Organization},
    endpoint::Endpoint,
};

/// The ports from this one to its double are chosen from, at random.
const PORT_MIN: u16 = 16_384;
/// How many random places are tried.
const PORT_ATTEMPTS: usize = 64;

/// What is fixed when a network is laid out.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Addresses {
    /// Embedded, or real Fabric.
    pub kind: Kind,
    /// The peers of each organization by MSP id, `peer0` first.
    pub peers: BTreeMap<String, Vec<PeerAddresses>>,
    /// The orderers in the order of the consortium file. The embedded network has one.
    pub orderers: Vec<OrdererAddresses>,
    /// Where peers dial the chaincode.
    pub chaincode: Endpoint,
    /// Where the chaincode tells health and metrics over HTTP; folders that an early version laid out have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chaincode_operations: Option<Endpoint>,
    /// Where the peers of each organization dial the chaincode, by MSP id, when each organization runs its own process.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub chaincodes: BTreeMap<String, Endpoint>,
    /// Where the REST gateway listens.
    pub gateway: SocketAddr,
}

/// The endpoints of one peer.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PeerAddresses {
    /// Clients and other peers.
    pub endpoint: Endpoint,
    /// The listener for chaincode that the peer launches itself; unused, but a real peer insists on one.
    pub chaincode: Endpoint,
    /// Operations: health, version and metrics over HTTP.
    pub operations: Endpoint,
}

/// A peer or an orderer by its name, and where it answers.
#[derive(Debug, Clone, Copy)]
pub struct NodeAddresses<'a> {
    /// What it is called on by others.
    pub endpoint: &'a Endpoint,
    /// Where it says how it is.
    pub operations: &'a Endpoint,
}

/// The name of an organization's peer by its number, 0 for the first.
#[must_use]
pub fn peer_name(domain: &str, number: usize) -> String {
    format!("peer{number}.{domain}")
}

/// The endpoints of one orderer.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrdererAddresses {
    /// The host name of the node within its organization's domain.
    pub node: String,
    /// Clients, peers and other orderers.
    pub endpoint: Endpoint,
    /// Channel participation.
    pub admin: Endpoint,
    /// Operations: health, version and metrics over HTTP.
    pub operations: Endpoint,
}

impl Addresses {
    /// The first peer of an organization.
    ///
    /// # Errors
    /// None was laid out.
    pub fn peer(&self, msp_id: &str) -> Result<&PeerAddresses> {
        self.peers_of(msp_id).first().with_context(|| format!("no address was chosen for a peer of {msp_id}"))
    }

    /// All peers of an organization, `peer0` first.
    #[must_use]
    pub fn peers_of(&self, msp_id: &str) -> &[PeerAddresses] {
        self.peers.get(msp_id).map_or(&[], Vec::as_slice)
    }

    /// The first orderer.
    ///
    /// # Errors
    /// None was laid out.
    pub fn orderer(&self) -> Result<&OrdererAddresses> {
        self.orderers.first().context("no address was chosen for an orderer")
    }

    /// All nodes by their names: `peer0.DOMAIN` and so on, and orderers as the consortium file calls them.
    #[must_use]
    pub fn nodes<'a>(&'a self, consortium: &Consortium) -> BTreeMap<String, NodeAddresses<'a>> {
        let mut nodes = BTreeMap::new();
        for Organization { msp_id, domain, .. } in &consortium.organizations {
            for (number, PeerAddresses { endpoint, operations, .. }) in self.peers_of(msp_id).iter().enumerate() {
                nodes.insert(peer_name(domain, number), NodeAddresses { endpoint, operations });
            }
        }
        for OrdererAddresses { node, endpoint, operations, .. } in &self.orderers {
            nodes.insert(node.clone(), NodeAddresses { endpoint, operations });
        }
        nodes
    }

    /// Free ports of this machine for all nodes of a network.
    ///
    /// # Errors
    /// No free ports can be had.
    pub(super) fn choose(kind: Kind, consortium: &Consortium, gateway: Option<SocketAddr>) -> Result<Self> {
        let (counts, nodes) = Self::counts(kind, consortium);
        // Three for each node, the chaincode's two and the gateway's.
        let mut ports = FreePorts::find(3 * (counts.values().sum::<usize>() + nodes.len()) + 3)?;
        let mut peers = BTreeMap::new();
        for (msp_id, count) in counts {
            let mut own = Vec::new();
            for _ in 0..count {
                own.push(PeerAddresses {
                    endpoint: ports.next()?,
                    chaincode: ports.next()?,
                    operations: ports.next()?,
                });
            }
            peers.insert(msp_id, own);
        }
        let mut orderers = Vec::new();
        for node in nodes {
            orderers.push(OrdererAddresses {
                node,
                endpoint: ports.next()?,
                admin: ports.next()?,
                operations: ports.next()?,
            });
        }
        Ok(Self {
            kind,
            peers,
            orderers,
            chaincode: ports.next()?,
            chaincode_operations: Some(ports.next()?),
            chaincodes: BTreeMap::new(),
            gateway: match gateway {
                Some(address) => address,
                None => ports.next_address()?,
            },
        })
    }

    /// How many peers and orderers of this consortium a network of this kind runs.
    fn counts(kind: Kind, consortium: &Consortium) -> (BTreeMap<String, usize>, Vec<String>) {
        let nodes = match kind {
            Kind::Embedded => 1,
            Kind::Fabric => consortium.orderer.nodes.len(),
        };
        (
            consortium.organizations.iter().map(|one| (one.msp_id.clone(), one.peers)).collect(),
            consortium.orderer.nodes.iter().take(nodes).cloned().collect(),
        )
    }

    /// Fails when the nodes of the consortium are others than those that were laid out.
    pub(crate) fn check(&self, consortium: &Consortium) -> Result<()> {
        let (peers, nodes) = Self::counts(self.kind, consortium);
        let known: BTreeMap<String, usize> =
            self.peers.iter().map(|(msp_id, peers)| (msp_id.clone(), peers.len())).collect();
        let changed = "the folder was laid out for another consortium; name another one with --dir";
        for (msp_id, count) in &peers {
            let laid_out = known.get(msp_id).copied().unwrap_or_default();
            ensure!(laid_out == *count, "{msp_id} has {count} peers now and had {laid_out}: {changed}");
        }
        if let Some(msp_id) = known.keys().find(|msp_id| !peers.contains_key(*msp_id)) {
            bail!("{msp_id} is not in the consortium file any more: {changed}");
        }
        let laid_out: Vec<String> = self.orderers.iter().map(|orderer| orderer.node.clone()).collect();
        ensure!(laid_out == nodes, "the orderers are {nodes:?} now and were {laid_out:?}: {changed}");
        Ok(())
    }
}

/// Which kind of network a folder holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// One process of ours.
    Embedded,
    /// Processes of Hyperledger Fabric.
    Fabric,
}

/// Free loopback ports side by side, below those that the kernel gives to outgoing connections: one of those could be
/// in use at the moment when a network starts that keeps its ports for good.
///
/// Networks that are laid out at the same moment do not see each other's choice. Side by side, two of them meet only if
/// they begin at one place, which is less than a tenth as likely as that any two of their ports are the same.
struct FreePorts {
    addresses: std::vec::IntoIter<SocketAddr>,
    /// Open until all ports are given out, so that none comes twice.
    _taken: Vec<TcpListener>,
}

impl FreePorts {
    fn find(count: usize) -> Result<Self> {
        let taken = (0..PORT_ATTEMPTS).find_map(|_| side_by_side(count).ok());
        let taken = match taken {
            Some(taken) => taken,
            None => (0..count)
                .map(|_| TcpListener::bind(("127.0.0.1", 0)))
                .collect::<io::Result<_>>()
                .context("no free port on 127.0.0.1")?,
        };
        let addresses: Vec<_> = taken.iter().map(TcpListener::local_addr).collect::<io::Result<_>>()?;
        Ok(Self { addresses: addresses.into_iter(), _taken: taken })
    }

    fn next(&mut self) -> Result<Endpoint> {
        self.next_address().map(Endpoint::from)
    }

    fn next_address(&mut self) -> Result<SocketAddr> {
        self.addresses.next().context("fewer ports were counted than are needed")
    }
}

/// So many ports from a random multiple of the next power of two on; an error when one of them is in use.
fn side_by_side(count: usize) -> io::Result<Vec<TcpListener>> {
    let stride = count.next_power_of_two();
    let places = usize::from(PORT_MIN) / stride;
    if places == 0 {
        return Err(io::ErrorKind::AddrNotAvailable.into());
    }
    let mut random = [0; 2];
    getrandom::fill(&mut random).map_err(|error| io::Error::other(error.to_string()))?;
    let first = usize::from(PORT_MIN) + usize::from(u16::from_le_bytes(random)) % places * stride;
    (first..first + count)
        .map(|port| TcpListener::bind(("127.0.0.1", u16::try_from(port).map_err(io::Error::other)?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ports_of_a_network_lie_side_by_side_and_each_is_given_once() -> Result<()> {
        let mut ports = FreePorts::find(22)?;
        let given = (0..22).map(|_| ports.next_address()).collect::<Result<Vec<_>>>()?;
        assert!(ports.next_address().is_err(), "no more than were asked for");
        let first = given[0].port();
        let expected: Vec<u16> = (first..first + 22).collect();
        assert_eq!(given.iter().map(SocketAddr::port).collect::<Vec<_>>(), expected);
        assert!((PORT_MIN..2 * PORT_MIN).contains(&first) && first % 32 == 0, "{first}");
        assert!(TcpListener::bind(given[0]).is_err(), "kept until all are given out");
        Ok(())
    }

    #[test]
    fn a_network_of_any_size_gets_ports() -> Result<()> {
        assert!(side_by_side(20_000).is_err(), "more than there are places");
        assert_eq!(FreePorts::find(300)?.addresses.len(), 300);
        Ok(())
    }
}
