//! The token endpoint in the document.

use serde_json::{Value, json};

use super::components::Components;
use crate::{
    oauth::{RefusalBody, TOKEN_PATH, TokenBody},
    problem::MEDIA_TYPE,
};

/// How callers show who they are by an access token.
pub(super) fn scheme() -> Value {
    json!({
        "type": "oauth2",
        "description": "Client credentials without a secret: by the client certificate of the connection (RFC 8705), which \
                        gives a token that is bound to it, or by an assertion signed with the certificate's key (RFC 7523).",
        "flows": {
            "clientCredentials": {
                "tokenUrl": TOKEN_PATH,
                "scopes": {"read": "Reading routes", "write": "All routes that the role permits"},
            }
        },
    })
}

/// The form of the token endpoint.
pub(super) fn form() -> Value {
    json!({
        "application/x-www-form-urlencoded": {
            "schema": {
                "type": "object",
                "required": ["grant_type"],
                "properties": {
                    "grant_type": {"type": "string", "enum": ["client_credentials"]},
                    "scope": {
                        "type": "string",
                        "description": "Default: all that the role permits",
                        "enum": ["read", "write", "read write", "write read"],
                    },
                    "client_id": {
                        "type": "string",
                        "minLength": 1,
                        "maxLength": 1000,
                        "description": "The MSP id of the certificate's organization",
                    },
                    "client_assertion_type": {
                        "type": "string",
                        "enum": ["urn:ietf:params:oauth:client-assertion-type:jwt-bearer"],
                    },
                    "client_assertion": {
                        "type": "string",
                        "minLength": 1,
                        "maxLength": 12288,
                        "description": "A JWT signed with ES256 or ES384, with the certificate in x5c; iss and sub: the MSP id; \
                                        aud: the issuer; iat, exp: at most 60 seconds apart; jti: new each time",
                    },
                },
            }
        }
    })
}

/// The token.
pub(super) fn token(components: &mut Components) -> Value {
    components.of::<TokenBody>()
}

/// A refusal of the token endpoint: what RFC 6749 says of its errors, or a problem of HTTP.
pub(super) fn refusal() -> Value {
    json!({"$ref": "#/components/responses/OauthRefusal"})
}

/// What a refusal of the token endpoint looks like.
pub(super) fn refusals(problem: &Value, components: &mut Components) -> Value {
    json!({
        "description": "No token is given: an error of RFC 6749, or a problem with the HTTP request.",
        "content": {
            "application/json": {"schema": components.of::<RefusalBody>()},
            MEDIA_TYPE: {"schema": problem},
        },
    })
}
