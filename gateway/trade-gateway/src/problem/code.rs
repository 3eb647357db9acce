//! The catalogue of problems: one variant for each error that the gateway answers by its own rules, with status, stable
//! code and title. The README's table and the OpenAPI document are made from it.
//!
//! A contract's refusal keeps the contract's own code and is not here, nor are the rules of ISO 20022 and GS1 that a
//! bank statement or a code may break: their codes are `trade_model`'s.

use serde_json::json;

/// Declares the enum and its table in one place, so that no variant can lack a status, a code or a title. Written like
/// the rejections of the contracts, which have facts and sentences beside them and no status from 500.
macro_rules! problem_codes {
    ($($(#[$doc:meta])* $variant:ident = $status:literal, $code:literal, $title:literal;)+) => {
        /// An error that the gateway answers by its own rules.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum ProblemCode {
            $($(#[$doc])* #[doc = ""] #[doc = concat!("Code `", $code, "`, status ", stringify!($status), ".")]
              $variant,)+
        }

        impl ProblemCode {
            /// The whole catalogue, in the order of its table.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The stable code.
            #[must_use]
            pub fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }

            /// The HTTP status, 400 to 599.
            #[must_use]
            pub fn status(self) -> u16 {
                match self { $(Self::$variant => $status,)+ }
            }

            /// One line that is the same each time.
            #[must_use]
            pub fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)+ }
            }

            /// The name of the variant, for the test that each one is used.
            #[cfg(test)]
            fn variant(self) -> &'static str {
                match self { $(Self::$variant => stringify!($variant),)+ }
            }
        }
    };
}

