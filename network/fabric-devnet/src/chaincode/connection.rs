//! `connection.json`: where an external chaincode listens and how to trust it. Nothing is dialled here.

use std::time::Duration;

use fabric_msp::{
    transport::ClientTls,
    words::{WordError, fill},
};
use serde::Serialize;
use serde_json::Value;

/// How long a dial may take when the package does not say.
const DIAL_TIMEOUT: Duration = Duration::from_secs(3);
/// The longest dial that a package may ask for.
const DIAL_TIMEOUT_MAX: Duration = Duration::from_secs(60);
/// What some editors put before a text in UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Why a chaincode cannot be reached with this file.
#[derive(Debug, thiserror::Error)]
pub enum ConnectionError {
    /// The file is not the expected JSON.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// A field is of another kind.
    #[error("{field} is not {expected}")]
    Kind {
        /// The field's name.
        field: &'static str,
        /// What it has to be.
        expected: &'static str,
    },
    /// A word in the address cannot be filled in.
    #[error(transparent)]
    Word(#[from] WordError),
    /// There is no address.
    #[error("chaincode address not provided")]
    NoAddress,
    /// The time to wait is not a duration.
    #[error("time: invalid duration \"{0}\"")]
    Duration(String),
    /// A client certificate is asked for, but the key is missing.
    #[error("chaincode tls key not provided")]
    NoKey,
    /// A client certificate is asked for, but missing.
    #[error("chaincode tls cert not provided")]
    NoCertificate,
    /// TLS is asked for, but there is no authority to trust.
    #[error("chaincode tls root cert not provided")]
    NoRoot,
}

/// How to reach a chaincode.
#[derive(Clone)]
pub(crate) struct ConnectionInfo {
    /// `host:port`.
    pub(crate) address: String,
    /// How long to wait for the connection.
    pub(crate) dial_timeout: Duration,
    /// Whom to trust and what to show; `None` without TLS.
    pub(crate) tls: Option<ClientTls>,
}

/// What the file says.
#[derive(Default, Serialize)]
struct File {
    address: String,
    domain: String,
    dial_timeout: Value,
    tls_required: bool,
    client_auth_required: bool,
    client_key: String,
    client_cert: String,
    root_cert: String,
}

impl File {
    /// Reads the file as Go does, which takes any letter case of a field's name, and more gently: a byte order mark and
    /// booleans in quotation marks are no reason to refuse a package.
    fn parse(bytes: &[u8]) -> Result<Self, ConnectionError> {
        let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
        let fields = Fields(serde_json::from_slice(bytes)?);
        Ok(Self {
            address: fields.text("address")?,
            domain: fields.text("domain")?,
            dial_timeout: fields.get("dial_timeout").cloned().unwrap_or_default(),
            tls_required: fields.flag("tls_required")?,
            client_auth_required: fields.flag("client_auth_required")?,
            client_key: fields.text("client_key")?,
            client_cert: fields.text("client_cert")?,
            root_cert: fields.text("root_cert")?,
        })
    }
}

/// The fields of a JSON object, found as Go finds them.
struct Fields(serde_json::Map<String, Value>);

impl Fields {
    /// The field of this name, in this letter case if there is one, and otherwise in any.
    fn get(&self, name: &str) -> Option<&Value> {
        let in_any_case = || self.0.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value);
        self.0.get(name).or_else(in_any_case)
    }

    fn text(&self, name: &'static str) -> Result<String, ConnectionError> {
        match self.get(name) {
            None | Some(Value::Null) => Ok(String::new()),
            Some(Value::String(text)) => Ok(text.clone()),
            Some(_) => Err(ConnectionError::Kind { field: name, expected: "a text" }),
        }
    }

    fn flag(&self, name: &'static str) -> Result<bool, ConnectionError> {
        match self.get(name) {
            None | Some(Value::Null) => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(Value::String(text)) if text.eq_ignore_ascii_case("true") => Ok(true),
            Some(Value::String(text)) if text.is_empty() || text.eq_ignore_ascii_case("false") => Ok(false),
            Some(_) => Err(ConnectionError::Kind { field: name, expected: "true or false" }),
        }
    }
}

/// A `connection.json` as Fabric's peers read it, whatever gentle form it came in; words in double braces are left as
/// they are.
///
/// # Errors
/// [`ConnectionError`] when no chaincode can be reached with it.
pub fn strict_connection(bytes: &[u8]) -> Result<Vec<u8>, ConnectionError> {
    let file = File::parse(bytes)?;
    ConnectionInfo::of(&file, &file.address)?;
    Ok(serde_json::to_vec(&file)?)
}

