//! The one table of all routes: method, path, transaction, roles, endorsing organizations, schemas.
//!
//! Routing, authorisation, the OpenAPI document and the tests' role matrix are all read from this table. A path that is
//! not here does not exist, and a role that is not listed is refused.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::DeserializeOwned;
use serde_json::Value;
use trade_model::{custody, customs, evidence, governance, item, payment, rights};

use crate::{
    answer::{EntriesOfStatement, Identity, OperationView, SignatureBody, SigningStep},
    endorsing::Endorsing,
    settings::Role,
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
    /// Hands in a signature.
    Put,
}

impl Method {
    /// The word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
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
    /// The OpenAPI document.
    OpenApi,
    /// Who the caller is.
    Whoami,
    /// How an operation ended.
    Operation,
    /// Takes the signature of a proposal.
    SignProposal,
    /// Takes the signature of a transaction.
    SignTransaction,
    /// Reads a bank statement; nothing is written.
    BankStatement,
    /// The public page of an item.
    ConsumerPage,
    /// Evaluates a transaction on one peer; the ledger does not change.
    Evaluate(Transaction),
    /// Has a transaction endorsed, ordered and committed.
    Submit(Transaction),
}

/// A transaction of the chaincode.
pub struct Transaction {
    /// Its name, `contract:Function`.
    pub name: &'static str,
    /// The form of its argument; none when it takes none.
    pub request: Option<Shape>,
    /// The form of its private input; none when it takes none.
    pub private: Option<Private>,
    /// The form of its answer.
    pub response: Shape,
    /// When set, the whole body is this field of the argument.
    pub body_field: Option<&'static str>,
}

/// The private input of a transaction.
pub struct Private {
    /// Its form.
    pub shape: Shape,
    /// Whether it must be given.
    pub required: bool,
    /// Who endorses when it is given.
    pub endorsing: Endorsing,
}

/// The form of a JSON value: how to check it and how to describe it.
#[derive(Clone, Copy)]
pub struct Shape {
    /// Says what keeps a value from having the form.
    pub check: fn(Value) -> Result<(), String>,
    /// The schema, by reference into the components.
    pub reference: fn(&mut SchemaGenerator) -> Schema,
    /// The schema itself.
    pub inline: fn(&mut SchemaGenerator) -> Schema,
}

/// The form of a type of the model.
#[must_use]
pub const fn shape<T: DeserializeOwned + JsonSchema>() -> Shape {
    Shape { check: check::<T>, reference: reference::<T>, inline: inline::<T> }
}

fn check<T: DeserializeOwned>(value: Value) -> Result<(), String> {
    serde_json::from_value::<T>(value).map(drop).map_err(|error| error.to_string())
}

fn reference<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

fn inline<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    T::json_schema(generator)
}

/// A parameter of path or query.
pub struct Parameter {
    /// Its name in path or query.
    pub name: &'static str,
    /// Where it stands.
    pub place: Place,
    /// The field of the argument it becomes; none for parameters the gateway itself uses.
    pub field: Option<&'static str>,
    /// What its text means.
    pub kind: ParameterKind,
    /// One line for readers.
    pub summary: &'static str,
}

/// Where a parameter stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In the path; always required.
    Path,
    /// In the query, and required.
    RequiredQuery,
    /// In the query.
    Query,
}

/// What a parameter's text means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParameterKind {
    /// A text.
    Text,
    /// A whole number from 0 to 2³² − 1.
    Number,
    /// A whole number from 1 to the page limit of the settings.
    PageSize,
    /// `true` or `false`.
    Flag,
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

    /// Whether the route changes the ledger.
    #[must_use]
    pub fn is_write(&self) -> bool {
        matches!(self.action, Action::Submit(_))
    }

    /// Whether its work may hand a transaction to the orderer.
    #[must_use]
    pub fn hands_over(&self) -> bool {
        self.is_write() || matches!(self.action, Action::SignTransaction)
    }

    /// The form of the body, when the route takes JSON that is not a transaction's argument.
    #[must_use]
    pub fn own_body(&self) -> Option<Shape> {
        matches!(self.action, Action::SignProposal | Action::SignTransaction).then(shape::<SignatureBody>)
    }

    /// The form of the answer, when it is JSON of the gateway itself.
    #[must_use]
    pub fn own_response(&self) -> Option<Shape> {
        match self.action {
            Action::Whoami => Some(shape::<Identity>()),
            Action::Operation => Some(shape::<OperationView>()),
            Action::SignProposal => Some(shape::<SigningStep>()),
            Action::SignTransaction => Some(shape::<OperationView>()),
            Action::BankStatement => Some(shape::<EntriesOfStatement>()),
            _ => None,
        }
    }

    /// Whether the route takes a body.
    #[must_use]
    pub fn has_body(&self) -> bool {
        self.method != Method::Get
    }
}

