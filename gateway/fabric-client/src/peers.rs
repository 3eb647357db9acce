//! Several peers of one organization, of which the first that is up is asked. What one cannot answer goes to the next,
//! and back to the first as soon as that is up again.
//!
//! Peers are looked at beside the calls: each must show its newest block, and one that was down the newest block of the
//! peer that stands in for it, so that nobody reads backwards. Nothing is decided here about what may be asked twice:
//! that is said with each call.

use std::{
    future::Future,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::{
    sync::{Notify, watch},
    task::JoinHandle,
};
use tokio_stream::StreamExt;

use crate::{
    advice::Failure,
    error::ClientError,
    events::{EventError, Start},
    gateway::Gateway,
    operations::{Health, health},
};

/// How peers are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeersOptions {
    /// How long after a look a peer that is up is looked at again. Default: 5 s.
    pub every: Duration,
    /// The pause before a peer that is down is looked at again, doubled after each look. Default: 500 ms.
    pub first: Duration,
    /// The longest such pause. Default: 10 s.
    pub longest: Duration,
    /// How long a peer may take to show a block, and to say how it is. Default: 3 s.
    pub patience: Duration,
}

impl Default for PeersOptions {
    fn default() -> Self {
        Self {
            every: Duration::from_secs(5),
            first: Duration::from_millis(500),
            longest: Duration::from_secs(10),
            patience: Duration::from_secs(3),
        }
    }
}

/// How the peers of an organization stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Whether each of them is up, in their order.
    pub up: Vec<bool>,
    /// How often another peer had to stand in for the one that was asked until then.
    pub failovers: u64,
}

/// What a failed call says about the peer that was called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It has answered: no other peer is asked.
    Answered,
    /// Another peer may do better.
    Next,
    /// It cannot be reached: another peer may do better, and this one counts as down.
    Lost,
}

/// Peers of one organization; copies share what is known of them.
#[derive(Clone)]
pub struct Peers(Arc<Watched>);

/// What is known of peers, and the tasks that look at them.
struct Watched {
    shared: Arc<Shared>,
    tasks: Vec<JoinHandle<()>>,
}

struct Shared {
    peers: Vec<Peer>,
    channel: String,
    options: PeersOptions,
    standing: watch::Sender<Standing>,
}

/// A peer, as it is called.
struct Peer {
    gateway: Gateway,
    /// The operations endpoint at which it says how it is, if it is asked.
    operations: Option<String>,
    /// Told when it should be looked at before its time.
    look: Notify,
    /// Until when others are handed to first, since it did not hand on what it was handed.
    passed_over: Mutex<Option<Instant>>,
}

impl Peer {
    fn new((gateway, operations): (Gateway, Option<String>)) -> Self {
        Self { gateway, operations, look: Notify::new(), passed_over: Mutex::default() }
    }

    fn passed_over(&self) -> MutexGuard<'_, Option<Instant>> {
        self.passed_over.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl From<Gateway> for Peers {
    /// The only peer: there is nobody to stand in, and so it is not looked at.
    fn from(gateway: Gateway) -> Self {
        let peers = vec![Peer::new((gateway, None))];
        Self(Arc::new(Watched { shared: Arc::new(Shared::new(peers, "", PeersOptions::default())), tasks: Vec::new() }))
    }
}

impl Peers {
    /// The peers of an organization, each with the operations endpoint (`host:port`) at which it says how it is, where
    /// it is to be asked. `first` is asked as long as it is up. The gateways must have a signer that may read blocks of
    /// `channel`. Must be called inside a tokio runtime.
    pub fn watched(
        first: (Gateway, Option<String>),
        further: impl IntoIterator<Item = (Gateway, Option<String>)>,
        channel: &str,
        options: PeersOptions,
    ) -> Self {
        let all = std::iter::once(first).chain(further);
        let shared = Arc::new(Shared::new(all.map(Peer::new).collect(), channel, options));
        let look = |number| tokio::spawn(look_at(Arc::clone(&shared), number));
        let tasks = (0..shared.peers.len()).map(look).collect();
        Self(Arc::new(Watched { shared, tasks }))
    }

    /// How they stand, now and whenever that changes.
    pub fn standing(&self) -> watch::Receiver<Standing> {
        self.0.shared.standing.subscribe()
    }

    /// The number of the peer that is asked first now, 0 for the first, and what it is called through.
    pub fn preferred(&self) -> (usize, Gateway) {
        let number = self.0.shared.preferred();
        (number, self.0.shared.peers[number].gateway.clone())
    }

    /// Waits until another peer than number `number` is to be asked first.
    pub async fn other_than(&self, number: usize) {
        let mut standing = self.standing();
        while self.0.shared.preferred() == number {
            if standing.changed().await.is_err() {
                // Nobody looks at them any more.
                std::future::pending::<()>().await;
            }
        }
    }

