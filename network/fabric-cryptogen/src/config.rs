//! The description of organizations, in the form that Fabric's cryptogen reads, with five additions: `MSPID` names the
//! organization, `Users.Names` names users, `Users.Attributes` says what their certificates carry, `Users.SANS` gives
//! them the host names under which they serve, and unknown keys are refused instead of passed over.

use std::collections::BTreeMap;

use fabric_msp::{msp::is_group_id, words};
use serde::Deserialize;

use crate::{
    error::CryptoError,
    request::{KeyAlgorithm, Subject},
};

/// How many nodes or users one organization gets at most.
const ENTRIES_MAX: usize = 1000;
/// How many organizations are made at most.
const ORGANIZATIONS_MAX: usize = 200;
/// The longest description that is read, in bytes.
const TEXT_BYTES_MAX: usize = 1024 * 1024;

/// The organizations of a network.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct CryptoConfig {
    /// Those that run orderers.
    #[serde(default)]
    pub orderer_orgs: Vec<OrganizationSpec>,
    /// Those that run peers.
    #[serde(default)]
    pub peer_orgs: Vec<OrganizationSpec>,
}

/// One organization.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct OrganizationSpec {
    /// Its name in short.
    pub name: String,
    /// Its domain, which names its folder and its hosts.
    pub domain: String,
    /// Its MSP id; the name followed by `MSP` when absent.
    #[serde(rename = "MSPID", default)]
    pub msp_id: Option<String>,
    /// Whether roles are told apart by organizational units. On unless said otherwise.
    #[serde(rename = "EnableNodeOUs", default = "yes")]
    pub enable_node_ous: bool,
    /// Its certificate authority.
    #[serde(rename = "CA", default)]
    pub ca: AuthoritySpec,
    /// Nodes by number.
    #[serde(default)]
    pub template: NodeTemplate,
    /// Nodes by name.
    #[serde(default)]
    pub specs: Vec<NodeSpec>,
    /// Users beside the administrator.
    #[serde(default)]
    pub users: UsersSpec,
}

/// The certificate authority of an organization.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, default)]
pub struct AuthoritySpec {
    /// Its host, `ca` when absent.
    pub hostname: String,
    /// Its common name, `host.domain` when absent.
    pub common_name: String,
    /// Two letters.
    pub country: String,
    /// State or province.
    pub province: String,
    /// Town.
    pub locality: String,
    /// Kept for compatibility; not written, because units are roles.
    pub organizational_unit: String,
    /// Street and number.
    pub street_address: String,
    /// Postal code.
    pub postal_code: String,
    /// `ecdsa` or `ed25519`.
    pub public_key_algorithm: String,
}

/// Nodes that differ by a number.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, default)]
pub struct NodeTemplate {
    /// How many.
    pub count: usize,
    /// The first number.
    pub start: usize,
    /// The host name, `{{.Prefix}}{{.Index}}` when absent; the prefix is `peer` or `orderer`.
    pub hostname: String,
    /// Further names and addresses for TLS.
    #[serde(rename = "SANS")]
    pub sans: Vec<String>,
    /// `ecdsa` or `ed25519`.
    pub public_key_algorithm: String,
}

/// One node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, default)]
pub struct NodeSpec {
    /// Its host name without the domain.
    pub hostname: String,
    /// Its full name, `{{.Hostname}}.{{.Domain}}` when absent.
    pub common_name: String,
    /// Further names and addresses for TLS.
    #[serde(rename = "SANS")]
    pub sans: Vec<String>,
    /// `ecdsa` or `ed25519`.
    pub public_key_algorithm: String,
}

