//! Open signing sessions: transactions whose creator signs outside the gateway.
//!
//! Sessions live in memory only, because a proposal holds the private input. A session lost in a crash costs the caller
//! a new request and nothing else: before the second signature nothing is submitted to the orderer.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use serde_json::Value;

use crate::{
    answer::SigningStage,
    ledger::Draft,
    problem::{Problem, ProblemCode},
    proof::Record,
    store::KeyDigest,
};

/// Most bytes of proposals, transactions and results in all open sessions together; one organization may take half.
const BYTES_MAX: usize = 64 * 1024 * 1024;

/// One open session.
#[derive(Clone)]
pub(crate) struct Session {
    /// The operation id of the route.
    pub(crate) operation: &'static str,
    /// The caller's MSP id.
    pub(crate) msp_id: String,
    /// SHA-256 of the caller's certificate, hex: only its holder may go on.
    pub certificate_sha256: String,
    /// Whether the signed proposal is evaluated only.
    pub(crate) evaluates: bool,
    /// What is to be signed next.
    pub(crate) stage: SigningStage,
    /// The bytes to be signed.
    pub(crate) draft: Draft,
    /// The contract's answer, once endorsed.
    pub(crate) result: Value,
    /// The caller's signature of the proposal, once endorsed.
    pub(crate) proposal_signature: Option<Vec<u8>>,
    /// The idempotency key that led here, for a write.
    pub(crate) key: Option<KeyDigest>,
    /// The record that is to be shown with the transaction that wrote it last, for a read.
    pub(crate) record: Option<Record>,
    /// Until when the next signature is accepted, seconds since 1970.
    pub(crate) expires_at: u64,
}

/// All open sessions of a gateway.
pub(crate) struct Sessions {
    open: Mutex<Open>,
    count_max: usize,
    /// How many organizations there are: half of the room is kept for them, the same for each.
    organizations: usize,
}

#[derive(Default)]
struct Open {
    sessions: BTreeMap<String, Slot>,
    bytes: usize,
}

enum Slot {
    Waiting(Box<Session>),
    /// A signature is being worked on.
    Busy,
}

impl Sessions {
    /// Room for `count_max` sessions, of so many organizations.
    #[must_use]
    pub(crate) fn new(count_max: usize, organizations: usize) -> Self {
        Self { open: Mutex::default(), count_max, organizations }
    }

    /// Opens a session under its transaction's id.
    ///
    /// # Errors
    /// There is no room but what is kept for other organizations, or the caller's organization already takes half of
    /// it, or its certificate a quarter.
    pub(crate) fn open(&self, session: Session) -> Result<(), Problem> {
        let mut open = self.lock();
        let is_full = open.sessions.len() >= self.count_max
            || open.bytes + session.size() > BYTES_MAX
            || self.takes_what_is_kept_for_others(&open, &session)
            || self.takes_more_than(2, &open, &session, |other| other.msp_id == session.msp_id)
            || self.takes_more_than(4, &open, &session, |other| other.certificate_sha256 == session.certificate_sha256);
        if is_full {
            return Err(Problem::of(ProblemCode::SigningSessionsFull).retry_after(30));
        }
        open.insert(session);
        Ok(())
    }

    /// Whether one session more would take room that is kept for other organizations.
    fn takes_what_is_kept_for_others(&self, open: &Open, more: &Session) -> bool {
        let kept = |all: usize| (all / 2).checked_div(self.organizations).unwrap_or(0);
        let (count_kept, bytes_kept) = (kept(self.count_max), kept(BYTES_MAX));
        let mut held: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
        for session in open.sessions.values().filter_map(Slot::waiting).chain([more]) {
            let (count, bytes) = held.entry(&session.msp_id).or_default();
            (*count, *bytes) = (*count + 1, *bytes + session.size());
        }
        let beyond = |(count, bytes): (usize, usize), (own_count, own_bytes): (usize, usize)| {
            (count + own_count.saturating_sub(count_kept), bytes + own_bytes.saturating_sub(bytes_kept))
        };
        let own = held.get(more.msp_id.as_str()).copied().unwrap_or_default();
        let (count, bytes) = held.into_values().fold((0, 0), beyond);
        own.0 > count_kept && count > self.count_max - self.organizations * count_kept
            || own.1 > bytes_kept && bytes > BYTES_MAX - self.organizations * bytes_kept
    }

    /// Whether the sessions of some callers, with one more, would take more than one part in `parts` of the room. The
    /// first session always fits.
    fn takes_more_than(&self, parts: usize, open: &Open, more: &Session, own: impl Fn(&Session) -> bool) -> bool {
        let own = open.sessions.values().filter_map(Slot::waiting).filter(|other| own(other));
        let (count, bytes) = own.fold((0, 0), |(count, bytes), other| (count + 1, bytes + other.size()));
        count > 0 && (count >= self.count_max.div_ceil(parts) || bytes + more.size() > BYTES_MAX / parts)
    }

