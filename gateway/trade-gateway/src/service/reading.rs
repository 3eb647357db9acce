//! What changes nothing: reads of the ledger, the gateway's own answers, readiness.

use std::time::{Duration, Instant};

use fabric_client::Health;
use fabric_msp::hash::sha256;
use serde_json::json;
use trade_model::{Transaction as _, governance::ReadMembers, item::ScanItem};
use trade_standards::iso20022::{CamtError, CamtLimits, parse_camt_with};

use super::{
    core::{Service, creator_of, evaluate_as, failed, log_failure, path, sign, to_bytes},
    indexed::key_of,
};
use crate::{
    answer::{Answer, EntriesOfStatement, Identity},
    consumer,
    ledger::{Cause, Draft, Evaluated, LedgerError},
    log,
    members::Principal,
    problem::{Problem, ProblemCode},
    proof::Record,
    request::{self, Arguments, Parts},
    routes::{self, Route, Transaction},
    settings::{Custody, ServiceIdentity},
    time::{now, rfc3339},
};

/// How long an answer about readiness is reused, so that asking often costs the network nothing.
const READINESS_FRESH: Duration = Duration::from_secs(2);
/// How long a peer may take to say how it is.
const HEALTH_PATIENCE: Duration = Duration::from_secs(2);

impl Service {
    pub(super) fn whoami(&self, principal: &Principal) -> Identity {
        let certificate = &principal.certificate;
        let seconds = |moment: i64| rfc3339(u64::try_from(moment).unwrap_or(0));
        let member = self.members.member(&principal.msp_id);
        let signer = member.and_then(|member| member.signer().ok().flatten());
        let creator = signer.as_ref().map_or(certificate, |signer| signer.certificate());
        Identity {
            msp_id: principal.msp_id.clone(),
            role: principal.role,
            certificate_role: principal.certificate_role.to_owned(),
            subject: principal.subject(),
            issuer: certificate.issuer().to_string(),
            organizational_units: certificate.ous().to_vec(),
            attributes: principal.attributes.clone(),
            duties: principal.duties.clone(),
            client_id: certificate.client_id(),
            certificate_sha256: principal.certificate_sha256(),
            not_before: seconds(certificate.not_before()),
            not_after: seconds(certificate.not_after()),
            custody: member.map_or(Custody::External, |member| member.settings.custody),
            creator: creator.subject().to_string(),
            creator_key_sha256: hex::encode(creator.spki_sha256()),
            channel: self.settings.channel.clone(),
            chaincode: self.settings.chaincode.clone(),
        }
    }

    /// Whether store and log can be written, Fabric answers an evaluation, and the peer does not say that it is not
    /// well. A contract's refusal is an answer.
    pub(super) async fn readiness(&self, detailed: bool) -> Answer {
        if !self.store.is_usable() {
            return Problem::of(ProblemCode::StoreUnavailable).retry_after(5).into();
        }
        if !log::is_writable() {
            return Problem::of(ProblemCode::LogUnavailable).retry_after(5).into();
        }
        let mut known = self.readiness.lock().await;
        let lacking = match *known {
            Some((when, lacking)) if when.elapsed() < READINESS_FRESH => lacking,
            _ => {
                let lacking = self.network_lacks().await;
                *known = Some((Instant::now(), lacking));
                lacking
            }
        };
        if let Some(code) = lacking {
            return Problem::of(code).retry_after(5).into();
        }
        // Whose certificate ends soon, and which organization is out of service, is nothing for a stranger.
        if detailed {
            Answer::json(200, &self.condition().await)
        } else {
            Answer::json(200, &json!({"status": "ready"}))
        }
    }

    /// What keeps the network behind this gateway from serving it.
    async fn network_lacks(&self) -> Option<ProblemCode> {
        let evaluates =
            match self.service_evaluates(self.members.service().msp_id(), ReadMembers::NAME, b"{}".to_vec()).await {
                Ok(_) => true,
                Err(error) => matches!(error.cause, Cause::Contract { status, .. } if status < 500),
            };
        if !evaluates {
            return Some(ProblemCode::NetworkUnavailable);
        }
        // With a full disk a peer still evaluates, and writes come to nothing.
        for operations in self.own_operations() {
            if !is_unwell(&operations?).await {
                return None;
            }
        }
        Some(ProblemCode::PeerUnwell)
    }

    /// Where the peers of the gateway's own organization say how they are; none for one that is not asked.
    fn own_operations(&self) -> Vec<Option<String>> {
        let ServiceIdentity { msp_id, peer_operations, .. } = &self.settings.service;
        let own = self.settings.organizations.iter().find(|one| one.msp_id == *msp_id);
        let further = own.into_iter().flat_map(|own| &own.further_peers);
        std::iter::once(peer_operations.clone()).chain(further.map(|one| one.peer_operations.clone())).collect()
    }

    /// What a gateway that is ready says about itself.
    async fn condition(&self) -> serde_json::Value {
        let expiring: Vec<_> = self
            .members
            .expiring(now())
            .into_iter()
            .map(|one| json!({"whose": one.whose, "not_after": rfc3339(u64::try_from(one.not_after).unwrap_or(0))}))
            .collect();
        json!({
            "status": "ready",
            // Which organization it is stands in the log only: its revoked members need not know.
            "membership": if self.members.is_stale() { "stale" } else { "current" },
            "out_of_service": self.members.out_of_service(),
            "expiring": expiring,
            "peers": self.peers_condition(),
            "index": self.index_condition().await,
        })
    }