problem_codes! {
    // What cannot be read.
    /// The body is no JSON object, or repeats a name.
    JsonMalformed = 400, "json_malformed", "The body is not acceptable JSON";
    /// The body nests deeper than the limit.
    JsonTooDeep = 400, "json_too_deep", "The body is nested too deeply";
    /// The body ended early.
    BodyIncomplete = 400, "body_incomplete", "The body did not arrive completely";
    /// Both `Content-Length` and `Transfer-Encoding` are given.
    FramingAmbiguous = 400, "framing_ambiguous", "The length of the body is stated twice";
    /// A wrong `%` or what is not UTF-8.
    PathMalformed = 400, "path_malformed", "Path or query is not valid percent-encoded UTF-8";
    /// A write without a key.
    IdempotencyKeyMissing = 400, "idempotency_key_missing", "The header Idempotency-Key is required";
    /// Not 64 lower-case hexadecimal digits.
    ClientReferenceMalformed = 400, "client_reference_malformed", "The header Client-Reference is not acceptable";
    /// Neither one tag of an answer nor `*`.
    IfMatchMalformed = 400, "if_match_malformed", "The header If-Match is not acceptable";
    /// Not 1 to 200 visible ASCII characters.
    IdempotencyKeyMalformed = 400, "idempotency_key_malformed", "The idempotency key is not acceptable";

    /// A listed proxy's `Client-Cert` or `Client-Cert-Chain` is not as RFC 9440 says.
    ClientCertMalformed = 400, "client_cert_malformed", "The header Client-Cert cannot be read";

    // Who calls.
    /// No certificate on a connection to a route for members.
    CertificateMissing = 401, "certificate_missing", "A client certificate is required";
    /// Not X.509 as Fabric reads it.
    CertificateMalformed = 401, "certificate_malformed", "The client certificate cannot be read";
    /// No listed organization issued it.
    CertificateUnknownAuthority = 401, "certificate_unknown_authority", "No organization here issued this certificate";
    /// Past its end, by more than the skew.
    CertificateExpired = 401, "certificate_expired", "The client certificate has expired";
    /// Before its beginning, by more than the skew.
    CertificateNotYetValid = 401, "certificate_not_yet_valid", "The client certificate is not valid yet";
    /// On a revocation list of its organization.
    CertificateRevoked = 401, "certificate_revoked", "The client certificate has been revoked";
    /// An authority's own certificate.
    CertificateOfAnAuthority = 401, "certificate_of_an_authority",
        "The certificate of an authority cannot act as a client";
    /// No organizational unit that stands for a role.
    CertificateRoleMissing = 401, "certificate_role_missing", "The certificate names no role that is known here";
    /// Several of them.
    CertificateRoleAmbiguous = 401, "certificate_role_ambiguous", "The certificate names several roles";
    /// The organization lets another authority issue this role.
    CertificateWrongIssuer = 401, "certificate_wrong_issuer", "This authority may not issue such a certificate";
    /// Not ECDSA on a curve that Fabric takes.
    CertificateKeyKind = 401, "certificate_key_kind", "The certificate's key is of a kind not accepted";
    /// Extended key usage forbids it.
    CertificateKeyUsage = 401, "certificate_key_usage", "The certificate's extended key usage does not permit this";
    /// Any other rule of Fabric's MSP.
    CertificateUntrusted = 401, "certificate_untrusted", "The client certificate breaks a rule of membership";

    /// The header `Authorization: Bearer` holds no token, or several are sent.
    TokenMalformed = 401, "token_malformed", "The access token cannot be read";
    /// Not signed by this gateway as an access token for itself.
    TokenInvalid = 401, "token_invalid", "The access token is not one of this gateway";
    /// Past its end.
    TokenExpired = 401, "token_expired", "The access token has expired";
    /// On a connection that shows another certificate, or none where it is bound to one.
    TokenOfAnother = 401, "token_of_another", "The access token is not one of this connection's certificate";
    /// The channel's configuration does not name the organization any more.
    OrganizationOffChannel = 401, "organization_off_channel", "The organization is not on the channel";

    // What the caller may not do.
    /// `Client-Cert` or `Client-Cert-Chain` came on another connection than a listed proxy's.
    ClientCertRefused = 403, "client_cert_refused", "Client-Cert is taken from listed proxies only";
    /// The access token is for reading only.
    ScopeInsufficient = 403, "scope_insufficient", "The access token's scope does not permit this";
    /// The organization's role is not on the route's list.
    RoleNotPermitted = 403, "role_not_permitted", "This role may not use this route";
    /// Neither the certificate nor the table of operators names the duty.
    DutyMissing = 403, "duty_missing", "This person lacks the duty for it";
    /// A member of another organization than the gateway's own.
    AuditForeign = 403, "audit_foreign", "The audit log is for the organization that runs this gateway";
    /// A peer's or orderer's certificate.
    CertificateOfANode = 403, "certificate_of_a_node", "Peers and orderers cannot call";
    /// Fabric's policies refuse the creator.
    FabricAccessDenied = 403, "fabric_access_denied", "The channel's policies refuse this identity";

    // What is not there.
    /// Not in the table of routes.
    RouteUnknown = 404, "route_unknown", "There is no such route";
    /// Not stored, or another organization's.
    OperationUnknown = 404, "operation_unknown", "Your organization has no operation with this id";
    /// No signing session for this certificate.
    SigningUnknown = 404, "signing_unknown", "No transaction with this id waits for your signature";
    /// The index holds no version of it.
    RecordUnknown = 404, "record_unknown", "The ledger has no such record";
    /// Of the caller's organization.
    WebhookUnknown = 404, "webhook_unknown", "Your organization has no webhook with this id";
    /// Of the caller's organization.
    ImportUnknown = 404, "import_unknown", "Your organization has no import with this id";
    /// Of the caller's organization, in this version.
    MappingUnknown = 404, "mapping_unknown", "Your organization has no such mapping";
    /// In the table, with other methods.
    MethodNotAllowed = 405, "method_not_allowed", "This route has no such method";

    // What does not fit the moment.
    /// The organization has as many as it may.
    WebhooksFull = 409, "webhooks_full", "Your organization has as many webhooks as it may";
    /// The organization has as many as it may.
    ImportsFull = 409, "imports_full", "Your organization has as many imports as it may";
    /// The organization has as many as it may.
    MappingsFull = 409, "mappings_full", "Your organization has as many mappings as it may";
    /// The gateway holds no key of the organization.
    ImportSigning = 409, "import_signing", "Your organization signs itself";
    /// The record has more entries than a peer names one by one.
    ProofUnavailable = 409, "proof_unavailable", "The record cannot be shown with its last transaction";
    /// `MVCC_READ_CONFLICT` or `PHANTOM_READ_CONFLICT`; retryable.
    LedgerConflict = 409, "ledger_conflict", "Another transaction changed the same record first";
    /// The peers computed different results; retryable.
    EndorsementMismatch = 409, "endorsement_mismatch", "The endorsing peers disagree";
    /// The first request with this key is not answered yet.
    IdempotencyKeyRunning = 409, "idempotency_key_running", "The same request is being worked on";
    /// The outcome of the same transaction is being learnt.
    OperationRunning = 409, "operation_running", "The operation is being worked on";
    /// What the orderer may have cannot be taken back.
    OperationHandedOver = 409, "operation_handed_over", "The operation is handed over to the orderer";
    /// By `DELETE /v1/operations/{id}`.
    OperationCancelled = 409, "operation_cancelled", "The operation was cancelled";
    /// The other of the two signatures comes first.
    SigningStage = 409, "signing_stage", "Another signature is expected";
    /// The same signature was sent twice at once.
    SigningInProgress = 409, "signing_in_progress", "A signature for this transaction is being worked on";
    /// After `signing_seconds`.
    SigningExpired = 410, "signing_expired", "The time to sign is over";

    /// Others can change the record, and the caller does not say what it has seen.
    IfMatchMissing = 428, "if_match_missing", "The header If-Match is required";

    // What is out of bounds.
    /// After `body_deadline_ms`.
    BodyTimeout = 408, "body_timeout", "The body did not arrive in time";
    /// More than the route takes.
    BodyTooLarge = 413, "body_too_large", "The body is too large";
    /// More than 64 KiB.
    MappingTooLarge = 413, "mapping_too_large", "The mapping is too large";
    /// More than `query_bytes`.
    QueryTooLong = 414, "query_too_long", "The query is too long";
    /// Another `Content-Type`, or an encoded body.
    MediaTypeUnsupported = 415, "media_type_unsupported", "The body is of a kind that is not accepted";
    /// More than `header_bytes`.
    HeadersTooLarge = 431, "headers_too_large", "The headers are too large";

    // What can be read and is not acceptable.
    /// No route, one that writes nothing, or one that needs private input.
    ImportTarget = 422, "import_target", "Rows cannot be sent to this route";
    /// It does not fit the requests that it makes.
    MappingRefused = 422, "mapping_refused", "The mapping does not fit its requests";
    /// Columns that the mapping names are not there, or there twice.
    ImportColumns = 422, "import_columns", "The file does not fit the mapping";
    /// Not `https`, or in a network that is not sent to, or a name without address.
    WebhookUrlRefused = 422, "webhook_url_refused", "Events are not sent to this address";
    /// An unknown, missing, repeated or unacceptable parameter.
    ParameterInvalid = 422, "parameter_invalid", "A parameter is not acceptable";
    /// The key was used for another request.
    IdempotencyKeyReused = 422, "idempotency_key_reused", "The idempotency key was used for another request";
    /// Private input for an organization that is not listed.
    OrganizationUnknown = 422, "organization_unknown", "This organization is not known here";
    /// The code of the public page names no single item.
    CodeMalformed = 422, "code_malformed", "This is not the code of a serialised item";
    /// Not base64.
    SignatureMalformed = 422, "signature_malformed", "The signature is not base64";
    /// Not made with the caller's key over the signing input, or with high S.
    SignatureInvalid = 422, "signature_invalid", "The signature is not one of the caller's certificate";

    /// The chaincode refused in other words than a contract's; the status is its own.
    ChaincodeRefused = 400, "chaincode_refused", "The chaincode refused";

    // What went wrong behind the gateway, or in it.
    /// A fault of the gateway itself.
    GatewayFailure = 500, "gateway_failure", "The gateway failed";
    /// A line was changed, added or taken out.
    AuditAltered = 500, "audit_altered", "The audit log is not what was written";
    /// Fabric's validation code follows in lower case, such as `invalidated_bad_rwset`.
    Invalidated = 500, "invalidated", "The network invalidated the transaction";
    /// The contract failed, or answered something else than it promises.
    ContractFailure = 502, "contract_failure", "The contract failed";
    /// A peer or orderer refused or failed, and sending again changes nothing.
    NetworkFailure = 502, "network_failure", "The network refused or failed";
    /// The peer returned another transaction than the proposed one.
    TransactionAltered = 502, "transaction_altered", "The peer prepared another transaction";
    /// A connection broke, or too few nodes answer.
    NetworkUnavailable = 503, "network_unavailable", "Too few peers or orderers answer";
    /// A peer is at its limit.
    NetworkBusy = 503, "network_busy", "The network is busy";
    /// As many requests as the limits allow.
    GatewayBusy = 503, "gateway_busy", "The gateway is busy";
    /// As many signing sessions, or bytes in them, as the limits allow.
    SigningSessionsFull = 503, "signing_sessions_full", "Too many transactions wait for a signature";
    /// The managed identity of the caller's organization is revoked, expired or unreadable.
    OrganizationOutOfService = 503, "organization_out_of_service", "The identity that signs for your organization is unusable";
    /// The operation store failed, as on a full disk.
    StoreUnavailable = 503, "store_unavailable", "The gateway cannot store operations now";
    /// The index's database does not answer, or no block is read yet.
    IndexUnavailable = 503, "index_unavailable", "The index cannot answer now";
    /// The audit log failed, as on a full disk.
    AuditUnavailable = 503, "audit_unavailable", "The gateway cannot record decisions";
    /// The peer says at its operations endpoint that it is not well, as with a full disk; said by readiness only.
    PeerUnwell = 503, "peer_unwell", "The gateway's peer says that it is not well";
    /// Standard error takes no lines; said by readiness only.
    LogUnavailable = 503, "log_unavailable", "The gateway cannot write its log";
    /// No evaluation in time.
    TimeoutEvaluate = 504, "timeout_evaluate", "The network did not answer in time";
    /// No endorsements in time.
    TimeoutEndorse = 504, "timeout_endorse", "The network did not answer in time";
}

