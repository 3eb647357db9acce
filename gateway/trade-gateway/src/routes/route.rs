//! What a row of the table says.

use trade_import::mapping::Mapping;
use trade_index::Resource;
use trade_model::common::Duty;

use super::transaction::{Shape, Transaction};

use crate::{
    answer::{EntriesOfStatement, Identity, OperationView, OperationsAnswer, SignatureBody, SigningStep},
    audit::AuditAnswer,
    imports::{ImportView, ImportsAnswer, MappingView, MappingsAnswer, PreviewAnswer, RowsAnswer, XLSX},
    index::{EventsAnswer, HistoryAnswer, SearchAnswer},
    proof::TransactionView,
    settings::Role,
    webhooks::{DeliveriesAnswer, ReplayBody, WebhookBody, WebhookView, WebhooksAnswer},
};

/// One route.
pub struct Route {
    /// Its unique name, the `operationId` of the OpenAPI document.
    pub operation: &'static str,
    /// The method.
    pub method: Method,
    /// The path, with `{name}` for its parameters.
    pub path: &'static str,
    /// One line for readers.
    pub summary: &'static str,
    /// Who may call it.
    pub access: Access,
    /// What it does.
    pub action: Action,
    /// Where parameters of path and query go.
    pub parameters: &'static [Parameter],
    /// The status of a success.
    pub success: u16,
}

/// A request's method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Method {
    /// Reads.
    Get,
    /// Writes, or works on a document.
    Post,
    /// Hands in a signature, or makes what the path names.
    Put,
    /// Removes what the path names.
    Delete,
}

impl Method {
    /// The word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }
}

/// Who may call a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anybody.
    Public,
    /// Members of a listed organization with one of these roles.
    Members(&'static [Role]),
}

impl Access {
    /// Whether a member with this role may call.
    #[must_use]
    pub fn permits(self, role: Role) -> bool {
        match self {
            Self::Public => true,
            Self::Members(roles) => roles.contains(&role),
        }
    }
}