    /// Says that a peer cannot be reached. It counts as up again when it shows its blocks.
    pub fn lost(&self, number: usize) {
        if !self.0.tasks.is_empty() {
            self.0.shared.set(number, Err("a call to it broke"));
        }
        self.doubt(number);
    }

    /// Has a peer looked at now.
    fn doubt(&self, number: usize) {
        if let Some(peer) = self.0.shared.peers.get(number) {
            peer.look.notify_one();
        }
    }

    /// Asks one peer after another, those that are up first, until one has answered. A call that a peer does not answer
    /// before it goes down is given up for the next peer, so only what may be asked twice is asked so.
    ///
    /// # Errors
    /// The error of the last peer that was asked.
    pub async fn ask<T, F: Future<Output = Result<T, ClientError>>>(
        &self,
        call: impl Fn(usize, Gateway) -> F,
    ) -> Result<T, ClientError> {
        self.ask_while(call, verdict).await
    }

    /// As [`Peers::ask`], of calls whose errors are read by `verdict`.
    ///
    /// # Errors
    /// As [`Peers::ask`].
    pub async fn ask_while<T, E, F: Future<Output = Result<T, E>>>(
        &self,
        call: impl Fn(usize, Gateway) -> F,
        verdict: impl Fn(&E) -> Verdict,
    ) -> Result<T, E> {
        let mut order = self.0.shared.in_order().into_iter().peekable();
        loop {
            let number = order.next().expect("each turn but the last leaves another one, and there is a first");
            let is_last = order.peek().is_none();
            let asked = call(number, self.0.shared.peers[number].gateway.clone());
            let answer = tokio::select! {
                answer = asked => answer,
                () = self.goes_down(number), if !is_last => continue,
            };
            match answer {
                Err(error) if self.goes_on(number, verdict(&error)) && !is_last => {}
                answer => return answer,
            }
        }
    }

    /// Hands to one peer what must not be repeated before it is known what has become of it. Only a peer that is at its
    /// limit, and so has not taken it, is passed over at once; one that leaves it open is for a while the last to which
    /// anything is handed.
    ///
    /// # Errors
    /// The error of the peer that may have taken it, or of the last one that did not.
    pub async fn hand_over<T, F: Future<Output = Result<T, ClientError>>>(
        &self,
        call: impl Fn(usize, Gateway) -> F,
    ) -> Result<T, ClientError> {
        let mut order = self.0.shared.order_of_hand_over().into_iter().peekable();
        loop {
            let number = order.next().expect("each turn but the last leaves another one, and there is a first");
            let peer = &self.0.shared.peers[number];
            let error = match call(number, peer.gateway.clone()).await {
                Ok(taken) => return Ok(taken),
                Err(error) => error,
            };
            let goes_on = self.goes_on(number, verdict(&error));
            if error.failure() == Some(Failure::Overloaded) && order.peek().is_some() {
                continue;
            }
            if goes_on {
                *peer.passed_over() = Some(Instant::now() + self.0.shared.options.longest);
            }
            return Err(error);
        }
    }

    /// Notes what a failed call says about a peer. Whether another one may do better.
    fn goes_on(&self, number: usize, verdict: Verdict) -> bool {
        match verdict {
            Verdict::Answered => false,
            Verdict::Next => {
                self.doubt(number);
                true
            }
            Verdict::Lost => {
                self.lost(number);
                true
            }
        }
    }

