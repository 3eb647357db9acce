//! The kinds of containers of an exported network: what each may use and which others it calls. Limits, network
//! policies and Compose networks all come from here, so that a new kind has none by being forgotten.

/// Where they listen inside their containers.
pub(super) const ORDERER_PORT: u16 = 7050;
pub(super) const ORDERER_ADMIN_PORT: u16 = 7053;
pub(super) const PEER_PORT: u16 = 7051;
pub(super) const CHAINCODE_PORT: u16 = 9999;
pub(super) const GATEWAY_PORT: u16 = 8443;

/// A kind of container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Component {
    Orderer,
    Peer,
    Chaincode,
    /// Joins the nodes, deploys the chaincode and ends.
    Join,
    Gateway,
}

/// What one container may use at most.
pub(super) struct Limits {
    /// Thousandths of a processor.
    pub(super) processor_thousandths: u32,
    /// MiB of memory.
    pub(super) memory_mib: u32,
    /// Processes and threads.
    pub(super) processes: u32,
}

impl Component {
    pub(super) const ALL: [Self; 5] = [Self::Orderer, Self::Peer, Self::Chaincode, Self::Join, Self::Gateway];

    /// The label's value.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Orderer => "orderer",
            Self::Peer => "peer",
            Self::Chaincode => "chaincode",
            Self::Join => "join",
            Self::Gateway => "gateway",
        }
    }

    pub(super) fn limits(self) -> Limits {
        let (processor_thousandths, memory_mib, processes) = match self {
            Self::Orderer => (1000, 1024, 512),
            Self::Peer => (2000, 2048, 1024),
            Self::Chaincode | Self::Gateway => (1000, 512, 256),
            Self::Join => (500, 256, 64),
        };
        Limits { processor_thousandths, memory_mib, processes }
    }

    /// Whom it calls, on which port.
    pub(super) fn calls(self) -> &'static [(Self, u16)] {
        match self {
            Self::Orderer => &[(Self::Orderer, ORDERER_PORT)],
            Self::Peer => &[(Self::Peer, PEER_PORT), (Self::Orderer, ORDERER_PORT), (Self::Chaincode, CHAINCODE_PORT)],
            Self::Chaincode => &[],
            Self::Join => {
                &[(Self::Orderer, ORDERER_PORT), (Self::Orderer, ORDERER_ADMIN_PORT), (Self::Peer, PEER_PORT)]
            }
            Self::Gateway => &[(Self::Peer, PEER_PORT)],
        }
    }

    /// Who calls it, on which port.
    pub(super) fn callers(self) -> impl Iterator<Item = (Self, u16)> {
        Self::ALL.into_iter().flat_map(move |caller| {
            caller.calls().iter().filter(move |(called, _)| *called == self).map(move |(_, port)| (caller, *port))
        })
    }
}
