//! A source of events that survives the loss of its connection. It opens the stream again after any transient end, from
//! behind the last event that it gave out, with growing pauses in between.
//!
//! As long as the process lives, every event is given out once and in order. Over the end of the process the checkpoint
//! decides: it moves with [`Resuming::acknowledge`], so events that were given out and not acknowledged come again, and
//! none is left out. Where the reading begins is written down before the first event, so that a process which ends
//! early and begins anew does not leave out what happened in between.

use std::{future::poll_fn, pin::Pin, time::Duration};

use fabric_protos::orderer::seek_position;
use tokio::time::{Instant, sleep_until};
use tokio_stream::Stream;

use super::{
    blocks::{BlockKind, Blocks, BlocksBuilder, Filtered, number},
    chaincode::{ChaincodeEvent, ChaincodeEvents, ChaincodeEventsBuilder},
    error::EventError,
    start::Start,
};
use crate::checkpoint::{Checkpointer, Position};

/// How long to wait before opening a stream again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The first pause, doubled after each failure. Default: 100 ms.
    pub first: Duration,
    /// The longest pause. Default: 8 s.
    pub longest: Duration,
    /// Give up after this many consecutive failures; 0 = never (default). An event that arrives starts the count anew.
    pub attempts: u32,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { first: Duration::from_millis(100), longest: Duration::from_secs(8), attempts: 0 }
    }
}

/// Something that can be read from a position: chaincode events or blocks of any kind.
pub trait Feed: sealed::Opening {}

impl Feed for ChaincodeEventsBuilder {}
impl<K: BlockKind> Feed for BlocksBuilder<K> {}

impl ChaincodeEventsBuilder {
    /// Reads on after the stream breaks, from where `checkpointer` says it has got to.
    pub fn resuming<C: Checkpointer>(self, checkpointer: C) -> Resuming<Self, C> {
        Resuming::new(self, checkpointer)
    }
}

impl<K: BlockKind> BlocksBuilder<K> {
    /// Reads on after the stream breaks, from where `checkpointer` says it has got to.
    pub fn resuming<C: Checkpointer>(self, checkpointer: C) -> Resuming<Self, C> {
        Resuming::new(self, checkpointer)
    }
}

/// Events or blocks, each once, over as many streams as it takes.
pub struct Resuming<F: Feed, C> {
    feed: F,
    checkpointer: C,
    backoff: Backoff,
    /// The next event; unknown before the first opening.
    position: Option<Position>,
    state: State<F>,
    /// Failures since the last event.
    failures: u32,
    /// Something was given out that the checkpoint does not know.
    unacknowledged: bool,
}

enum State<F: Feed> {
    /// Waits for the moment, when there is one, and opens then.
    Closed(Option<Instant>),
    /// Looks for the newest block, to know where the reading begins.
    Locating(F::Locator),
    Open(F::Events),
    /// The last event was given out, or an error that is not transient.
    Ended,
}

impl<F: Feed, C: Checkpointer> Resuming<F, C> {
    fn new(feed: F, checkpointer: C) -> Self {
        Self {
            feed,
            checkpointer,
            backoff: Backoff::default(),
            position: None,
            state: State::Closed(None),
            failures: 0,
            unacknowledged: false,
        }
    }

    /// With other pauses.
    #[must_use]
    pub fn backoff(self, backoff: Backoff) -> Self {
        Self { backoff, ..self }
    }

    /// The next event; `None` after the last one that was asked for. Dropping the future loses nothing. Must be called
    /// inside a tokio runtime.
    ///
    /// # Errors
    /// [`EventError`] when nothing more can come, or when failures have become too many. After an error that is
    /// [transient](EventError::is_transient) the next call goes on trying; after another one there is only `None`.
    pub async fn next(&mut self) -> Result<Option<F::Event>, EventError> {
        loop {
            let step = match &mut self.state {
                State::Ended => return Ok(None),
                State::Closed(until) => {
                    if let Some(until) = *until {
                        sleep_until(until).await;
                    }
                    self.open()
                }
                State::Locating(locator) => match poll_fn(|context| F::located(locator, context)).await {
                    Ok(newest) => self.begin(newest),
                    Err(error) => Err(error),
                },
                State::Open(events) => match poll_fn(|context| Pin::new(&mut *events).poll_next(context)).await {
                    Some(Ok(event)) => match self.take(&event) {
                        Ok(true) => return Ok(Some(event)),
                        Ok(false) => continue,
                        Err(error) => Err(error),
                    },
                    Some(Err(error)) => Err(error),
                    None => {
                        self.state = State::Ended;
                        return Ok(None);
                    }
                },
            };
            if let Err(error) = step {
                self.failed(error)?;
            }
        }
    }