/// Users beside the administrator.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, default)]
pub struct UsersSpec {
    /// How many, called `User1`, `User2` and so on.
    pub count: usize,
    /// Others, by name.
    pub names: Vec<String>,
    /// The attributes in their certificates, by the user's name.
    pub attributes: BTreeMap<String, BTreeMap<String, String>>,
    /// Further host names and addresses in their TLS certificates, by the user's name, for users that are programs and
    /// serve, such as gateways. Their own name within the domain stands in it, too. Placeholders as for nodes.
    #[serde(rename = "SANS")]
    pub sans: BTreeMap<String, Vec<String>>,
    /// `ecdsa` or `ed25519`.
    pub public_key_algorithm: String,
}

impl CryptoConfig {
    /// Reads a description in YAML.
    ///
    /// # Errors
    /// [`CryptoError`] when it is not one, or names and numbers are out of bounds.
    pub fn from_yaml(text: &str) -> Result<Self, CryptoError> {
        if text.len() > TEXT_BYTES_MAX {
            return Err(CryptoError::TooMany { what: "bytes".to_owned(), count: text.len(), max: TEXT_BYTES_MAX });
        }
        let config: Self =
            serde_norway::from_str(text).map_err(|cause| CryptoError::Configuration(cause.to_string()))?;
        config.check()?;
        Ok(config)
    }

    pub(crate) fn check(&self) -> Result<(), CryptoError> {
        let all = || self.orderer_orgs.iter().chain(&self.peer_orgs);
        let count = all().count();
        if count > ORGANIZATIONS_MAX {
            return Err(CryptoError::TooMany { what: "organizations".to_owned(), count, max: ORGANIZATIONS_MAX });
        }
        for organizations in [&self.orderer_orgs, &self.peer_orgs] {
            let mut domains: Vec<&String> = organizations.iter().map(|organization| &organization.domain).collect();
            domains.sort();
            if let Some(pair) = domains.windows(2).find(|pair| pair[0] == pair[1]) {
                return Err(CryptoError::Repeated(pair[0].clone()));
            }
        }
        all().try_for_each(OrganizationSpec::check)
    }
}

impl OrganizationSpec {
    /// An organization with one node, an administrator and `User1`, whose node answers on the local machine too.
    pub fn new(name: &str, domain: &str) -> Self {
        let sans = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        Self {
            name: name.to_owned(),
            domain: domain.to_owned(),
            enable_node_ous: true,
            template: NodeTemplate { count: 1, sans, ..NodeTemplate::default() },
            users: UsersSpec { count: 1, ..UsersSpec::default() },
            ..Self::default()
        }
    }

    /// The organization's MSP id.
    pub fn msp_id(&self) -> String {
        self.msp_id.clone().unwrap_or_else(|| format!("{}MSP", self.name))
    }

    fn check(&self) -> Result<(), CryptoError> {
        check_name(&self.domain)?;
        let msp_id = self.msp_id();
        if !is_group_id(&msp_id) {
            return Err(CryptoError::Name(msp_id));
        }
        for (what, count) in [
            ("nodes", self.template.count.saturating_add(self.specs.len())),
            ("users", self.users.count.saturating_add(self.users.names.len())),
        ] {
            if count > ENTRIES_MAX {
                return Err(CryptoError::TooMany {
                    what: format!("{what} of {}", self.domain),
                    count,
                    max: ENTRIES_MAX,
                });
            }
        }
        Ok(())
    }

    /// The common name of the certificate authority.
    pub(crate) fn authority_name(&self) -> Result<String, CryptoError> {
        let host = if self.ca.hostname.is_empty() { "ca" } else { &self.ca.hostname };
        let name = match self.ca.common_name.as_str() {
            "" => format!("{host}.{}", self.domain),
            given => filled(given, &[("Hostname", host), ("Domain", &self.domain)])?,
        };
        check_name(&name)?;
        Ok(name)
    }

    /// The subject of the authority without its names.
    pub(crate) fn authority_subject(&self) -> Subject {
        Subject {
            country: self.ca.country.clone(),
            province: self.ca.province.clone(),
            locality: self.ca.locality.clone(),
            street_address: self.ca.street_address.clone(),
            postal_code: self.ca.postal_code.clone(),
            organization: self.domain.clone(),
        }
    }