impl ConnectionInfo {
    /// Reads the file. `{{.peername}}` in the address stands for the name of the peer, as Fabric's sample networks say
    /// it to Fabric's own builder, so that one package can lead each peer to its own chaincode.
    pub(crate) fn parse(bytes: &[u8], peer_name: &str) -> Result<Self, ConnectionError> {
        let file = File::parse(bytes)?;
        let address = fill(&file.address, |word| (word == "peername").then(|| peer_name.to_owned()))?;
        Self::of(&file, &address)
    }

    fn of(file: &File, address: &str) -> Result<Self, ConnectionError> {
        if address.is_empty() {
            return Err(ConnectionError::NoAddress);
        }
        // Go dials this machine when an address names no host.
        let address = if address.starts_with(':') { format!("localhost{address}") } else { address.to_owned() };
        let dial_timeout = dial_timeout(&file.dial_timeout)?;
        let tls = file.tls_required.then(|| tls(file)).transpose()?;
        Ok(Self { address, dial_timeout, tls })
    }
}

impl std::fmt::Debug for ConnectionInfo {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "ConnectionInfo({}, TLS: {})", self.address, self.tls.is_some())
    }
}

fn tls(file: &File) -> Result<ClientTls, ConnectionError> {
    if file.client_auth_required && file.client_key.is_empty() {
        return Err(ConnectionError::NoKey);
    }
    if file.client_auth_required && file.client_cert.is_empty() {
        return Err(ConnectionError::NoCertificate);
    }
    if file.root_cert.is_empty() {
        return Err(ConnectionError::NoRoot);
    }
    let pair = || (file.client_cert.clone().into_bytes(), file.client_key.clone().into_bytes());
    // As in Fabric the name counts only together with a client certificate.
    let named = file.client_auth_required && !file.domain.is_empty();
    Ok(ClientTls {
        ca_pem: file.root_cert.clone().into_bytes(),
        identity: file.client_auth_required.then(pair),
        server_name: named.then(|| file.domain.clone()),
    })
}

fn dial_timeout(value: &Value) -> Result<Duration, ConnectionError> {
    let invalid = || ConnectionError::Duration(value.to_string());
    let duration = match value {
        Value::Null => return Ok(DIAL_TIMEOUT),
        // A bare number counts nanoseconds.
        Value::Number(number) => Duration::from_nanos(number.as_u64().ok_or_else(invalid)?),
        Value::String(text) => parse_duration(text).ok_or_else(invalid)?,
        _ => return Err(invalid()),
    };
    let zero_means_default = if duration.is_zero() { DIAL_TIMEOUT } else { duration };
    Ok(zero_means_default.min(DIAL_TIMEOUT_MAX))
}