/// All routes.
#[must_use]
pub fn all() -> &'static [Route] {
    ROUTES
}

/// The route with this operation id.
#[must_use]
pub fn by_operation(operation: &str) -> Option<&'static Route> {
    ROUTES.iter().find(|route| route.operation == operation)
}

const EVERY_ROLE: Access = Access::Members(&[Role::Enterprise, Role::Customs, Role::Regulator]);
const WRITERS: Access = Access::Members(&[Role::Enterprise, Role::Customs]);
const ENTERPRISES: Access = Access::Members(&[Role::Enterprise]);
const AUTHORITIES: Access = Access::Members(&[Role::Customs]);

const fn own(
    operation: &'static str,
    method: Method,
    path: &'static str,
    summary: &'static str,
    access: Access,
    action: Action,
    parameters: &'static [Parameter],
) -> Route {
    Route { operation, method, path, summary, access, action, parameters, success: 200 }
}

const fn read(
    operation: &'static str,
    path: &'static str,
    summary: &'static str,
    transaction: Transaction,
    parameters: &'static [Parameter],
) -> Route {
    let action = Action::Evaluate(transaction);
    Route { operation, method: Method::Get, path, summary, access: EVERY_ROLE, action, parameters, success: 200 }
}

const fn write(
    operation: &'static str,
    path: &'static str,
    summary: &'static str,
    access: Access,
    transaction: Transaction,
    parameters: &'static [Parameter],
    success: u16,
) -> Route {
    let action = Action::Submit(transaction);
    Route { operation, method: Method::Post, path, summary, access, action, parameters, success }
}

const fn call<Q: DeserializeOwned + JsonSchema, A: DeserializeOwned + JsonSchema>(name: &'static str) -> Transaction {
    Transaction { name, request: Some(shape::<Q>()), private: None, response: shape::<A>(), body_field: None }
}