    /// Stores that everything which was given out is dealt with. Blocks for as long as the checkpointer needs.
    ///
    /// # Errors
    /// [`EventError::Checkpoint`]; the events count as not dealt with, and acknowledging may be repeated.
    pub fn acknowledge(&mut self) -> Result<(), EventError> {
        if let (true, Some(position)) = (self.unacknowledged, &self.position) {
            self.checkpointer.store(position)?;
            self.unacknowledged = false;
        }
        Ok(())
    }

    /// What comes next; `None` before the first event was asked for. A reader that keeps it in a transaction of its own
    /// can do without [`Resuming::acknowledge`].
    pub fn position(&self) -> Option<&Position> {
        self.position.as_ref()
    }

    /// How often the stream could not be opened, or broke, since the last event.
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// The checkpointer back. What was given out and not acknowledged comes again.
    pub fn into_checkpointer(self) -> C {
        self.checkpointer
    }

    fn open(&mut self) -> Result<(), EventError> {
        if self.position.is_none() {
            self.position = self.checkpointer.load()?;
        }
        let Some(position) = &self.position else {
            return match self.feed.beginning() {
                Beginning::At(position) => self.begin_at(position),
                Beginning::Relative => {
                    self.state = State::Locating(self.feed.locate()?);
                    Ok(())
                }
            };
        };
        self.state = match self.feed.open(position)? {
            Some(events) => State::Open(events),
            None => State::Ended,
        };
        Ok(())
    }

    fn begin(&mut self, newest: u64) -> Result<(), EventError> {
        self.begin_at(self.feed.relative(newest))
    }

    fn begin_at(&mut self, position: Position) -> Result<(), EventError> {
        self.checkpointer.store(&position)?;
        self.position = Some(position);
        self.state = State::Closed(None);
        Ok(())
    }

    /// Whether an event is new; then it is given out.
    fn take(&mut self, event: &F::Event) -> Result<bool, EventError> {
        let Some(position) = &self.position else { return Ok(false) };
        let Some(after) = self.feed.after(position, event)? else { return Ok(false) };
        self.position = Some(after);
        self.failures = 0;
        self.unacknowledged = true;
        Ok(true)
    }

    /// Prepares the next try, or gives the error out.
    fn failed(&mut self, error: EventError) -> Result<(), EventError> {
        if !error.is_transient() {
            self.state = State::Ended;
            return Err(error);
        }
        self.failures = self.failures.saturating_add(1);
        let Backoff { first, longest, attempts } = self.backoff;
        let doubled = 1_u32.checked_shl(self.failures - 1).and_then(|factor| first.checked_mul(factor));
        let pause = doubled.unwrap_or(longest).min(longest);
        self.state = State::Closed(Some(Instant::now() + pause));
        if attempts != 0 && self.failures.is_multiple_of(attempts) {
            return Err(error);
        }
        tracing::debug!(%error, failures = self.failures, ?pause, "a stream of events is opened again after a pause");
        Ok(())
    }
}

/// Where a feed begins when nothing is known.
pub enum Beginning {
    /// At a position.
    At(Position),
    /// At a place that depends on the newest block.
    Relative,
}

mod sealed {
    use std::task::{Context, Poll};

    use super::{Beginning, EventError, Position, Stream};

    pub trait Opening {
        type Event;
        type Events: Stream<Item = Result<Self::Event, EventError>> + Unpin;
        type Locator;