/// A duration as Go writes it, for example `1m30s` or `500ms`; `None` for anything else, and for negative ones.
fn parse_duration(text: &str) -> Option<Duration> {
    if text == "0" {
        return Some(Duration::ZERO);
    }
    let mut rest = text;
    let mut total = Duration::ZERO;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'.').count();
        let number: f64 = rest.get(..digits)?.parse().ok()?;
        rest = &rest[digits..];
        let letters = rest.bytes().take_while(|byte| !byte.is_ascii_digit() && *byte != b'.').count();
        let seconds = match &rest[..letters] {
            "ns" => 1e-9,
            "us" | "µs" | "μs" => 1e-6,
            "ms" => 1e-3,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            _ => return None,
        };
        rest = &rest[letters..];
        total = total.checked_add(Duration::try_from_secs_f64(number * seconds).ok()?)?;
    }
    Some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(json: &str) -> Result<ConnectionInfo, ConnectionError> {
        ConnectionInfo::parse(json.as_bytes(), "peer0.org1")
    }

    #[test]
    fn the_time_to_wait_is_a_go_duration_or_a_number() -> Result<(), ConnectionError> {
        for (value, expected) in [
            (r#""10s""#, Duration::from_secs(10)),
            (r#""1m1.5s""#, Duration::from_millis(61_500).min(DIAL_TIMEOUT_MAX)),
            (r#""250ms""#, Duration::from_millis(250)),
            ("2000000000", Duration::from_secs(2)),
            ("0", DIAL_TIMEOUT),
            ("null", DIAL_TIMEOUT),
        ] {
            let json = format!(r#"{{"address":"a:1","dial_timeout":{value}}}"#);
            assert_eq!(parse(&json)?.dial_timeout, expected, "{value}");
        }
        for value in [r#""""#, r#""10""#, r#""s""#, r#""-1s""#, r#""1d""#, "true", "-1", r#""1..5s""#, r#""é""#] {
            let json = format!(r#"{{"address":"a:1","dial_timeout":{value}}}"#);
            assert!(matches!(parse(&json), Err(ConnectionError::Duration(_))), "{value}");
        }
        Ok(())
    }

    #[test]
    fn gentle_forms_are_taken_and_told_to_peers_in_the_strict_one() -> Result<(), Box<dyn std::error::Error>> {
        let gentle = "\u{feff}{\"Address\":\":9999\",\"DIAL_TIMEOUT\":\"5s\",\"tls_required\":\"True\",\
            \"client_auth_required\":\"false\",\"root_cert\":\"r\",\"client_key\":null,\"other\":1}";
        let read = ConnectionInfo::parse(gentle.as_bytes(), "peer0")?;
        assert_eq!((read.address.as_str(), read.dial_timeout), ("localhost:9999", Duration::from_secs(5)));
        assert!(read.tls.is_some_and(|tls| tls.identity.is_none()));
        let strict: Value = serde_json::from_slice(&strict_connection(gentle.as_bytes())?)?;
        let expected = serde_json::json!({
            "address": ":9999", "domain": "", "dial_timeout": "5s", "tls_required": true,
            "client_auth_required": false, "client_key": "", "client_cert": "", "root_cert": "r",
        });
        assert_eq!(strict, expected);
        Ok(())
    }

    #[test]
    fn an_exact_name_counts_before_one_in_another_letter_case() -> Result<(), ConnectionError> {
        assert_eq!(parse(r#"{"ADDRESS":"b:1","address":"a:1"}"#)?.address, "a:1");
        Ok(())
    }

    #[test]
    fn a_field_of_another_kind_is_named() {
        let refused = |json: &str| parse(json).expect_err("refused").to_string();
        assert_eq!(refused(r#"{"address":7}"#), "address is not a text");
        assert_eq!(refused(r#"{"address":"a:1","tls_required":"yes"}"#), "tls_required is not true or false");
        assert_eq!(refused(r#"{"address":"a:1","tls_required":1}"#), "tls_required is not true or false");
        assert!(strict_connection(b"{}").is_err() && strict_connection(b"[]").is_err());
    }

    #[test]
    fn tls_needs_an_authority_to_trust() {
        let refused = |json: &str| parse(json).expect_err("refused").to_string();
        assert_eq!(refused("{}"), "chaincode address not provided");
        assert_eq!(refused(r#"{"address":"a:1","tls_required":true}"#), "chaincode tls root cert not provided");
        let mutual = r#"{"address":"a:1","tls_required":true,"client_auth_required":true"#;
        assert_eq!(refused(&format!("{mutual}}}")), "chaincode tls key not provided");
        assert_eq!(refused(&format!(r#"{mutual},"client_key":"k"}}"#)), "chaincode tls cert not provided");
    }

    #[test]
    fn the_domain_counts_only_with_a_client_certificate() -> Result<(), ConnectionError> {
        let one_sided = r#"{"address":"a:1","tls_required":true,"root_cert":"r","domain":"d"}"#;
        assert_eq!(parse(one_sided)?.tls.and_then(|tls| tls.server_name), None);
        let mutual = r#"{"address":"a:1","tls_required":true,"client_auth_required":true,"client_key":"k",
            "client_cert":"c","root_cert":"r","domain":"d"}"#;
        assert_eq!(parse(mutual)?.tls.and_then(|tls| tls.server_name).as_deref(), Some("d"));
        Ok(())
    }

    #[test]
    fn the_peers_name_can_stand_in_the_address() -> Result<(), ConnectionError> {
        assert_eq!(parse(r#"{"address":"cc.{{.peername}}:1"}"#)?.address, "cc.peer0.org1:1");
        assert_eq!(parse(r#"{"address":"cc.{{ .peername }}:1"}"#)?.address, "cc.peer0.org1:1");
        let other = parse(r#"{"address":"cc:{{.port}}"}"#).expect_err("nobody says it");
        assert_eq!(other.to_string(), "nothing says what port is");
        Ok(())
    }
}