    /// Takes a session out while a signature is worked on.
    ///
    /// # Errors
    /// There is no such session for this certificate at this stage, it has expired, or it is being worked on.
    pub(crate) fn take(
        &self,
        transaction_id: &str,
        certificate_sha256: &str,
        stage: SigningStage,
        now: u64,
    ) -> Result<Session, Problem> {
        let unknown = || Problem::of(ProblemCode::SigningUnknown);
        let mut open = self.lock();
        match open.sessions.get(transaction_id) {
            None => return Err(unknown()),
            Some(Slot::Busy) => {
                return Err(Problem::of(ProblemCode::SigningInProgress).retry_after(1));
            }
            Some(Slot::Waiting(session)) if session.certificate_sha256 != certificate_sha256 => return Err(unknown()),
            Some(Slot::Waiting(session)) if session.stage != stage => {
                return Err(Problem::of(ProblemCode::SigningStage).with_detail(format!(
                    "The transaction waits for the signature of its {}.",
                    session.stage.as_str()
                )));
            }
            Some(Slot::Waiting(session)) if session.expires_at < now => {
                return Err(Problem::of(ProblemCode::SigningExpired)
                    .with_detail("Nothing was written. Send the request again to get a new proposal."));
            }
            Some(Slot::Waiting(_)) => {}
        }
        match open.sessions.insert(transaction_id.to_owned(), Slot::Busy) {
            Some(Slot::Waiting(session)) => {
                open.bytes -= session.size();
                Ok(*session)
            }
            _ => Err(unknown()),
        }
    }

    /// Ends a session that waits for a signature of this certificate; none when there is no such session.
    ///
    /// # Errors
    /// A signature is being worked on.
    pub(crate) fn cancel(&self, transaction_id: &str, certificate_sha256: &str) -> Result<Option<Session>, Problem> {
        let mut open = self.lock();
        match open.sessions.get(transaction_id) {
            Some(Slot::Busy) => Err(Problem::of(ProblemCode::SigningInProgress).retry_after(1)),
            Some(Slot::Waiting(session)) if session.certificate_sha256 == certificate_sha256 => {
                let ended = open.sessions.remove(transaction_id);
                let Some(Slot::Waiting(session)) = ended else { return Ok(None) };
                open.bytes -= session.size();
                Ok(Some(*session))
            }
            _ => Ok(None),
        }
    }

    /// Puts a session back, to wait for the same or the next signature.
    pub(crate) fn put_back(&self, session: Session) {
        self.lock().insert(session);
    }

    /// Ends a session that was taken.
    pub(crate) fn close(&self, transaction_id: &str) {
        let mut open = self.lock();
        if let Some(Slot::Waiting(session)) = open.sessions.remove(transaction_id) {
            open.bytes -= session.size();
        }
    }

    /// The waiting session that an idempotency key led to; its repeated request is answered with the same step.
    #[must_use]
    pub(crate) fn by_key(&self, key: &KeyDigest) -> Option<Session> {
        self.lock().sessions.values().find_map(|slot| match slot {
            Slot::Waiting(session) if session.key.as_ref() == Some(key) => Some((**session).clone()),
            _ => None,
        })
    }

