//! Whose TLS handshake is computed next. A handshake costs a server a signature, some of the dearest work that a client
//! can ask for without being known, so it is done a few at a time, and everything else that is ready goes first.

use std::{
    collections::{BTreeMap, VecDeque},
    future::{Future, poll_fn},
    net::IpAddr,
    num::NonZeroUsize,
    pin::{Pin, pin},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    thread::available_parallelism,
};

use tokio::{sync::oneshot, task::yield_now};

use super::strangers::network_of;

/// Turns for each processor: so many that a thread which is waited for does not hold up all, and so few that those
/// before a newcomer take a few milliseconds.
const PER_PROCESSOR: usize = 8;

/// Steps of handshakes that are computed at one time; those that wait come in turn, one address after the other.
#[derive(Debug)]
pub struct Turns {
    at_once: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    running: usize,
    /// The addresses that wait, in the order of their turns.
    order: VecDeque<IpAddr>,
    waiting: BTreeMap<IpAddr, VecDeque<oneshot::Sender<()>>>,
}

/// A turn; the next one begins when it is dropped.
#[derive(Debug)]
struct Turn(Arc<Turns>);

/// Waits for a turn.
struct Waiting {
    turns: Arc<Turns>,
    /// None when the turn was handed on.
    given: Option<oneshot::Receiver<()>>,
}

impl Turns {
    /// As many as this machine can do with.
    #[must_use]
    pub fn of_machine() -> Arc<Self> {
        Self::new(PER_PROCESSOR * available_parallelism().map_or(1, NonZeroUsize::get))
    }

    /// Steps that are computed at one time, at least 1.
    #[must_use]
    pub fn new(at_once: usize) -> Arc<Self> {
        Arc::new(Self { at_once: at_once.max(1), state: Mutex::default() })
    }

    /// Does some work for a client at an address. Each step of it, up to where it waits for the client, waits for a
    /// turn and lets everything else that is ready go first.
    pub async fn in_turn<T>(self: &Arc<Self>, address: IpAddr, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        loop {
            let turn = self.take(network_of(address)).await;
            yield_now().await;
            let step = poll_fn(|context| Poll::Ready(work.as_mut().poll(context))).await;
            drop(turn);
            match step {
                Poll::Ready(done) => return done,
                // Nothing is awaited between the step, which has asked to be woken, and this.
                Poll::Pending => until_woken().await,
            }
        }
    }

    async fn take(self: &Arc<Self>, address: IpAddr) -> Turn {
        let waiting = {
            let mut state = self.state();
            if state.running < self.at_once && state.order.is_empty() {
                state.running += 1;
                return Turn(Arc::clone(self));
            }
            let (give, given) = oneshot::channel();
            let own = state.waiting.entry(address).or_default();
            own.push_back(give);
            if own.len() == 1 {
                state.order.push_back(address);
            }
            Waiting { turns: Arc::clone(self), given: Some(given) }
        };
        waiting.await
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// A turn is over; the next one that still waits has it.
    fn pass_on(&mut self) {
        while let Some(give) = self.next() {
            if give.send(()).is_ok() {
                return;
            }
        }
        self.running -= 1;
    }

    fn next(&mut self) -> Option<oneshot::Sender<()>> {
        let address = self.order.pop_front()?;
        let own = self.waiting.get_mut(&address)?;
        let next = own.pop_front();
        if own.is_empty() {
            self.waiting.remove(&address);
        } else {
            self.order.push_back(address);
        }
        next
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.state().pass_on();
    }
}

impl Future for Waiting {
    type Output = Turn;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Turn> {
        match self.given.as_mut().map(|given| Pin::new(given).poll(context)) {
            // The sender ends only by giving the turn.
            Some(Poll::Ready(_)) => {
                self.given = None;
                Poll::Ready(Turn(Arc::clone(&self.turns)))
            }
            Some(Poll::Pending) | None => Poll::Pending,
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let Some(mut given) = self.given.take() else { return };
        // Under the lock nobody gives a turn, so one that was given is passed on and none is given any more.
        let mut state = self.turns.state();
        given.close();
        if given.try_recv().is_ok() {
            state.pass_on();
        }
    }
}

/// Ready when the task is woken.
async fn until_woken() {
    let mut has_slept = false;
    poll_fn(|_| match std::mem::replace(&mut has_slept, true) {
        true => Poll::Ready(()),
        false => Poll::Pending,
    })
    .await;
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    /// A request for a turn that has begun to wait, unless it has its turn at once.
    fn ask(turns: &Arc<Turns>, from: &str) -> Pin<Box<dyn Future<Output = Turn>>> {
        let (turns, from) = (Arc::clone(turns), address(from));
        let mut asked: Pin<Box<dyn Future<Output = Turn>>> = Box::pin(async move { turns.take(from).await });
        assert!(given(&mut asked).is_none(), "the turns are taken");
        asked
    }

    fn given(asked: &mut Pin<Box<dyn Future<Output = Turn>>>) -> Option<Turn> {
        match asked.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(turn) => Some(turn),
            Poll::Pending => None,
        }
    }

    #[tokio::test]
    async fn addresses_take_turns_however_many_wait_at_one() {
        let turns = Turns::new(1);
        let running = turns.take(address("192.0.2.9")).await;
        let mut flood: Vec<_> = (0..50).map(|_| ask(&turns, "192.0.2.9")).collect();
        let mut honest = ask(&turns, "192.0.2.1");
        drop(running);
        let first = given(&mut flood[0]).expect("the first that waits");
        assert!(given(&mut honest).is_none());
        drop(first);
        let honest = given(&mut honest).expect("the other address is next");
        assert!(flood.iter_mut().skip(1).all(|one| given(one).is_none()));
        // Those that gave up, with a turn and without one, keep nobody waiting.
        drop(honest);
        let last = flood.pop().expect("one that waits");
        drop(flood);
        let mut last = last;
        drop(given(&mut last).expect("the turns of those that gave up are passed on"));
        assert_eq!(turns.state().running, 0);
        assert!(turns.state().order.is_empty() && turns.state().waiting.is_empty());
    }

    #[tokio::test]
    async fn work_that_waits_for_its_client_keeps_no_turn() {
        let turns = Turns::new(1);
        let (finish, finished) = oneshot::channel();
        let slow = tokio::spawn({
            let turns = Arc::clone(&turns);
            async move { turns.in_turn(address("192.0.2.9"), finished).await }
        });
        tokio::task::yield_now().await;
        assert_eq!(turns.in_turn(address("192.0.2.1"), async { 7 }).await, 7);
        finish.send(8).expect("the slow one waits");
        assert_eq!(slow.await.expect("no panic"), Ok(8));
    }
}