    /// Waits until a peer that is up goes down; for ever when it is down already.
    async fn goes_down(&self, number: usize) {
        let mut standing = self.standing();
        let is_up = |standing: &Standing| standing.up[number];
        if !is_up(&standing.borrow()) || standing.wait_for(|standing| !is_up(standing)).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

impl Shared {
    fn new(peers: Vec<Peer>, channel: &str, options: PeersOptions) -> Self {
        let standing = Standing { up: vec![true; peers.len()], failovers: 0 };
        Self { peers, channel: channel.to_owned(), options, standing: watch::Sender::new(standing) }
    }

    /// The numbers of all, those that are up first.
    fn in_order(&self) -> Vec<usize> {
        in_order(&self.standing.borrow().up)
    }

    /// As [`Shared::in_order`], and of those that are up the ones that are passed over last.
    fn order_of_hand_over(&self) -> Vec<usize> {
        let (mut order, up, now) = (self.in_order(), self.standing.borrow().up.clone(), Instant::now());
        let is_passed_over = |number: usize| self.peers[number].passed_over().is_some_and(|until| now < until);
        order.sort_by_key(|number| (!up[*number], is_passed_over(*number)));
        order
    }

    fn preferred(&self) -> usize {
        preferred(&self.standing.borrow().up)
    }

    /// Notes that a peer is up, or why it is not.
    fn set(&self, number: usize, found: Result<(), &str>) {
        let changed = self.standing.send_if_modified(|standing| note(standing, number, found.is_ok()));
        let (channel, address) = (&self.channel, self.peers[number].gateway.connection().address());
        match found {
            Ok(()) if changed => tracing::info!(fabric.channel = channel, address, "the peer is up again"),
            Err(reason) if changed => tracing::warn!(fabric.channel = channel, address, "the peer is down: {reason}"),
            _ => {}
        }
    }

    /// The block that a peer must show: the newest of the one that stands in for it, while it is down.
    async fn wanted_of(&self, number: usize) -> Start {
        let (is_up, asked) = (self.standing.borrow().up[number], self.preferred());
        if is_up || asked == number || !self.standing.borrow().up[asked] {
            return Start::Newest;
        }
        self.block(asked, Start::Newest).await.map_or(Start::Newest, Start::Block)
    }

    /// Whether a peer is up; otherwise why it is not.
    async fn found(&self, number: usize) -> Result<(), String> {
        match self.block(number, self.wanted_of(number).await).await {
            Err(Some(error)) if !error.is_transient() => {
                // A refusal is an answer; whose it is, those who call are told.
                tracing::debug!(%error, "a peer answers, and shows no blocks");
            }
            Err(Some(error)) => return Err(error.to_string()),
            Err(None) => return Err("it shows no block in time".to_owned()),
            Ok(_) => {}
        }
        let Some(operations) = &self.peers[number].operations else { return Ok(()) };
        match health(operations, self.options.patience).await {
            Ok(Health::Unwell(failed)) => Err(format!("it says that it is not well: {failed:?}")),
            Ok(Health::Well) => Ok(()),
            Err(error) => {
                // That it answers at all has just been seen.
                tracing::debug!(%error, "the peer does not say how it is");
                Ok(())
            }
        }
    }

    /// The number of a block that a peer shows; `None` as the error when it does not do so in time.
    async fn block(&self, number: usize, start: Start) -> Result<u64, Option<EventError>> {
        let shown = async {
            let mut blocks = self.peers[number].gateway.filtered_blocks(&self.channel).start(start).open()?;
            blocks.next().await.unwrap_or(Err(EventError::Ended))
        };
        let shown = tokio::time::timeout(self.options.patience, shown).await;
        shown.map_err(|_| None::<EventError>)?.map(|block| block.number).map_err(Some)
    }
}

/// Looks at a peer for ever.
async fn look_at(shared: Arc<Shared>, number: usize) {
    let PeersOptions { every, first, longest, .. } = shared.options;
    let mut pause = first;
    loop {
        let began = Instant::now();
        let found = shared.found(number).await;
        shared.set(number, found.as_ref().copied().map_err(String::as_str));
        let look = shared.peers[number].look.notified();
        if found.is_ok() {
            pause = first;
            // A call that broke is not looked into more often than this.
            tokio::time::sleep(first.saturating_sub(began.elapsed())).await;
            let _ = tokio::time::timeout(every, look).await;
        } else {
            tokio::time::sleep(pause).await;
            pause = longest.min(pause * 2);
        }
    }
}

/// What a failed call says about the peer that was called.
fn verdict(error: &ClientError) -> Verdict {
    match (error.failure(), error.call()) {
        (_, Some(call)) if call.connection_lost => Verdict::Lost,
        (Some(Failure::Unavailable | Failure::Overloaded), _) => Verdict::Next,
        _ => Verdict::Answered,
    }
}

fn in_order(up: &[bool]) -> Vec<usize> {
    let with = |wanted: bool| up.iter().enumerate().filter(move |(_, up)| **up == wanted).map(|(number, _)| number);
    with(true).chain(with(false)).collect()
}

fn preferred(up: &[bool]) -> usize {
    up.iter().position(|up| *up).unwrap_or(0)
}

/// Notes how a peer stands. Whether that is new.
fn note(standing: &mut Standing, number: usize, up: bool) -> bool {
    let before = preferred(&standing.up);
    let is_new = std::mem::replace(&mut standing.up[number], up) != up;
    let stands_in = before == number && !up && preferred(&standing.up) != number;
    standing.failovers += u64::from(is_new && stands_in && standing.up.contains(&true));
    is_new
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_that_are_up_are_asked_first_and_the_others_all_the_same() {
        assert_eq!(in_order(&[true, true, true]), [0, 1, 2]);
        assert_eq!(in_order(&[false, true, false]), [1, 0, 2]);
        assert_eq!(in_order(&[false, false]), [0, 1]);
        assert_eq!([preferred(&[false, true]), preferred(&[false, false])], [1, 0]);
    }

    #[test]
    fn a_failover_is_one_peer_standing_in_for_the_one_that_was_asked() {
        let mut standing = Standing { up: vec![true, true, true], failovers: 0 };
        let steps = [
            (2, false, 0), // One that nobody asked.
            (0, false, 1),
            (0, false, 1),
            (1, false, 1), // Nobody is left to stand in.
            (1, true, 1),
            (0, true, 1), // The return to the first is none.
            (0, false, 2),
        ];
        for (number, up, failovers) in steps {
            note(&mut standing, number, up);
            assert_eq!(standing.failovers, failovers, "{number} {up}");
        }
    }
}