        fn beginning(&self) -> Beginning;
        fn locate(&self) -> Result<Self::Locator, EventError>;
        fn located(locator: &mut Self::Locator, context: &mut Context<'_>) -> Poll<Result<u64, EventError>>;
        fn relative(&self, newest: u64) -> Position;
        /// `None` when the position lies behind the last event that was asked for.
        fn open(&self, position: &Position) -> Result<Option<Self::Events>, EventError>;
        /// The position after an event; `None` when it has been given out before.
        fn after(&self, position: &Position, event: &Self::Event) -> Result<Option<Position>, EventError>;
    }
}

fn first_number<K: BlockKind>(
    blocks: &mut Blocks<K>,
    context: &mut std::task::Context<'_>,
) -> std::task::Poll<Result<u64, EventError>> {
    Pin::new(blocks).poll_next(context).map(|item| match item {
        Some(Ok(block)) => number::<K>(&block).ok_or(EventError::Unexpected("a block with a header")),
        Some(Err(error)) => Err(error),
        None => Err(EventError::Ended),
    })
}

impl sealed::Opening for ChaincodeEventsBuilder {
    type Event = ChaincodeEvent;
    type Events = ChaincodeEvents;
    type Locator = Blocks<Filtered>;

    fn beginning(&self) -> Beginning {
        match self.beginning().and_then(|position| position.r#type) {
            Some(seek_position::Type::Specified(at)) => {
                let transaction_id = self.after_transaction().map(str::to_owned);
                Beginning::At(Position { block_number: at.number, transaction_id })
            }
            Some(seek_position::Type::Oldest(_)) => Beginning::At(Position::block(0)),
            _ => Beginning::Relative,
        }
    }

    fn locate(&self) -> Result<Blocks<Filtered>, EventError> {
        BlocksBuilder::new(self.session(), self.channel()).start(Start::Newest).open()
    }

    fn located(
        locator: &mut Blocks<Filtered>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Result<u64, EventError>> {
        first_number(locator, context)
    }

    fn relative(&self, newest: u64) -> Position {
        match self.beginning().and_then(|position| position.r#type) {
            Some(seek_position::Type::Newest(_)) => Position::block(newest),
            _ => Position::after_block(newest),
        }
    }

    fn open(&self, position: &Position) -> Result<Option<ChaincodeEvents>, EventError> {
        let builder = self.clone();
        let number = position.block_number;
        match &position.transaction_id {
            Some(id) => builder.after(number, id),
            None => builder.after(number, ""),
        }
        .open()
        .map(Some)
    }

    fn after(&self, position: &Position, event: &ChaincodeEvent) -> Result<Option<Position>, EventError> {
        let known = event.block_number < position.block_number
            || event.block_number == position.block_number
                && position.transaction_id.as_ref() == Some(&event.transaction_id);
        Ok((!known).then(|| Position::after_transaction(event.block_number, &event.transaction_id)))
    }
}

impl<K: BlockKind> sealed::Opening for BlocksBuilder<K> {
    type Event = K::Block;
    type Events = Blocks<K>;
    type Locator = Blocks<K>;

    fn beginning(&self) -> Beginning {
        match self.beginning() {
            Start::Block(number) => Beginning::At(Position::block(number)),
            Start::Oldest => Beginning::At(Position::block(0)),
            Start::Next | Start::Newest => Beginning::Relative,
        }
    }

    fn locate(&self) -> Result<Blocks<K>, EventError> {
        self.clone().start(Start::Newest).until(u64::MAX).open()
    }

    fn located(
        locator: &mut Blocks<K>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Result<u64, EventError>> {
        first_number(locator, context)
    }

    fn relative(&self, newest: u64) -> Position {
        if self.beginning() == Start::Newest { Position::block(newest) } else { Position::after_block(newest) }
    }

    /// Blocks are read whole: a position inside a block begins with that block, as with the official SDKs.
    fn open(&self, position: &Position) -> Result<Option<Blocks<K>>, EventError> {
        if position.block_number > self.last() {
            return Ok(None);
        }
        self.clone().start(Start::Block(position.block_number)).open().map(Some)
    }

    fn after(&self, position: &Position, event: &K::Block) -> Result<Option<Position>, EventError> {
        let found = number::<K>(event).ok_or(EventError::Unexpected("a block with a header"))?;
        let expected = position.block_number;
        match found.cmp(&expected) {
            std::cmp::Ordering::Less => Ok(None),
            std::cmp::Ordering::Equal => Ok(Some(Position::after_block(found))),
            std::cmp::Ordering::Greater => Err(EventError::Gap { expected, found }),
        }
    }
}