/// What a route does.
pub enum Action {
    /// Says that the process runs.
    Health,
    /// Says whether Fabric answers.
    Ready,
    /// The same, and what needs care: for those who run the gateway.
    Condition,
    /// What is counted: for those who run the gateway.
    Metrics,
    /// The OpenAPI document.
    OpenApi,
    /// Gives an access token.
    Token,
    /// What there is to know about access tokens before one asks for one.
    OauthMetadata,
    /// The public keys of access tokens.
    OauthKeys,
    /// The same in OpenAPI 3.0.3.
    OpenApi30,
    /// Who the caller is.
    Whoami,
    /// How an operation ended.
    Operation,
    /// The organization's operations.
    Operations,
    /// Lines of the audit log.
    AuditLines,
    /// Cancels what is not handed over to the orderer.
    CancelOperation,
    /// Takes the signature of a proposal.
    SignProposal,
    /// Takes the signature of a transaction.
    SignTransaction,
    /// Reads a bank statement; nothing is written.
    BankStatement,
    /// The public page of an item.
    ConsumerPage,
    /// A page of a list, from the index.
    List(&'static Resource),
    /// What became of a record, from the index.
    History(&'static Resource),
    /// Records of all lists by words, from the index.
    Search,
    /// What committed transactions announced, from the index.
    LedgerEvents,
    /// A transaction in its block, with what shows that it stands there.
    LedgerTransaction,
    /// A whole block.
    Block,
    /// The organization's webhooks.
    Webhooks,
    /// One of them.
    Webhook,
    /// Makes or changes one.
    PutWebhook,
    /// Forgets one.
    RemoveWebhook,
    /// Gives one another secret.
    ChangeWebhookSecret,
    /// Lets one go on.
    ReplayWebhook,
    /// What became of its deliveries.
    WebhookDeliveries,
    /// The organization's imports.
    Imports,
    /// Takes a file whose rows become requests.
    StartImport,
    /// One import.
    Import,
    /// Forgets one.
    RemoveImport,
    /// Its rows.
    ImportRows,
    /// Its rows that have failed, as CSV.
    ImportReport,
    /// A table to begin with, as CSV.
    ImportTemplate,
    /// The organization's mappings.
    Mappings,
    /// One of them.
    Mapping,
    /// Keeps one.
    PutMapping,
    /// Shows what it would make of a file.
    PreviewMapping,
    /// Evaluates a transaction on one peer; the ledger does not change.
    Evaluate(Transaction),
    /// Has a transaction endorsed, ordered and committed.
    Submit(Transaction),
}

/// A parameter of path or query.
pub struct Parameter {
    /// Its name in path or query.
    pub name: &'static str,
    /// Where it stands.
    pub place: ParameterIn,
    /// The field of the argument it becomes; none for parameters the gateway itself uses.
    pub field: Option<&'static str>,
    /// What its text means.
    pub kind: ParameterKind,
    /// One line for readers.
    pub summary: &'static str,
}

/// Where a parameter stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParameterIn {
    /// In the path; always required.
    Path,
    /// In the query, and required.
    RequiredQuery,
    /// In the query.
    Query,
}

/// What a path has in the place of the party when the caller's own record is meant. No MSP id begins with it.
pub const OWN_PARTY: &str = "-";

/// What a parameter's text means.
#[derive(Debug, Clone, Copy)]
pub enum ParameterKind {
    /// A text.
    Text,
    /// The party in a record's name, or [`OWN_PARTY`]; it stands before the [`Self::PartysId`] of the same field.
    Party,
    /// The id in a record's name.
    PartysId,
    /// A whole number from 0 to 2³² − 1.
    Number,
    /// A whole number from 1 to the page limit of the settings.
    PageSize,
    /// `true` or `false`.
    Flag,
    /// A text that can be given several times.
    AnyOf,
    /// A day, YYYY-MM-DD.
    Day,
    /// A moment, RFC 3339 UTC.
    Moment,
    /// Where a page ended.
    Cursor,
    /// A column of a list, `id` or `changed`.
    Sort(&'static Resource),
}

impl Route {
    /// The transaction, when the route has one.
    #[must_use]
    pub fn transaction(&self) -> Option<&Transaction> {
        match &self.action {
            Action::Evaluate(transaction) | Action::Submit(transaction) => Some(transaction),
            _ => None,
        }
    }

    /// What a person must be able to do for its organization to use it: one of these; none where everybody may.
    #[must_use]
    pub fn duties(&self) -> &'static [Duty] {
        match &self.action {
            Action::AuditLines => &[Duty::Auditor],
            _ => self.transaction().map_or(&[], |transaction| transaction.duties),
        }
    }

    /// The transaction that reads the record which the route changes, where others can change that record as well: a
    /// caller says in `If-Match` which answer it has seen.
    #[must_use]
    pub fn question(&self) -> Option<&'static str> {
        self.transaction().and_then(|transaction| transaction.question)
    }

    /// Whether its answer is one record, and so has a tag.
    #[must_use]
    pub fn has_tag(&self) -> bool {
        matches!(self.action, Action::Evaluate(_) | Action::Operation | Action::Webhook)
    }

    /// Whether the index answers it.
    #[must_use]
    pub fn is_indexed(&self) -> bool {
        matches!(self.action, Action::List(_) | Action::History(_) | Action::Search | Action::LedgerEvents)
    }

    /// Whether its answer says in its head, too, where the next page is.
    #[must_use]
    pub fn links(&self) -> bool {
        self.is_indexed() || matches!(self.action, Action::AuditLines)
    }

    /// Whether the route changes the ledger.
    #[must_use]
    pub fn is_write(&self) -> bool {
        matches!(self.action, Action::Submit(_))
    }