    /// All nodes, those by number first, with their names filled in. `prefix` is `peer` or `orderer`.
    pub(crate) fn nodes(&self, prefix: &str) -> Result<Vec<NodeSpec>, CryptoError> {
        let mut nodes = Vec::new();
        for offset in 0..self.template.count {
            let index = self.template.start.saturating_add(offset).to_string();
            let pattern = match self.template.hostname.as_str() {
                "" => "{{.Prefix}}{{.Index}}",
                given => given,
            };
            let hostname = filled(pattern, &[("Prefix", prefix), ("Index", &index), ("Domain", &self.domain)])?;
            nodes.push(NodeSpec {
                hostname,
                sans: self.template.sans.clone(),
                public_key_algorithm: self.template.public_key_algorithm.clone(),
                ..NodeSpec::default()
            });
        }
        nodes.extend(self.specs.iter().cloned());
        for node in &mut nodes {
            self.fill_in(node)?;
        }
        check_distinct(nodes.iter().map(|node| node.common_name.as_str()))?;
        Ok(nodes)
    }

    /// All users but the administrator, without the domain.
    pub(crate) fn user_names(&self) -> Result<Vec<String>, CryptoError> {
        let mut names: Vec<String> = (1..=self.users.count).map(|number| format!("User{number}")).collect();
        names.extend(self.users.names.iter().cloned());
        names.iter().try_for_each(|name| check_name(name))?;
        check_distinct(names.iter().map(String::as_str).chain(["Admin"]))?;
        let mut described = self.users.attributes.keys().chain(self.users.sans.keys());
        if let Some(name) = described.find(|name| !names.contains(name)) {
            return Err(CryptoError::UnknownUser(name.clone()));
        }
        Ok(names)
    }

    /// The host names in a user's TLS certificate; none but for a user that serves.
    pub(crate) fn user_sans(&self, name: &str) -> Result<Vec<String>, CryptoError> {
        let Some(given) = self.users.sans.get(name) else { return Ok(Vec::new()) };
        let common_name = format!("{name}.{}", self.domain);
        let values = [("Hostname", name), ("Domain", self.domain.as_str()), ("CommonName", common_name.as_str())];
        let given = given.iter().map(|san| filled(san, &values));
        std::iter::once(Ok(common_name.clone())).chain(given).collect()
    }

    fn fill_in(&self, node: &mut NodeSpec) -> Result<(), CryptoError> {
        let host = node.hostname.clone();
        check_name(&host)?;
        let pattern = match node.common_name.as_str() {
            "" => "{{.Hostname}}.{{.Domain}}",
            given => given,
        };
        let name = filled(pattern, &[("Hostname", &host), ("Domain", &self.domain)])?;
        check_name(&name)?;
        let values = [("Hostname", host.as_str()), ("Domain", &self.domain), ("CommonName", &name)];
        let mut sans = vec![name.clone(), host.clone()];
        for san in &node.sans {
            let san = filled(san, &values)?;
            if !sans.contains(&san) {
                sans.push(san);
            }
        }
        node.sans = sans;
        node.common_name = name;
        Ok(())
    }
}

/// The kind of key that a description names; empty means the default.
pub(crate) fn algorithm(name: &str) -> Result<KeyAlgorithm, CryptoError> {
    match name {
        "" | "ecdsa" => Ok(KeyAlgorithm::EcdsaP256),
        "ed25519" => Ok(KeyAlgorithm::Ed25519),
        other => Err(CryptoError::Algorithm(other.to_owned())),
    }
}

/// Names become parts of paths, so nothing may climb out of a folder or hide in it.
pub(crate) fn check_name(name: &str) -> Result<(), CryptoError> {
    let legal = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '-' | '_' | '@');
    let fits = !name.is_empty() && name.len() <= 200 && !name.starts_with('.') && name.chars().all(legal);
    if fits { Ok(()) } else { Err(CryptoError::Name(name.to_owned())) }
}

