//! Events as they are committed: what a stream gives next.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::watch,
    time::{Instant, sleep},
};
use trade_index::{EventId, EventNames};

use super::{
    core::Service,
    indexed::{Place, in_time, names_and},
};
use crate::{
    index::{EventRow, Moves, Open},
    members::Principal,
    problem::{Problem, ProblemCode},
    request::Parts,
    time::now,
};

/// Events that are read at once.
const BATCH: u32 = 100;

/// How long nothing is said on a stream without events. That a client is gone is noticed by what it does not take, and
/// proxies cut connections that are silent for 30 s and more.
const HEARTBEAT: Duration = Duration::from_secs(5);

/// How long at most until the database is looked at again. Another gateway may have taken a block into it.
const LOOK: Duration = Duration::from_secs(1);

/// How old may be what is known of the caller.
const KNOWN: Duration = Duration::from_secs(5);

/// A stream of events to one caller.
pub(crate) struct EventStream {
    service: Arc<Service>,
    caller: Principal,
    open: Open,
    names: EventNames,
    after: Option<EventId>,
    moves: Moves,
    stopping: watch::Receiver<bool>,
    /// When the caller was last found to be one who may read.
    known: Instant,
}

/// What a stream gives.
pub(crate) enum Streamed {
    /// Events, at least one.
    Events(Vec<EventRow>),
    /// There was none for a while.
    Nothing,
    /// It ends, since nothing more can be read, or by this caller.
    End(Problem),
}

impl Service {
    /// A stream of events, from where the caller says.
    ///
    /// # Errors
    /// A parameter is malformed, or the caller may not read, or the index cannot be read.
    pub(crate) async fn event_stream(self: Arc<Self>, caller: Principal, parts: Parts) -> Result<EventStream, Problem> {
        let (names, [after]) = names_and(&parts, ["after"])?;
        // A client that connects again says with the header how far it got, and asks for the same address.
        let after = Place::parse(parts.last_event_id.as_deref().or(after.as_deref()))?;
        let open = self.readable(&caller).await?.clone();
        let after = after.event(&open).await?;
        let (moves, stopping) = (self.index.moves(), self.stopping().subscribe());
        Ok(EventStream { service: self, caller, open, names, after, moves, stopping, known: Instant::now() })
    }
}

impl EventStream {
    /// What comes next; waits for it.
    pub(crate) async fn next(&mut self) -> Streamed {
        let silent_since = Instant::now();
        loop {
            match self.look().await {
                Err(problem) => return Streamed::End(problem),
                Ok(events) if !events.is_empty() => return Streamed::Events(events),
                Ok(_) if silent_since.elapsed() >= HEARTBEAT => return Streamed::Nothing,
                Ok(_) => {}
            }
        }
    }

    /// The next events that are wanted. None may mean that others were read over.
    async fn look(&mut self) -> Result<Vec<EventRow>, Problem> {
        if *self.stopping.borrow_and_update() {
            return Err(Problem::of(ProblemCode::GatewayBusy).with_detail("The gateway stops."));
        }
        self.know_caller().await?;
        // Read unfiltered, so that what is not wanted is read over once.
        let page = in_time(self.open.store.events(self.open.reader, self.after, &EventNames::default(), BATCH)).await?;
        let Some(last) = page.events.last() else {
            self.pause().await;
            return Ok(Vec::new());
        };
        self.after = Some(last.id);
        let wanted = page.events.into_iter().filter(|event| self.names.admit(&event.name));
        Ok(wanted.map(EventRow::from).collect())
    }

    /// Ends the stream of who is no member any more, or another organization's; whose certificate was revoked or has
    /// ended, or the access token, or the certificate of the proxy; or whose organization has left the channel.
    async fn know_caller(&mut self) -> Result<(), Problem> {
        if let Some(end) = self.caller.until.filter(|end| end.at <= now()) {
            return Err(Problem::of(end.problem));
        }
        if self.known.elapsed() >= KNOWN {
            let certificate = self.caller.certificate.der();
            let known = self.service.members.authenticate(Some(certificate), now())?;
            if known.msp_id != self.caller.msp_id {
                return Err(Problem::of(ProblemCode::CertificateUntrusted)
                    .with_detail("It belongs to another organization now."));
            }
            self.service.readable(&self.caller).await?;
            self.known = Instant::now();
        }
        Ok(())
    }

    async fn pause(&mut self) {
        tokio::select! {
            () = self.moves.next() => {}
            _ = self.stopping.changed() => {}
            () = sleep(LOOK) => {}
        }
    }
}
