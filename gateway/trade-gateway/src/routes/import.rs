//! Routes of bulk imports: an organization's own, kept by the gateway and not by the ledger.

use super::build::{WRITERS, own, plain_id};
use super::{Action, Method, Parameter, ParameterIn, ParameterKind, Route};

const ID: Parameter = plain_id("id", "The import's id");
const NAME: Parameter = plain_id("name", "The mapping's name, which your organization has chosen");

const VERSION: Parameter =
    asked("version", ParameterKind::Number, "Which version of the mapping. Default: the newest one");
const DELIMITER: Parameter = asked(
    "delimiter",
    ParameterKind::Text,
    "What separates the columns of a CSV file: `comma`, `semicolon` or `tab`. Default: what its header shows",
);
const ENCODING: Parameter = asked(
    "encoding",
    ParameterKind::Text,
    "The encoding of a text file: `utf-8`, `utf-16` or `windows-1252`. Default: `utf-8`",
);
const SHEET: Parameter = asked("sheet", ParameterKind::Text, "The sheet of a workbook. Default: the first one");
const LIMIT: Parameter = asked("limit", ParameterKind::PageSize, "How many to answer. Default: 100");

/// A parameter of the query that the gateway itself uses.
const fn asked(name: &'static str, kind: ParameterKind, summary: &'static str) -> Parameter {
    Parameter { name, place: ParameterIn::Query, field: None, kind, summary }
}

pub(super) static ROUTES: &[Route] = &[
    own(
        "imports",
        Method::Get,
        "/v1/imports",
        "The imports of the caller's organization, the newest first",
        WRITERS,
        Action::Imports,
        &[],
    ),
    own(
        "startImport",
        Method::Post,
        "/v1/imports",
        "Takes a file whose rows, or events, become requests in the caller's name; the same file twice changes nothing",
        WRITERS,
        Action::StartImport,
        &[
            asked("mapping", ParameterKind::Text, "The name of the mapping by which rows become requests"),
            VERSION,
            asked(
                "template",
                ParameterKind::Text,
                "Instead of a mapping: the operation id of the route whose template the file fills",
            ),
            asked("dry_run", ParameterKind::Flag, "Whether requests are only evaluated. Default: false"),
            DELIMITER,
            ENCODING,
            SHEET,
        ],
    ),
    own(
        "importTemplate",
        Method::Get,
        "/v1/imports/templates/{operation}",
        "A table to begin with: the columns of a request and an example of a row",
        WRITERS,
        Action::ImportTemplate,
        &[plain_id("operation", "The operation id of the route that takes the requests")],
    ),
    own("readImport", Method::Get, "/v1/imports/{id}", "One import and how far it is", WRITERS, Action::Import, &[ID]),
    own(
        "removeImport",
        Method::Delete,
        "/v1/imports/{id}",
        "Forgets an import, also one that runs; what it has recorded stays recorded",
        WRITERS,
        Action::RemoveImport,
        &[ID],
    ),
    own(
        "importRows",
        Method::Get,
        "/v1/imports/{id}/rows",
        "The rows of an import and what became of each, in the order of the file",
        WRITERS,
        Action::ImportRows,
        &[
            ID,
            asked("state", ParameterKind::Text, "Only rows in this state: `waiting`, `accepted` or `failed`"),
            asked("after", ParameterKind::Number, "The `next` of the page before"),
            LIMIT,
        ],
    ),
    own(
        "importReport",
        Method::Get,
        "/v1/imports/{id}/report",
        "The rows that have failed and why, as CSV (UTF-8 with a byte order mark) with the file's own columns",
        WRITERS,
        Action::ImportReport,
        &[ID],
    ),
    own(
        "importMappings",
        Method::Get,
        "/v1/import-mappings",
        "The newest version of each mapping of the caller's organization",
        WRITERS,
        Action::Mappings,
        &[],
    ),
    own(
        "readImportMapping",
        Method::Get,
        "/v1/import-mappings/{name}",
        "A version of a mapping",
        WRITERS,
        Action::Mapping,
        &[NAME, VERSION],
    ),
    own(
        "putImportMapping",
        Method::Put,
        "/v1/import-mappings/{name}",
        "Keeps a mapping as a new version, when it fits the requests that it makes; former versions stay",
        WRITERS,
        Action::PutMapping,
        &[NAME],
    ),
    own(
        "previewImportMapping",
        Method::Post,
        "/v1/import-mappings/{name}/preview",
        "The requests that the first rows of a file would become; nothing is sent or stored",
        WRITERS,
        Action::PreviewMapping,
        &[
            NAME,
            VERSION,
            asked("limit", ParameterKind::PageSize, "How many rows, at most 100. Default: 10"),
            DELIMITER,
            ENCODING,
            SHEET,
        ],
    ),
];