    /// Which peers are up, in the order of the settings. Where they are is nothing for members.
    fn peers_condition(&self) -> Vec<serde_json::Value> {
        let standings = self.ledger.standings().into_iter();
        standings.map(|(organization, standing)| json!({"organization": organization, "up": standing.up})).collect()
    }

    pub(super) async fn consumer_page(&self, parts: &Parts) -> Result<Answer, Problem> {
        let code = consumer::Code::parse(path(parts, "gtin"), path(parts, "serial"))?;
        let argument = serde_json::json!({"item": code.digital_link()});
        let answer = self.service_evaluates(self.members.service().msp_id(), ScanItem::NAME, to_bytes(&argument)).await;
        let bytes = answer.map_err(|error| {
            log_failure(&error);
            // The public page tells nothing about the network behind it.
            let problem = Problem::from_ledger(&error);
            Problem { endorsers: Vec::new(), transaction_id: None, stage: None, ..problem }
        })?;
        consumer::answer(&code, bytes, parts.wants_html)
    }

    /// Evaluates with the gateway's own certificate at a peer of an organization, whose word is taken for the answer.
    pub(crate) async fn service_evaluates(
        &self,
        organization: &str,
        function: &str,
        argument: Vec<u8>,
    ) -> Result<Vec<u8>, LedgerError> {
        let signer = self.members.service();
        evaluate_as(self.ledger.as_ref(), signer.as_ref(), organization, function, argument).await
    }

    pub(super) fn bank_statement(&self, body: &[u8]) -> Result<Answer, Problem> {
        let limits = CamtLimits { bytes_max: self.limits().statement_body_bytes, ..CamtLimits::default() };
        match parse_camt_with(body, &limits) {
            Ok(message) => Ok(Answer::json(200, &EntriesOfStatement::new(&message, hex::encode(sha256(body))))),
            Err(error) => {
                let status = match error {
                    CamtError::NotUtf8 | CamtError::Xml { .. } => 400,
                    CamtError::TooLarge { .. } => 413,
                    _ => 422,
                };
                Err(Problem::foreign(status, error.code(), "The bank statement cannot be read")
                    .with_detail(error.to_string()))
            }
        }
    }

    pub(super) async fn evaluate(
        &self,
        route: &'static Route,
        transaction: &Transaction,
        principal: &Principal,
        parts: &Parts,
    ) -> Result<Answer, Problem> {
        let arguments = request::arguments(route, transaction, parts, &self.limits())?;
        let call = self.call(transaction, principal, &arguments).await?;
        let record = record(route, &arguments, principal, parts)?;
        let Some(signer) = self.signer(principal, arguments.caller_signs)? else {
            return self.open_session(route, principal, &call, None, record);
        };
        let draft = self.ledger.propose(&creator_of(signer.as_ref()), &call).map_err(|error| failed(&error))?;
        let signature = sign(signer.as_ref(), &draft).map_err(|error| failed(&error))?;
        let msp_id = &principal.msp_id;
        let read = self.read(msp_id, &draft, &signature, record.as_ref()).await.map_err(|error| failed(&error))?;
        self.answered(transaction.name, msp_id, &draft.transaction_id, read, record.as_ref()).await
    }

    /// What a peer answers to a signed question, with what it was read from when a record is to be proven.
    pub(super) async fn read(
        &self,
        msp_id: &str,
        draft: &Draft,
        signature: &[u8],
        record: Option<&Record>,
    ) -> Result<Evaluated, LedgerError> {
        match record {
            Some(_) => match self.ledger.evaluate_reads(msp_id, draft, signature).await {
                // As on a regulator's peers. Their gateway service would ask some other organization's, too.
                Err(error) if error.lacks_chaincode() => {
                    self.ledger.evaluate_reads(&self.settings.service.msp_id, draft, signature).await
                }
                read => read,
            },
            None => {
                let result = self.ledger.evaluate(msp_id, draft, signature).await?;
                Ok(Evaluated { result, ..Evaluated::default() })
            }
        }
    }

    /// A contract's answer with its tag, and with its proof when that is asked for.
    pub(super) async fn answered(
        &self,
        function: &str,
        msp_id: &str,
        transaction_id: &str,
        mut read: Evaluated,
        record: Option<&Record>,
    ) -> Result<Answer, Problem> {
        let answer = self.evaluated(function, transaction_id, std::mem::take(&mut read.result))?;
        match record {
            Some(record) => self.proven(msp_id, record, &read, answer).await,
            None => Ok(answer),
        }
    }
}

/// The record that is to be shown with the transaction that wrote it last, if the caller asks for that.
fn record(route: &Route, arguments: &Arguments, caller: &Principal, parts: &Parts) -> Result<Option<Record>, Problem> {
    let resource = routes::record_of(route).filter(|_| arguments.with_proof);
    let record = |resource| Ok(Record { resource, key: key_of(resource, caller, parts)? });
    resource.map(record).transpose()
}

/// Whether a peer says that it is not well.
async fn is_unwell(operations: &str) -> bool {
    match fabric_client::health(operations, HEALTH_PATIENCE).await {
        Ok(Health::Well) => false,
        Ok(Health::Unwell(failed)) => {
            tracing::warn!(operations, ?failed, "the peer says that it is not well");
            true
        }
        Err(cause) => {
            // That it answers at all has just been seen.
            tracing::debug!(%cause, "the peer does not say how it is");
            false
        }
    }
}
