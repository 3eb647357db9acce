//! The address of a webhook.

use std::net::{IpAddr, SocketAddr};

use hyper::Uri;

use super::guard::Guard;

/// Longest address, in bytes.
const URL_BYTES_MAX: usize = 2_000;

/// Where a webhook's events go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    /// The host as it stands in the address, an address of version 6 in brackets.
    pub(crate) host: String,
    /// The port.
    pub(crate) port: u16,
    /// Path and query.
    pub(crate) path: String,
}

/// Why an address is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TargetError {
    /// Not an address of the form that is taken.
    #[error("must be https://host[:port]/path of at most {URL_BYTES_MAX} bytes, with no user, password or fragment")]
    Form,
    /// The name has no address, or the answer took too long.
    #[error("the host's name leads to no address")]
    Unresolved,
    /// It leads into a network that is not the public Internet.
    #[error("the host is in a network that this gateway does not send to")]
    Network,
}

impl Target {
    /// Reads an address.
    ///
    /// # Errors
    /// [`TargetError::Form`].
    pub(crate) fn parse(url: &str) -> Result<Self, TargetError> {
        if url.len() > URL_BYTES_MAX || url.contains('#') || !url.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(TargetError::Form);
        }
        let uri: Uri = url.parse().map_err(|_| TargetError::Form)?;
        let authority = uri.authority().ok_or(TargetError::Form)?;
        if uri.scheme_str() != Some("https") || authority.as_str().contains('@') || authority.host().is_empty() {
            return Err(TargetError::Form);
        }
        // A port that is no number of 16 bits is none to `http`, and would be taken as the default one.
        let named = authority.as_str().strip_prefix(authority.host()).unwrap_or_default();
        let port = match named.strip_prefix(':') {
            None if named.is_empty() => 443,
            Some(port) => port.parse().ok().filter(|port| *port > 0).ok_or(TargetError::Form)?,
            None => return Err(TargetError::Form),
        };
        let path = uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        Ok(Self { host: authority.host().to_owned(), port, path })
    }

    /// The host without brackets, as certificates and resolvers write it.
    pub(crate) fn name(&self) -> &str {
        self.host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(&self.host)
    }

    /// What stands in the header `Host`.
    pub(crate) fn authority(&self) -> String {
        if self.port == 443 { self.host.clone() } else { format!("{}:{}", self.host, self.port) }
    }

    /// An address that the gateway may send to. What is given back is what is connected to: the name is not asked for
    /// again, so that a second answer cannot lead elsewhere.
    ///
    /// # Errors
    /// [`TargetError`].
    pub(crate) async fn resolve(&self, guard: &Guard) -> Result<SocketAddr, TargetError> {
        let addresses: Vec<SocketAddr> = match self.name().parse::<IpAddr>() {
            Ok(address) => vec![SocketAddr::new(address, self.port)],
            Err(_) => {
                let found = tokio::net::lookup_host((self.name(), self.port)).await;
                found.map_err(|_| TargetError::Unresolved)?.collect()
            }
        };
        if addresses.is_empty() {
            return Err(TargetError::Unresolved);
        }
        addresses.into_iter().find(|address| guard.permits(address.ip())).ok_or(TargetError::Network)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_https_and_nothing_is_hidden_in_it() -> Result<(), TargetError> {
        let read = |url: &str| Target::parse(url).map(|target| (target.authority(), target.path));
        let of = |authority: &str, path: &str| Ok((authority.to_owned(), path.to_owned()));
        assert_eq!(read("https://erp.example/hooks?of=trade"), of("erp.example", "/hooks?of=trade"));
        assert_eq!(read("https://erp.example"), of("erp.example", "/"));
        assert_eq!(read("https://erp.example:8443/"), of("erp.example:8443", "/"));
        assert_eq!(read("https://[2606:4700::1]:443/x"), of("[2606:4700::1]", "/x"));
        assert_eq!(Target::parse("https://[2606:4700::1]/")?.name(), "2606:4700::1");
        for url in [
            "",
            "erp.example",
            "http://erp.example/",
            "ftp://erp.example/",
            "https:///hooks",
            "https://user@erp.example/",
            "https://user:secret@erp.example/",
            "https://erp.example/#part",
            "https://erp.example:0/",
            "https://erp.example:65536/",
            "https://erp.example:x/",
            "https://erp.example/a b",
            "https://erp.example/\r\nx",
            "https://ärp.example/",
            &format!("https://erp.example/{}", "x".repeat(URL_BYTES_MAX)),
        ] {
            assert_eq!(Target::parse(url), Err(TargetError::Form), "{url:?}");
        }
        Ok(())
    }

    #[tokio::test]
    async fn a_name_that_leads_into_the_own_network_is_refused_however_it_is_written() -> Result<(), TargetError> {
        let guard = Guard::default();
        for url in ["https://127.0.0.1/", "https://localhost/", "https://[::1]/", "https://[::ffff:10.0.0.1]/"] {
            assert_eq!(Target::parse(url)?.resolve(&guard).await, Err(TargetError::Network), "{url}");
        }
        // Some resolvers read numbers as addresses; whatever they make of them is judged.
        for url in ["https://2130706433/", "https://0x7f.1/", "https://0177.0.0.1/"] {
            let refused = Target::parse(url)?.resolve(&guard).await;
            assert!(matches!(refused, Err(TargetError::Network | TargetError::Unresolved)), "{url}");
        }
        let permitted = Guard::new(&["127.0.0.0/8".to_owned()]).map_err(|_| TargetError::Form)?;
        let address = Target::parse("https://127.0.0.1:8443/")?.resolve(&permitted).await?;
        assert_eq!(address.to_string(), "127.0.0.1:8443");
        Ok(())
    }
}
