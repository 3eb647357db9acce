//! What the audit log answers, and what its anchoring asks of the gateway's state.

use trade_model::{
    Transaction as _,
    evidence::{EvidenceCheck, VerifyEvidence},
};
use trade_standards::time::UtcTime;

use super::{
    core::{Service, failed, to_bytes},
    indexed::{named, number, paged, refused},
};
use crate::{
    answer::Answer,
    audit::{AuditAnswer, AuditError, AuditHead, AuditPlace, AuditReader, Wanted},
    members::{OutOfService, Principal},
    operators,
    problem::{Problem, ProblemCode},
    request::Parts,
    settings::Role,
    time::now,
};

/// Most lines of a page.
const LINES_MAX: u32 = 1_001;

impl Service {
    /// A page of the audit log. It names people of all organizations, so it is for the one that runs the gateway.
    pub(super) async fn audit_lines(&self, caller: &Principal, parts: &Parts) -> Result<Answer, Problem> {
        if caller.msp_id != self.settings.service.msp_id {
            return Err(Problem::of(ProblemCode::AuditForeign));
        }
        let (wanted, place, limit) = self.wanted_lines(parts)?;
        let reader = self.audit.clone();
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let page = away(move || reader.page(&wanted, place, limit)).await?.map_err(|error| unreadable(&error))?;
        let answer = AuditAnswer::from(page);
        Ok(paged(Answer::json(200, &answer), parts, answer.next.as_deref()))
    }

    fn wanted_lines(&self, parts: &Parts) -> Result<(Wanted, Option<AuditPlace>, u32), Problem> {
        let [from, to, organization, subject, certificate_sha256, route, resource, status, outcome, id, after, limit] =
            named(
                parts,
                [
                    "from",
                    "to",
                    "organization",
                    "subject",
                    "certificate_sha256",
                    "route",
                    "resource",
                    "status",
                    "outcome",
                    "transaction_id",
                    "after",
                    "limit",
                ],
            )?;
        let limit = self.limit(limit.as_deref(), LINES_MAX)?;
        let status = status.map(|text| number("status", Some(&text), 0, 0, 599)).transpose()?;
        let place = |text: String| text.parse().map_err(|()| refused("after", "is not the `next` of a page"));
        let wanted = Wanted {
            from: from.map(|text| moment("from", &text)).transpose()?,
            to: to.map(|text| moment("to", &text)).transpose()?,
            msp_id: organization,
            subject,
            certificate_sha256,
            route,
            resource,
            status: status.and_then(|status| u16::try_from(status).ok()),
            outcome,
            transaction_id: id,
        };
        Ok((wanted, after.map(place).transpose()?, limit))
    }

    /// What reads the audit log.
    pub(crate) fn audit(&self) -> &AuditReader {
        &self.audit
    }

    /// The gateway as a caller: the identity that signs for its own organization, with the duties in its certificate,
    /// which no table of people names. None when it holds no key of it, or the organization only reads.
    ///
    /// # Errors
    /// The identity cannot be used.
    pub(crate) fn itself(&self) -> Result<Option<Principal>, Problem> {
        let Some(member) = self.members.member(&self.settings.service.msp_id) else { return Ok(None) };
        let signer = member
            .signer()
            .map_err(|OutOfService| Problem::of(ProblemCode::OrganizationOutOfService).retry_after(30))?;
        let Some(signer) = signer.filter(|_| member.settings.role != Role::Regulator) else { return Ok(None) };
        let mut principal = self.members.authenticate(Some(signer.certificate().der()), now())?;
        let duties = operators::duties_of(&principal.attributes, None, principal.identity.certificate());
        principal.duties = duties.map_err(|_| Problem::of(ProblemCode::CertificateMalformed))?;
        Ok(Some(principal))
    }

    /// Whether the gateway's own organization has deposited a head on the ledger, as its peer says.
    ///
    /// # Errors
    /// The peer does not answer, or not as the contract does.
    pub(crate) async fn is_anchored(&self, head: &AuditHead) -> Result<bool, Problem> {
        let organization = &self.settings.service.msp_id;
        let question = to_bytes(&serde_json::json!({"sha256": head.sha256()}));
        let answer = self.service_evaluates(organization, VerifyEvidence::NAME, question).await;
        let answer = answer.map_err(|error| failed(&error))?;
        let check: EvidenceCheck = serde_json::from_slice(&answer).map_err(|error| {
            Problem::of(ProblemCode::ContractFailure).with_detail(format!("{}: {error}", VerifyEvidence::NAME))
        })?;
        // The digest is known to nobody before the first deposit, so that is on the first page.
        let is_own = |by: &str| by == organization;
        Ok(check.page.deposits.iter().any(|one| one.authenticated && is_own(one.record.deposited.by.as_str())))
    }
}

/// Does what reads files away from the threads that answer requests.
///
/// # Errors
/// The work panicked.
pub(crate) async fn away<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        tracing::error!("reading files stopped: {error}");
        Problem::of(ProblemCode::GatewayFailure)
    })
}

/// A log that is not what was written is told by its file's name; where that lies is nothing for an answer.
fn unreadable(error: &AuditError) -> Problem {
    tracing::error!("the audit log cannot be read: {error}");
    match error {
        AuditError::Unfit { path, at, fault } => {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let detail = format!("In {name}, the line that ends before byte {at}: {fault}.");
            Problem::of(ProblemCode::AuditAltered).with_detail(detail)
        }
        _ => Problem::of(ProblemCode::AuditUnavailable).retry_after(10),
    }
}

fn moment(name: &str, text: &str) -> Result<u64, Problem> {
    let moment = UtcTime::parse(text).map_err(|error| refused(name, &format!("is {error}")))?;
    Ok(u64::try_from(moment.unix_seconds()).unwrap_or(0))
}