    /// Ends expired sessions and gives back the keys that led to them.
    pub(crate) fn expire(&self, now: u64) -> Vec<KeyDigest> {
        let mut open = self.lock();
        let expired: Vec<String> = open
            .sessions
            .iter()
            .filter(|(_, slot)| matches!(slot, Slot::Waiting(session) if session.expires_at < now))
            .map(|(id, _)| id.clone())
            .collect();
        let mut keys = Vec::new();
        for id in expired {
            if let Some(Slot::Waiting(session)) = open.sessions.remove(&id) {
                open.bytes -= session.size();
                keys.extend(session.key);
            }
        }
        keys
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    fn insert(&mut self, session: Session) {
        self.bytes += session.size();
        let former = self.sessions.insert(session.draft.transaction_id.clone(), Slot::Waiting(Box::new(session)));
        if let Some(Slot::Waiting(former)) = former {
            self.bytes -= former.size();
        }
    }
}

impl Slot {
    fn waiting(&self) -> Option<&Session> {
        match self {
            Self::Waiting(session) => Some(session),
            Self::Busy => None,
        }
    }
}

impl Session {
    /// What it takes in memory, in bytes; a parsed result takes more than its text, so its text counts twice.
    fn size(&self) -> usize {
        let result = if self.result.is_null() { 0 } else { 2 * self.result.to_string().len() };
        self.draft.bytes.len() + self.draft.message.len() + result + 1_024
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(id: &str, expires_at: u64) -> Session {
        Session {
            operation: "capture",
            msp_id: "AMSP".to_owned(),
            certificate_sha256: "aa".to_owned(),
            evaluates: false,
            stage: SigningStage::Proposal,
            draft: Draft { transaction_id: id.to_owned(), bytes: vec![1], message: vec![2] },
            result: Value::Null,
            proposal_signature: None,
            key: None,
            record: None,
            expires_at,
        }
    }

    #[test]
    fn a_session_is_taken_by_its_own_certificate_at_its_own_stage_only() -> Result<(), Problem> {
        let sessions = Sessions::new(10, 0);
        sessions.open(session("t1", 100))?;
        let code = |certificate: &str, stage, now| {
            sessions.take("t1", certificate, stage, now).err().map(|problem| problem.code)
        };
        assert_eq!(code("bb", SigningStage::Proposal, 1).as_deref(), Some("signing_unknown"));
        assert_eq!(code("aa", SigningStage::Transaction, 1).as_deref(), Some("signing_stage"));
        assert_eq!(code("aa", SigningStage::Proposal, 101).as_deref(), Some("signing_expired"));
        let taken = sessions.take("t1", "aa", SigningStage::Proposal, 1)?;
        assert_eq!(code("aa", SigningStage::Proposal, 1).as_deref(), Some("signing_in_progress"));
        sessions.put_back(taken);
        assert_eq!(code("aa", SigningStage::Proposal, 1), None);
        sessions.close("t1");
        assert_eq!(code("aa", SigningStage::Proposal, 1).as_deref(), Some("signing_unknown"));
        assert_eq!(sessions.lock().bytes, 0);
        Ok(())
    }

    #[test]
    fn one_organization_fills_half_of_the_bytes_and_leaves_the_rest_to_others() {
        let sessions = Sessions::new(1_000, 0);
        let of = |msp_id: &str, id: usize| {
            let bytes = vec![0; BYTES_MAX / 16];
            let draft = Draft { transaction_id: format!("{msp_id}{id}"), bytes, message: Vec::new() };
            let certificate_sha256 = format!("{msp_id}{}", id / 3);
            Session { msp_id: msp_id.to_owned(), certificate_sha256, draft, ..session("", 100) }
        };
        let opened = (0..32).take_while(|id| sessions.open(of("AMSP", *id)).is_ok()).count();
        assert_eq!(opened, 7, "half of the bytes, of which each session takes a little more than a sixteenth");
        assert!(sessions.open(of("BMSP", 0)).is_ok());
        sessions.expire(101);
        assert_eq!(sessions.lock().bytes, 0);
    }

    #[test]
    fn a_result_takes_room_too() -> Result<(), Problem> {
        let sessions = Sessions::new(10, 0);
        let waiting = Session { result: Value::String("x".repeat(5_000)), ..session("t1", 100) };
        sessions.put_back(waiting);
        assert!(sessions.lock().bytes > 5_000);
        sessions.take("t1", "aa", SigningStage::Proposal, 1)?;
        assert_eq!(sessions.lock().bytes, 0);
        Ok(())
    }

    #[test]
    fn room_is_bounded_and_comes_back_with_expiry() -> Result<(), Problem> {
        let sessions = Sessions::new(8, 0);
        sessions.open(session("t1", 5))?;
        sessions.open(session("t2", 50))?;
        assert_eq!(sessions.open(session("t3", 50)).expect_err("full").status, 503);
        sessions.expire(6);
        sessions.open(session("t3", 50))?;
        Ok(())
    }

    #[test]
    fn two_organizations_leave_room_for_a_third() {
        // The second row is the control: nothing is kept for anybody.
        for (organizations, comes_in) in [(4, true), (0, false)] {
            let sessions = Sessions::new(80, organizations);
            let of = |msp_id: &str, certificate: &str, number: usize| Session {
                msp_id: msp_id.to_owned(),
                certificate_sha256: format!("{msp_id} {certificate}"),
                ..session(&format!("{msp_id} {certificate} {number}"), 100)
            };
            for msp_id in ["AMSP", "BMSP"] {
                for certificate in ["1", "2", "3", "4"] {
                    (0..).take_while(|number| sessions.open(of(msp_id, certificate, *number)).is_ok()).for_each(drop);
                }
            }
            let honest = (0..10).filter(|number| sessions.open(of("CMSP", "1", *number)).is_ok()).count();
            assert_eq!(honest, if comes_in { 10 } else { 0 });
        }
    }
}