    /// Whether a caller who may only read may not use it.
    #[must_use]
    pub fn changes(&self) -> bool {
        let webhook = matches!(
            self.action,
            Action::PutWebhook | Action::RemoveWebhook | Action::ChangeWebhookSecret | Action::ReplayWebhook
        );
        let import = matches!(self.action, Action::StartImport | Action::RemoveImport | Action::PutMapping);
        webhook || import || self.submits() || matches!(self.action, Action::CancelOperation)
    }

    /// Whether its work may submit a transaction to the orderer.
    #[must_use]
    pub fn submits(&self) -> bool {
        self.is_write() || matches!(self.action, Action::SignTransaction)
    }

    /// The form of the body, when the route takes JSON that is not a transaction's argument.
    #[must_use]
    pub fn own_body(&self) -> Option<Shape> {
        match self.action {
            Action::SignProposal | Action::SignTransaction => Some(Shape::of::<SignatureBody>()),
            Action::PutWebhook => Some(Shape::of::<WebhookBody>()),
            Action::ReplayWebhook => Some(Shape::of::<ReplayBody>()),
            Action::PutMapping => Some(Shape::of::<Mapping>()),
            _ => None,
        }
    }

    /// The form of the answer, when it is JSON of the gateway itself.
    #[must_use]
    pub fn own_response(&self) -> Option<Shape> {
        match self.action {
            Action::Whoami => Some(Shape::of::<Identity>()),
            Action::Operation => Some(Shape::of::<OperationView>()),
            Action::Operations => Some(Shape::of::<OperationsAnswer>()),
            Action::AuditLines => Some(Shape::of::<AuditAnswer>()),
            Action::SignProposal => Some(Shape::of::<SigningStep>()),
            Action::SignTransaction => Some(Shape::of::<OperationView>()),
            Action::BankStatement => Some(Shape::of::<EntriesOfStatement>()),
            Action::History(_) => Some(Shape::of::<HistoryAnswer>()),
            Action::Search => Some(Shape::of::<SearchAnswer>()),
            Action::LedgerEvents => Some(Shape::of::<EventsAnswer>()),
            Action::LedgerTransaction => Some(Shape::of::<TransactionView>()),
            Action::Webhooks => Some(Shape::of::<WebhooksAnswer>()),
            Action::Webhook | Action::PutWebhook | Action::ChangeWebhookSecret | Action::ReplayWebhook => {
                Some(Shape::of::<WebhookView>())
            }
            Action::WebhookDeliveries => Some(Shape::of::<DeliveriesAnswer>()),
            Action::Imports => Some(Shape::of::<ImportsAnswer>()),
            Action::StartImport | Action::Import => Some(Shape::of::<ImportView>()),
            Action::ImportRows => Some(Shape::of::<RowsAnswer>()),
            Action::Mappings => Some(Shape::of::<MappingsAnswer>()),
            Action::Mapping | Action::PutMapping => Some(Shape::of::<MappingView>()),
            Action::PreviewMapping => Some(Shape::of::<PreviewAnswer>()),
            _ => None,
        }
    }

    /// Whether the route takes a body.
    #[must_use]
    pub fn has_body(&self) -> bool {
        !matches!(self.method, Method::Get | Method::Delete) && !matches!(self.action, Action::ChangeWebhookSecret)
    }

    /// The media types of the body, none where the route takes no body. Other names of the same forms are taken, too:
    /// `text/xml`, and `application/…+json`.
    #[must_use]
    pub fn media_types(&self) -> &'static [&'static str] {
        match self.action {
            _ if !self.has_body() => &[],
            Action::BankStatement => &["application/xml"],
            Action::Token => &["application/x-www-form-urlencoded"],
            Action::StartImport | Action::PreviewMapping => {
                &["text/csv", "application/x-ndjson", XLSX, "application/ld+json", "application/xml"]
            }
            _ => &["application/json"],
        }
    }
}