const fn private_call<Q, P, A>(name: &'static str, required: bool, endorsing: Endorsing) -> Transaction
where
    Q: DeserializeOwned + JsonSchema,
    P: DeserializeOwned + JsonSchema,
    A: DeserializeOwned + JsonSchema,
{
    let private = Some(Private { shape: shape::<P>(), required, endorsing });
    Transaction { name, request: Some(shape::<Q>()), private, response: shape::<A>(), body_field: None }
}

const fn id(name: &'static str, field: &'static str, summary: &'static str) -> Parameter {
    Parameter { name, place: Place::Path, field: Some(field), kind: ParameterKind::Text, summary }
}

const fn plain_id(name: &'static str, summary: &'static str) -> Parameter {
    Parameter { name, place: Place::Path, field: None, kind: ParameterKind::Text, summary }
}

const fn query(name: &'static str, kind: ParameterKind, summary: &'static str) -> Parameter {
    Parameter { name, place: Place::Query, field: Some(name), kind, summary }
}

const fn required(name: &'static str, summary: &'static str) -> Parameter {
    Parameter { name, place: Place::RequiredQuery, field: Some(name), kind: ParameterKind::Text, summary }
}

const TEXT: ParameterKind = ParameterKind::Text;
const NUMBER: ParameterKind = ParameterKind::Number;
const PAGE: ParameterKind = ParameterKind::PageSize;
const FLAG: ParameterKind = ParameterKind::Flag;

const ITEM: Parameter = id("id", "item", "GS1 Digital Link or EPC URN, percent-encoded");

static ROUTES: &[Route] = &[
    own("health", Method::Get, "/healthz", "The process runs", Access::Public, Action::Health, &[]),
    own("ready", Method::Get, "/readyz", "Fabric can be reached and evaluates", Access::Public, Action::Ready, &[]),
    own("openApi", Method::Get, "/openapi.json", "This document", Access::Public, Action::OpenApi, &[]),
    own(
        "consumerPage",
        Method::Get,
        "/01/{gtin}/21/{serial}",
        "What a consumer may know about a code (GS1 Digital Link); HTML or JSON by the Accept header",
        Access::Public,
        Action::ConsumerPage,
        &[plain_id("gtin", "GTIN, 8 to 14 digits"), plain_id("serial", "Serial number, 1 to 20 characters")],
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
    // Participants.
    write(
        "establish",
        "/v1/participants",
        "Names the enterprises of the channel, once",
        WRITERS,
        call::<governance::Establish, governance::Participants>("governance:Establish"),
        &[],
        201,
    ),
    read(
        "readParticipants",
        "/v1/participants",
        "The enterprises of the channel",
        Transaction {
            name: "governance:Participants",
            request: None,
            private: None,
            response: shape::<governance::Participants>(),
            body_field: None,
        },
        &[],
    ),
    // Rights and licences.
    write(
        "registerRight",
        "/v1/rights",
        "Registers a right of the caller's enterprise",
        ENTERPRISES,
        call::<rights::RegisterRight, rights::Right>("rights:RegisterRight"),
        &[],
        201,
    ),
    read(
        "readRight",
        "/v1/rights/{id}",
        "One right",
        call::<rights::ReadRight, rights::Right>("rights:ReadRight"),
        &[id("id", "right_id", "Id of the right")],
    ),
    read(
        "checkRight",
        "/v1/rights/{id}/check",
        "Whether an enterprise may do something with a product, there and then",
        call::<rights::CheckLicence, rights::LicenceCheck>("rights:Check"),
        &[
            id("id", "right_id", "Id of the right"),
            required("party", "Who acts: MSP id"),
            required("act", "make, import, export or sell"),
            required("product", "The trade item: GTIN"),
            required("territory", "Where: ISO 3166-1 alpha-2 code"),
            query("channel", TEXT, "online, retail or wholesale"),
            query("on", TEXT, "On which day, YYYY-MM-DD; today when absent"),
        ],
    ),
    write(
        "grantLicence",
        "/v1/licences",
        "Grants a licence or a sub-licence",
        ENTERPRISES,
        call::<rights::GrantLicence, rights::Licence>("rights:GrantLicence"),
        &[],
        201,
    ),
    read(
        "readLicence",
        "/v1/licences/{id}",
        "One licence",
        call::<rights::ReadLicence, rights::Licence>("rights:ReadLicence"),
        &[id("id", "licence_id", "Id of the licence")],
    ),
    write(
        "revokeLicence",
        "/v1/licences/{id}/revocation",
        "Ends a licence from now on",
        ENTERPRISES,
        call::<rights::RevokeLicence, rights::Licence>("rights:RevokeLicence"),
        &[id("id", "licence_id", "Id of the licence")],
        200,
    ),
    // Items and events.
    write(
        "capture",
        "/v1/captures",
        "Records the events of one EPCIS 2.0 JSON document, which is the body",
        WRITERS,
        Transaction {
            name: "item:Capture",
            request: Some(shape::<item::Capture>()),
            private: None,
            response: shape::<item::CaptureReceipt>(),
            body_field: Some("document"),
        },
        &[query("licence_id", TEXT, "The licence under which commissioned items are made")],
        201,
    ),
    read(
        "readItem",
        "/v1/items/{id}",
        "An item as the ledger knows it now",
        call::<item::ReadItem, item::Item>("item:Read"),
        &[ITEM],
    ),
    read(
        "readEvents",
        "/v1/items/{id}/events",
        "The events that name an item",
        call::<item::ReadEvents, item::EventPage>("item:Events"),
        &[ITEM, query("skip", NUMBER, "How many events to skip"), query("limit", PAGE, "How many events to answer")],
    ),
    read(
        "traceItem",
        "/v1/items/{id}/trace",
        "Where an item comes from, or where it went, and who was responsible at every moment",
        call::<item::TraceItem, item::Trace>("item:Trace"),
        &[ITEM, required("direction", "backward or forward")],
    ),
    read(
        "readAlarms",
        "/v1/alarms",
        "Records that contradict one another",
        call::<item::ReadAlarms, item::AlarmPage>("item:Alarms"),
        &[
            query("item", TEXT, "Only those of this item"),
            query("open_only", FLAG, "Leave out those that stand no longer"),
            query("limit", PAGE, "How many to answer"),
            query("after", TEXT, "The `next` of the page before"),
        ],
    ),
    read(
        "readAlarm",
        "/v1/alarms/{id}",
        "One alarm",
        call::<item::ReadAlarm, item::Alarm>("item:ReadAlarm"),
        &[id("id", "alarm_id", "Id of the alarm")],
    ),
    write(
        "closeAlarm",
        "/v1/alarms/{id}/closure",
        "Closes an alarm that a customs authority has looked into",
        AUTHORITIES,
        call::<item::CloseAlarm, item::Alarm>("item:CloseAlarm"),
        &[id("id", "alarm_id", "Id of the alarm")],
        200,
    ),
    // Custody.
    write(
        "offerCustody",
        "/v1/custody-transfers",
        "Offers items to another enterprise",
        WRITERS,
        call::<custody::Offer, custody::Handover>("custody:Offer"),
        &[],
        201,
    ),
    read(
        "readCustodyTransfer",
        "/v1/custody-transfers/{id}",
        "One handover",
        call::<custody::ReadOffer, custody::Handover>("custody:Read"),
        &[id("id", "offer_id", "Id of the offer")],
    ),
    write(
        "acceptCustody",
        "/v1/custody-transfers/{id}/accept",
        "Takes the offered items",
        WRITERS,
        call::<custody::Accept, custody::Handover>("custody:Accept"),
        &[id("id", "offer_id", "Id of the offer")],
        200,
    ),
    write(
        "rejectCustody",
        "/v1/custody-transfers/{id}/reject",
        "Does not take the offered items",
        WRITERS,
        call::<custody::Reject, custody::Handover>("custody:Reject"),
        &[id("id", "offer_id", "Id of the offer")],
        200,
    ),
    write(
        "withdrawCustody",
        "/v1/custody-transfers/{id}/withdraw",
        "Takes an open offer back",
        WRITERS,
        call::<custody::Withdraw, custody::Handover>("custody:Withdraw"),
        &[id("id", "offer_id", "Id of the offer")],
        200,
    ),
    // Evidence.
    write(
        "depositEvidence",
        "/v1/evidence",
        "Deposits the hash of an original",
        WRITERS,
        call::<evidence::Deposit, evidence::Evidence>("evidence:Deposit"),
        &[],
        201,
    ),
    read(
        "readEvidence",
        "/v1/evidence/{id}",
        "One deposit",
        call::<evidence::ReadEvidence, evidence::Evidence>("evidence:Read"),
        &[id("id", "sha256", "SHA-256 of the original, 64 hexadecimal digits")],
    ),
    read(
        "verifyEvidence",
        "/v1/evidence/{id}/verification",
        "Whether exactly this original was deposited, since when and by whom",
        call::<evidence::VerifyEvidence, evidence::EvidenceCheck>("evidence:Verify"),
        &[id("id", "sha256", "SHA-256 of the file in hand, 64 hexadecimal digits")],
    ),
    // Customs.
    write(
        "publishTariff",
        "/v1/tariffs",
        "Publishes a version of a tariff and its rules",
        AUTHORITIES,
        call::<customs::PublishTariff, customs::Tariff>("customs:PublishTariff"),
        &[],
        201,
    ),
    read(
        "readTariff",
        "/v1/tariffs/{id}",
        "A version of a tariff: one by number, the one of a day, or the newest",
        call::<customs::ReadTariff, customs::Tariff>("customs:ReadTariff"),
        &[
            id("id", "tariff_id", "Id of the tariff"),
            query("version", NUMBER, "Exactly this version"),
            query("on", TEXT, "The version that applies on this day, YYYY-MM-DD"),
        ],
    ),
    write(
        "fileDeclaration",
        "/v1/declarations",
        "Files a declaration whose value is only committed",
        ENTERPRISES,
        private_call::<customs::FileDeclaration, customs::DeclarationOpening, customs::Declaration>(
            "customs:FileDeclaration",
            false,
            Endorsing::CallerAndAuthority,
        ),
        &[],
        201,
    ),
    read(
        "readDeclaration",
        "/v1/declarations/{id}",
        "One declaration",
        call::<customs::ReadDeclaration, customs::Declaration>("customs:ReadDeclaration"),
        &[id("id", "declaration_id", "Id of the declaration")],
    ),
    write(
        "assessDeclaration",
        "/v1/declarations/{id}/assessment",
        "Decides by the rules in force on the day of acceptance",
        AUTHORITIES,
        call::<customs::Assess, customs::Decision>("customs:Assess"),
        &[id("id", "declaration_id", "Id of the declaration")],
        201,
    ),
    read(
        "readDecision",
        "/v1/declarations/{id}/decision",
        "A decision with all it rests on",
        call::<customs::ReadDecision, customs::Decision>("customs:ReadDecision"),
        &[
            id("id", "declaration_id", "Id of the declaration"),
            query("number", NUMBER, "Which decision, from 1; the last one when absent"),
        ],
    ),
    read(
        "replayDecision",
        "/v1/declarations/{id}/replay",
        "Decides again from the stored facts",
        call::<customs::Replay, customs::ReplayedDecision>("customs:Replay"),
        &[
            id("id", "declaration_id", "Id of the declaration"),
            query("number", NUMBER, "Which decision, from 1; the last one when absent"),
            query("on", TEXT, "As if accepted on this day, YYYY-MM-DD"),
            query("tariff_version", NUMBER, "With this version of the tariff"),
        ],
    ),
    // Payment.
    write(
        "issueInvoice",
        "/v1/invoices",
        "Issues an invoice whose total is only committed",
        ENTERPRISES,
        private_call::<payment::IssueInvoice, payment::AmountOpening, payment::Invoice>(
            "payment:IssueInvoice",
            true,
            Endorsing::CallerAnd("buyer"),
        ),
        &[],
        201,
    ),
    read(
        "readInvoice",
        "/v1/invoices/{id}",
        "One invoice",
        call::<payment::ReadInvoice, payment::Invoice>("payment:ReadInvoice"),
        &[id("id", "invoice_id", "Id of the invoice")],
    ),
    write(
        "recordEntry",
        "/v1/statement-entries",
        "Reports an entry of a customer's account whose amount is only committed",
        ENTERPRISES,
        private_call::<payment::RecordEntry, payment::AmountOpening, payment::Entry>(
            "payment:RecordEntry",
            true,
            Endorsing::CallerAnd("account_holder"),
        ),
        &[],
        201,
    ),
    read(
        "readEntry",
        "/v1/statement-entries/{id}",
        "One entry",
        call::<payment::ReadEntry, payment::Entry>("payment:ReadEntry"),
        &[id("id", "entry_id", "Id of the entry")],
    ),
    write(
        "settle",
        "/v1/settlements",
        "Shows that an entry pays an invoice within tolerance",
        ENTERPRISES,
        call::<payment::Settle, payment::Settlement>("payment:Settle"),
        &[],
        201,
    ),
    read(
        "readSettlement",
        "/v1/settlements/{id}",
        "The settlement of an invoice",
        call::<payment::ReadInvoice, payment::Settlement>("payment:ReadSettlement"),
        &[id("id", "invoice_id", "Id of the invoice")],
    ),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn operations_and_places_are_unique() {
        let operations: BTreeSet<_> = all().iter().map(|route| route.operation).collect();
        let places: BTreeSet<_> = all().iter().map(|route| (route.method, route.path)).collect();
        assert_eq!((operations.len(), places.len()), (all().len(), all().len()));
    }

    #[test]
    fn a_regulator_is_on_no_list_of_a_writing_route() {
        for route in all().iter().filter(|route| route.is_write()) {
            assert!(!route.access.permits(Role::Regulator), "{}", route.operation);
            assert!(matches!(route.access, Access::Members(_)), "{} is public", route.operation);
        }
    }

    #[test]
    fn every_parameter_of_a_path_is_described_and_no_other() {
        for route in all() {
            let named: BTreeSet<_> =
                route.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).collect();
            let described: BTreeSet<_> =
                route.parameters.iter().filter(|p| p.place == Place::Path).map(|p| p.name).collect();
            assert_eq!(named, described, "{}", route.operation);
        }
    }

    #[test]
    fn only_the_public_page_reads_the_ledger_without_identity() {
        for route in all().iter().filter(|route| route.access == Access::Public) {
            let expected =
                matches!(route.action, Action::Health | Action::Ready | Action::OpenApi | Action::ConsumerPage);
            assert!(expected, "{}", route.operation);
        }
    }

    #[test]
    fn every_parameter_becomes_a_field_of_its_request() {
        for route in all() {
            let Some(request) = route.transaction().and_then(|transaction| transaction.request) else { continue };
            let schema = (request.inline)(&mut SchemaGenerator::default());
            let properties = schema.get("properties").and_then(Value::as_object).expect("requests are objects");
            for field in route.parameters.iter().filter_map(|parameter| parameter.field) {
                assert!(properties.contains_key(field), "{}: {field}", route.operation);
            }
        }
    }
}
