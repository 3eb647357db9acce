//! Where something listens: a host and a port, written `host:port`.

use std::{
    fmt,
    net::{SocketAddr, TcpStream, ToSocketAddrs},
    str::FromStr,
    time::Duration,
};

use anyhow::{Context, Error, Result, ensure};
use serde::{Deserialize, Serialize};

/// How long a connection may take when it is only asked whether something listens.
const CONNECT_PATIENCE: Duration = Duration::from_millis(200);

/// A host, by name or IPv4 address, and a port.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Endpoint {
    host: String,
    port: u16,
}

impl Endpoint {
    /// A host and a port.
    #[must_use]
    pub fn new(host: &str, port: u16) -> Self {
        Self { host: host.to_owned(), port }
    }

    /// The host.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Whether only this machine, or this container, reaches it: its host is an address of the loopback.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
    }

    /// Whether something accepts connections here now.
    #[must_use]
    pub fn listens(&self) -> bool {
        let Ok(addresses) = (self.host.as_str(), self.port).to_socket_addrs() else { return false };
        addresses.into_iter().any(|address| TcpStream::connect_timeout(&address, CONNECT_PATIENCE).is_ok())
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

impl FromStr for Endpoint {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let (host, port) = text.rsplit_once(':').with_context(|| format!("{text} is not host:port"))?;
        ensure!(!host.is_empty() && !host.contains(':'), "{text} has no host name or IPv4 address");
        let port = port.parse().with_context(|| format!("{text} has no port"))?;
        Ok(Self::new(host, port))
    }
}

impl TryFrom<String> for Endpoint {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl From<Endpoint> for String {
    fn from(endpoint: Endpoint) -> Self {
        endpoint.to_string()
    }
}

impl From<SocketAddr> for Endpoint {
    fn from(address: SocketAddr) -> Self {
        Self { host: address.ip().to_string(), port: address.port() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_written_and_read_as_host_and_port() -> Result<()> {
        let endpoint: Endpoint = "peer0.bank.example:7051".parse()?;
        assert_eq!((endpoint.host(), endpoint.port()), ("peer0.bank.example", 7051));
        assert_eq!(endpoint.to_string(), "peer0.bank.example:7051");
        for wrong in ["", "host", ":1", "host:", "host:70000", "::1:7051"] {
            assert!(wrong.parse::<Endpoint>().is_err(), "{wrong}");
        }
        Ok(())
    }
}
