//! Which of the service's parts answers a route.

use std::sync::Arc;

use super::core::{Service, path};
use crate::{
    answer::Answer,
    condition,
    members::Principal,
    oauth::Oauth,
    openapi,
    problem::{Problem, ProblemCode},
    request::Parts,
    routes::{Action, Route},
};

impl Service {
    /// Answers an authorised request.
    pub(crate) async fn answer(
        self: &Arc<Self>,
        route: &'static Route,
        principal: Option<&Principal>,
        parts: &Parts,
    ) -> Answer {
        match self.try_answer(route, principal, parts).await {
            Ok(answer) => {
                // A record can be what it was and its last transaction another one, so an answer with proof is whole.
                let with_proof = parts.query.iter().any(|(name, _)| name == "proof");
                let known = parts.if_none_match.as_deref().filter(|_| !with_proof);
                condition::unless_known(route, known, answer)
            }
            Err(problem) => problem.into(),
        }
    }

    async fn try_answer(
        self: &Arc<Self>,
        route: &'static Route,
        principal: Option<&Principal>,
        parts: &Parts,
    ) -> Result<Answer, Problem> {
        let caller = || principal.ok_or_else(|| Problem::of(ProblemCode::CertificateMissing));
        if route.transaction().is_none() && !route.is_indexed() && !reads_its_query(&route.action) {
            no_query(parts)?;
        }
        match &route.action {
            Action::Health => Ok(Answer::json(200, &serde_json::json!({"status": "alive"}))),
            Action::Ready => Ok(self.readiness(principal.is_some()).await),
            Action::Metrics => self.metrics_text().await,
            Action::Condition => Ok(self.readiness(true).await),
            Action::OpenApi => Ok(Answer::json_bytes(200, openapi::document_bytes().to_vec())),
            Action::OpenApi30 => Ok(Answer::json_bytes(200, openapi::document_3_0_bytes().to_vec())),
            Action::ConsumerPage => self.consumer_page(parts).await,
            // Its form is answered where the connection's certificate is known.
            Action::Token => Err(Problem::of(ProblemCode::RouteUnknown)),
            Action::OauthMetadata => Ok(Answer::json(200, &self.authorization_server()?.metadata())),
            Action::OauthKeys => Ok(Answer::json(200, &self.authorization_server()?.public_keys())),
            Action::Whoami => Ok(Answer::json(200, &self.whoami(caller()?))),
            Action::Operation => self.operation(caller()?, path(parts, "id")).await,
            Action::Operations => self.operations(caller()?, parts),
            Action::CancelOperation => self.cancel_operation(caller()?, path(parts, "id")),
            Action::SignProposal => self.sign_proposal(caller()?, parts).await,
            Action::SignTransaction => self.sign_transaction(caller()?, parts).await,
            Action::AuditLines => self.audit_lines(caller()?, parts).await,
            Action::BankStatement => self.bank_statement(&parts.body),
            Action::List(resource) => self.list(resource, caller()?, parts).await,
            Action::History(resource) => self.history(resource, caller()?, parts).await,
            Action::Search => self.search(caller()?, parts).await,
            Action::LedgerEvents => self.ledger_events(caller()?, parts).await,
            Action::LedgerTransaction => self.transaction(caller()?, parts).await,
            Action::Block => self.block(caller()?, parts).await,
            Action::Webhooks => self.webhooks(caller()?).await,
            Action::Webhook => self.webhook(caller()?, parts).await,
            Action::PutWebhook => self.put_webhook(caller()?, parts).await,
            Action::RemoveWebhook => self.remove_webhook(caller()?, parts).await,
            Action::ChangeWebhookSecret => self.change_webhook_secret(caller()?, parts).await,
            Action::ReplayWebhook => self.replay_webhook(caller()?, parts).await,
            Action::WebhookDeliveries => self.webhook_deliveries(caller()?, parts).await,
            Action::Imports
            | Action::StartImport
            | Action::Import
            | Action::RemoveImport
            | Action::ImportRows
            | Action::ImportReport
            | Action::ImportTemplate
            | Action::Mappings
            | Action::Mapping
            | Action::PutMapping
            | Action::PreviewMapping => self.of_imports(&route.action, caller()?, parts).await,
            Action::Evaluate(transaction) => self.evaluate(route, transaction, caller()?, parts).await,
            Action::Submit(transaction) => self.submit(route, transaction, caller()?, parts).await,
        }
    }
}

impl Service {
    /// Answers what is asked of imports and mappings.
    async fn of_imports(&self, action: &Action, caller: &Principal, parts: &Parts) -> Result<Answer, Problem> {
        match action {
            Action::Imports => self.imports(caller),
            Action::StartImport => self.start_import(caller, parts).await,
            Action::Import => self.read_import(caller, parts),
            Action::RemoveImport => self.remove_import(caller, parts),
            Action::ImportRows => self.read_import_rows(caller, parts),
            Action::ImportReport => self.report_import(caller, parts),
            Action::ImportTemplate => self.import_template(parts),
            Action::Mappings => self.mappings(caller),
            Action::Mapping => self.read_mapping(caller, parts),
            Action::PutMapping => self.put_mapping(caller, parts),
            Action::PreviewMapping => self.preview_mapping(caller, parts).await,
            _ => Err(Problem::of(ProblemCode::RouteUnknown)),
        }
    }

    fn authorization_server(&self) -> Result<&Oauth, Problem> {
        self.oauth().ok_or_else(|| Problem::of(ProblemCode::RouteUnknown))
    }
}

/// Routes of the gateway itself that take a query, and read it themselves.
fn reads_its_query(action: &Action) -> bool {
    matches!(
        action,
        Action::WebhookDeliveries
            | Action::AuditLines
            | Action::Operations
            | Action::StartImport
            | Action::ImportRows
            | Action::Mapping
            | Action::PreviewMapping
    )
}

/// Other routes of the gateway itself take no query.
fn no_query(parts: &Parts) -> Result<(), Problem> {
    match parts.query.first() {
        None => Ok(()),
        Some((name, _)) => {
            let name: String = name.chars().take(64).filter(|character| !character.is_control()).collect();
            Err(Problem::of(ProblemCode::ParameterInvalid).with_field(name, "is not known for this route"))
        }
    }
}
