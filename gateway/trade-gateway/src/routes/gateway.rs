//! Routes of the gateway itself.

use super::build::{ENTERPRISES, EVERY_ROLE, WRITERS, own, plain_id};
use super::{Access, Action, Method, Parameter, ParameterIn, ParameterKind, Route};
use crate::oauth::{KEYS_PATH, METADATA_PATH, TOKEN_PATH};

/// What is counted, which only the administrative listener tells.
pub(super) static METRICS: Route =
    own("metrics", Method::Get, "/metrics", "What is counted, as OpenMetrics", Access::Public, Action::Metrics, &[]);

/// What the administrative listener answers beside `/healthz`.
pub(super) static CONDITION: Route =
    own("condition", Method::Get, "/readyz", "Readiness, and what needs care", Access::Public, Action::Condition, &[]);

static OPERATIONS: [Parameter; 3] = [
    query("state", ParameterKind::Text, "Only those in this state"),
    query("after", ParameterKind::Cursor, "The `next` of the page before"),
    query("limit", ParameterKind::PageSize, "How many to answer. Default: 100"),
];

static AUDIT: [Parameter; 12] = [
    query("from", ParameterKind::Moment, "Only from this moment on"),
    query("to", ParameterKind::Moment, "Only up to this moment"),
    query("organization", ParameterKind::Text, "Only about members of this organization, by its MSP id"),
    query("subject", ParameterKind::Text, "Only about callers in the subject of whose certificate this stands"),
    query("certificate_sha256", ParameterKind::Text, "Only about the holder of this certificate"),
    query("route", ParameterKind::Text, "Only this route, as the `route` of a line names it"),
    query("resource", ParameterKind::Text, "Only this record, as the `resource` of a line names it"),
    query("status", ParameterKind::Number, "Only answers with this status; 0 where a write begins"),
    query("outcome", ParameterKind::Text, "Only this outcome: `allowed`, `begun`, or the code of a problem"),
    query("transaction_id", ParameterKind::Text, "Only what made this Fabric transaction"),
    query("after", ParameterKind::Cursor, "The `next` of the page before"),
    query("limit", ParameterKind::PageSize, "How many to answer. Default: 100"),
];

const fn query(name: &'static str, kind: ParameterKind, summary: &'static str) -> Parameter {
    Parameter { name, place: ParameterIn::Query, field: None, kind, summary }
}

pub(super) static ROUTES: &[Route] = &[
    own("health", Method::Get, "/healthz", "The process runs", Access::Public, Action::Health, &[]),
    own("ready", Method::Get, "/readyz", "Fabric can be reached and evaluates", Access::Public, Action::Ready, &[]),
    own("openApi", Method::Get, "/openapi.json", "This document", Access::Public, Action::OpenApi, &[]),
    own(
        "openApi30",
        Method::Get,
        "/openapi-3.0.json",
        "This document in OpenAPI 3.0.3",
        Access::Public,
        Action::OpenApi30,
        &[],
    ),
    own(
        "consumerPage",
        Method::Get,
        "/01/{gtin}/21/{serial}",
        "What a consumer may know about a code (GS1 Digital Link); HTML or JSON by the Accept header",
        Access::Public,
        Action::ConsumerPage,
        &[plain_id("gtin", "GTIN, 8 to 14 digits"), plain_id("serial", "Serial number, 1 to 20 characters")],
    ),
    own(
        "giveToken",
        Method::Post,
        TOKEN_PATH,
        "Gives an access token for a member's certificate: client credentials, by RFC 8705 or RFC 7523",
        Access::Public,
        Action::Token,
        &[],
    ),
    own(
        "oauthMetadata",
        Method::Get,
        METADATA_PATH,
        "What the authorization server can do (RFC 8414)",
        Access::Public,
        Action::OauthMetadata,
        &[],
    ),
    own(
        "oauthKeys",
        Method::Get,
        KEYS_PATH,
        "The public keys of access tokens (RFC 7517)",
        Access::Public,
        Action::OauthKeys,
        &[],
    ),
    own("whoami", Method::Get, "/v1/whoami", "Who the caller is to this gateway", EVERY_ROLE, Action::Whoami, &[]),
    own(
        "readOperation",
        Method::Get,
        "/v1/operations/{id}",
        "How an operation of the caller's organization ended",
        EVERY_ROLE,
        Action::Operation,
        &[plain_id("id", "Id of the Fabric transaction")],
    ),
    own(
        "listOperations",
        Method::Get,
        "/v1/operations",
        "The operations of the caller's organization, newest first, as long as the gateway keeps them",
        EVERY_ROLE,
        Action::Operations,
        &OPERATIONS,
    ),
    own(
        "listAuditLines",
        Method::Get,
        "/v1/audit",
        "The lines of the gateway's audit log, newest first, for auditors of the organization that runs it",
        EVERY_ROLE,
        Action::AuditLines,
        &AUDIT,
    ),
    own(
        "cancelOperation",
        Method::Delete,
        "/v1/operations/{id}",
        "Cancels what is not handed over to the orderer: a transaction that waits for the caller's signature, or an \
         operation that waits for its turn",
        WRITERS,
        Action::CancelOperation,
        &[plain_id("id", "Id of the Fabric transaction")],
    ),
    own(
        "readTransaction",
        Method::Get,
        "/v1/transactions/{transaction_id}",
        "A transaction in its block, with the endorsements and signatures that show it",
        EVERY_ROLE,
        Action::LedgerTransaction,
        &[plain_id("transaction_id", "Id of the Fabric transaction")],
    ),
    own(
        "readBlock",
        Method::Get,
        "/v1/blocks/{number}",
        "A whole block, a `common.Block` of Fabric",
        EVERY_ROLE,
        Action::Block,
        &[Parameter { kind: ParameterKind::Number, ..plain_id("number", "Its number, from 0") }],
    ),
    own(
        "signProposal",
        Method::Put,
        "/v1/signing/{transaction_id}/proposal",
        "Hands in the caller's signature of a proposal",
        EVERY_ROLE,
        Action::SignProposal,
        &[plain_id("transaction_id", "Id of the Fabric transaction")],
    ),
    own(
        "signTransaction",
        Method::Put,
        "/v1/signing/{transaction_id}/transaction",
        "Hands in the caller's signature of an endorsed transaction and commits it",
        WRITERS,
        Action::SignTransaction,
        &[plain_id("transaction_id", "Id of the Fabric transaction")],
    ),
    own(
        "readBankStatement",
        Method::Post,
        "/v1/bank-statements",
        "Reads a camt.053 or camt.054 message and answers its entries; nothing is written",
        ENTERPRISES,
        Action::BankStatement,
        &[],
    ),
];
