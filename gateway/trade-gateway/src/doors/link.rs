//! What a request knows about the connection on which it came.

use std::{cell::RefCell, rc::Rc, sync::Arc};

use actix_web::HttpRequest;

use super::progress::{Answering, Progress};
use crate::proxies::{Found, Proxies, Proxy};

/// Whose connection it is, by what was known when its handshake ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Of nobody who is known: it ends with its first answer.
    Stranger,
    /// Of a member who has as many as it may have: it ends with its first answer, which says so.
    Crowded,
    /// Of a member.
    Member,
    /// Of a listed proxy: its requests are its clients'.
    Proxy,
}

/// The connection of a request.
#[derive(Clone)]
pub(crate) struct Link {
    pub(super) standing: Standing,
    /// The client certificate, DER.
    pub(super) certificate: Option<Arc<[u8]>>,
    /// The listed proxy whose connection it was when its handshake ended.
    pub(super) proxy: Option<Proxy>,
    /// What was found out about the certificate last.
    pub(super) found: RefCell<Found>,
    pub(super) proxies: Arc<Proxies>,
    pub(super) progress: Rc<Progress>,
}

impl Link {
    /// The connection of this request; none on the administrative listener.
    pub(crate) fn of(request: &HttpRequest) -> Option<&Self> {
        request.conn_data::<Self>()
    }

    /// Whose connection it is.
    pub(crate) fn standing(&self) -> Standing {
        self.standing
    }

    /// The client certificate, DER; a listed proxy's is nobody's.
    pub(crate) fn certificate(&self) -> Option<&Arc<[u8]>> {
        self.certificate.as_ref().filter(|_| self.proxy.is_none())
    }

    /// The listed proxy whose connection it is, as long as it is listed and its certificate is valid at `now` (seconds
    /// since 1970). One that is listed under another name by now is none: the connection has its place under the
    /// former.
    pub(crate) fn proxy(&self, now: u64) -> Option<Proxy> {
        let mut found = self.found.borrow_mut();
        if !self.proxies.is_current(&found) {
            *found = self.proxies.find(self.certificate.as_deref(), now);
        }
        let is_valid = |proxy: &Proxy| i64::try_from(now).is_ok_and(|now| now <= proxy.not_after);
        let is_same = |proxy: &Proxy| self.proxy.as_ref().is_none_or(|first| first.name == proxy.name);
        found.proxy.clone().filter(is_valid).filter(is_same)
    }

    /// Waits for ever when the last answer was given on the connection, which is about to end. Otherwise the request
    /// begins.
    pub(crate) async fn begin(&self) {
        if !self.progress.begin() {
            std::future::pending::<()>().await;
        }
    }

    /// To be kept until the answer is sent; `is_last` says that the connection ends with it.
    pub(crate) fn answering(&self, is_last: bool) -> Answering {
        self.progress.answering(is_last)
    }
}