impl ProblemCode {
    /// The catalogue for the OpenAPI document.
    #[must_use]
    pub fn listed() -> Vec<serde_json::Value> {
        let row = |code: &Self| json!({"code": code.code(), "status": code.status(), "title": code.title()});
        Self::ALL.iter().map(row).collect()
    }

    /// The catalogue as rows of Markdown: status, code, title.
    #[must_use]
    pub fn table() -> String {
        let mut rows = "| status | code | meaning |\n|---|---|---|\n".to_owned();
        let mut codes = Self::ALL.to_vec();
        codes.sort_by_key(|code| code.status());
        for code in codes {
            let status = if code == Self::ChaincodeRefused { "4xx".to_owned() } else { code.status().to_string() };
            let suffix = if code == Self::Invalidated { "_…" } else { "" };
            rows += &format!("| {status} | `{}{suffix}` | {} |\n", code.code(), code.title());
        }
        rows
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, path::Path};

    use super::*;

    /// All source of this crate but the catalogue and tests.
    fn source(folder: &Path, text: &mut String) -> std::io::Result<()> {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                source(&path, text)?;
            } else if !path.ends_with("problem/code.rs") && path.file_name().is_some_and(|name| name != "tests.rs") {
                let file = fs::read_to_string(&path)?;
                *text += file.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
            }
        }
        Ok(())
    }

    #[test]
    fn every_code_is_unique_and_answered_somewhere() -> std::io::Result<()> {
        let unique: BTreeSet<_> = ProblemCode::ALL.iter().map(|code| code.code()).collect();
        assert_eq!(unique.len(), ProblemCode::ALL.len());
        let mut text = String::new();
        source(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut text)?;
        let words: BTreeSet<&str> = text.split(|c: char| !c.is_alphanumeric() && c != ':').collect();
        for code in ProblemCode::ALL {
            let name = format!("ProblemCode::{}", code.variant());
            assert!(words.contains(name.as_str()), "{name} is answered nowhere");
        }
        Ok(())
    }

    #[test]
    fn the_table_of_the_readme_is_the_catalogue() {
        let readme = include_str!("../../README.md");
        assert!(readme.contains(&ProblemCode::table()), "put this into README.md:\n{}", ProblemCode::table());
    }
}