fn check_distinct<'a>(names: impl Iterator<Item = &'a str>) -> Result<(), CryptoError> {
    let mut seen = std::collections::BTreeSet::new();
    for name in names {
        if !seen.insert(name) {
            return Err(CryptoError::Repeated(name.to_owned()));
        }
    }
    Ok(())
}

/// A pattern with each `{{.Name}}` filled in.
fn filled(pattern: &str, values: &[(&str, &str)]) -> Result<String, CryptoError> {
    let value = |name: &str| values.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    words::fill(pattern, value).map_err(|_| CryptoError::Template(pattern.to_owned()))
}

fn yes() -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_of_cryptogen_is_read() -> Result<(), CryptoError> {
        let config = CryptoConfig::from_yaml(
            "PeerOrgs:\n  - Name: Org1\n    Domain: org1.example.com\n    EnableNodeOUs: true\n    CA:\n      Hostname: ca\n      \
             Country: US\n    Template:\n      Count: 2\n      Start: 5\n      Hostname: \"{{.Prefix}}{{.Index}}\"\n      SANS:\n        \
             - \"{{.Hostname}}.alt.{{.Domain}}\"\n    Specs:\n      - Hostname: foo\n        CommonName: foo27.org5.example.com\n        \
             SANS: [\"bar.{{ .Domain }}\", 172.16.10.31]\n    Users:\n      Count: 1\n      Names: [gateway]\n      SANS: {gateway: [localhost]}\n",
        )?;
        let organization = &config.peer_orgs[0];
        assert_eq!(organization.msp_id(), "Org1MSP");
        let nodes = organization.nodes("peer")?;
        let names: Vec<&str> = nodes.iter().map(|node| node.common_name.as_str()).collect();
        assert_eq!(names, ["peer5.org1.example.com", "peer6.org1.example.com", "foo27.org5.example.com"]);
        assert_eq!(nodes[0].sans, ["peer5.org1.example.com", "peer5", "peer5.alt.org1.example.com"]);
        assert_eq!(nodes[2].sans, ["foo27.org5.example.com", "foo", "bar.org1.example.com", "172.16.10.31"]);
        assert_eq!(organization.user_names()?, ["User1", "gateway"]);
        assert!(organization.user_sans("User1")?.is_empty());
        assert_eq!(organization.user_sans("gateway")?, ["gateway.org1.example.com", "localhost"]);
        Ok(())
    }

    #[test]
    fn a_description_that_would_do_harm_is_refused() {
        let read = |organization: &str| CryptoConfig::from_yaml(&format!("PeerOrgs:\n  - {organization}\n"));
        assert!(matches!(read("{Name: A, Domain: ../a}"), Err(CryptoError::Name(_))));
        assert!(matches!(read("{Name: A, Domain: a.example, Tempalte: {}}"), Err(CryptoError::Configuration(_))));
        assert!(matches!(
            read("{Name: A, Domain: a.example, Template: {Count: 1001}}"),
            Err(CryptoError::TooMany { .. })
        ));
        assert!(matches!(read("{Name: A, Domain: a}\n  - {Name: B, Domain: a}"), Err(CryptoError::Repeated(_))));
        let organization = |text: &str| read(text).expect("readable").peer_orgs.remove(0);
        let hosts = organization("{Name: A, Domain: a, Specs: [{Hostname: x/y}]}");
        assert!(matches!(hosts.nodes("peer"), Err(CryptoError::Name(_))));
        let users = organization("{Name: A, Domain: a, Users: {Names: [Admin]}}");
        assert!(matches!(users.user_names(), Err(CryptoError::Repeated(_))));
        let pattern = organization("{Name: A, Domain: a, Specs: [{Hostname: x, CommonName: '{{.Home}}'}]}");
        assert!(matches!(pattern.nodes("peer"), Err(CryptoError::Template(_))));
    }
}
