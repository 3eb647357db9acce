//! A channel's configuration as clients need it: membership rules, and where orderers listen.

use std::collections::BTreeMap;

use fabric_config::ChannelConfig;
use fabric_protos::discovery::{ConfigResult, Endpoint, Endpoints};

/// What discovery says of a configuration. Addresses that are none are left out.
pub(super) fn result(channel: &ChannelConfig) -> ConfigResult {
    let msps = channel.msps().msps().map(|msp| (msp.id().to_owned(), msp.config().clone())).collect();
    // Addresses of the whole channel stand for each organization, but only when none has its own.
    let for_all: Vec<String> = channel
        .orderer_endpoints()
        .into_iter()
        .filter(|endpoint| endpoint.msp_id.is_none())
        .map(|endpoint| endpoint.address)
        .collect();
    let mut orderers = BTreeMap::new();
    for organization in channel.orderer_orgs() {
        let addresses = if for_all.is_empty() { &organization.endpoints } else { &for_all };
        let endpoint = addresses.iter().filter_map(|address| endpoint(address)).collect();
        orderers.insert(organization.msp_id.clone(), Endpoints { endpoint });
    }
    ConfigResult { msps, orderers }
}

fn endpoint(address: &str) -> Option<Endpoint> {
    let (host, port) = address.rsplit_once(':')?;
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    Some(Endpoint { host: host.to_owned(), port: port.parse::<u16>().ok()?.into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_split_into_host_and_port() {
        let split = |address| endpoint(address).map(|endpoint| (endpoint.host, endpoint.port));
        assert_eq!(split("orderer.example.com:7050"), Some(("orderer.example.com".to_owned(), 7050)));
        assert_eq!(split("[::1]:7050"), Some(("::1".to_owned(), 7050)));
        assert_eq!((split("orderer"), split("orderer:http"), split("orderer:70000")), (None, None, None));
    }
}
