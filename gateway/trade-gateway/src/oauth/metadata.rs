//! What the gateway tells about its authorization server (RFC 8414).

use serde_json::{Value, json};

/// What client credentials are called as a grant (RFC 6749 §4.4.2).
pub(super) const CLIENT_CREDENTIALS: &str = "client_credentials";

/// What an assertion of RFC 7523 is called.
pub(super) const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Where tokens are to be had.
pub(crate) const TOKEN_PATH: &str = "/v1/oauth/token";

/// Where the public keys of tokens are.
pub(crate) const KEYS_PATH: &str = "/v1/oauth/keys";

/// Where this is (RFC 8414 §3).
pub(crate) const METADATA_PATH: &str = "/.well-known/oauth-authorization-server";

/// The address of the token endpoint.
pub(super) fn token_endpoint(issuer: &str) -> String {
    format!("{issuer}{TOKEN_PATH}")
}

pub(super) fn document(issuer: &str) -> Value {
    json!({
        "issuer": issuer,
        "token_endpoint": token_endpoint(issuer),
        "jwks_uri": format!("{issuer}{KEYS_PATH}"),
        "grant_types_supported": [CLIENT_CREDENTIALS],
        "response_types_supported": [],
        "scopes_supported": ["read", "write"],
        "token_endpoint_auth_methods_supported": ["tls_client_auth", "private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": ["ES256", "ES384"],
        "tls_client_certificate_bound_access_tokens": true,
    })
}
