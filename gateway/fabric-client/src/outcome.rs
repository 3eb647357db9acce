//! From a signed envelope to a verdict, whatever breaks on the way. The identical envelope may be sent any number of
//! times: its transaction id counts once. A new proposal is never made here.

use std::time::Duration;

use fabric_protos::protos::TxValidationCode;
use tokio::time::Instant;

use crate::{
    advice::{self, Advice},
    commit::{Commit, CommitStatus, Committed},
    error::ClientError,
    tracker::{CommitTracker, Watch},
    transaction::Transaction,
};

/// No pause between two sendings is longer.
const PAUSE_MAX: Duration = Duration::from_secs(8);

impl Transaction {
    /// Submits and waits for the verdict, which it asks of the peer. While the outcome is unknown, the identical
    /// envelope is sent again within the bounds of [`crate::session::Resubmission`].
    ///
    /// # Errors
    /// [`ClientError::Submit`] when the orderer refuses; [`ClientError::Commit`] when the transaction is invalid;
    /// [`ClientError::CommitStatus`] when the peer may not be asked; [`ClientError::Indeterminate`].
    pub async fn submit_and_wait(self) -> Result<Committed, ClientError> {
        let signed = self.signed()?;
        let status = by_asking(&signed).await?;
        committed(&signed, status)
    }

    /// As [`Transaction::submit_and_wait`], but the verdict comes from `tracker`, which must follow the same channel.
    /// Needs no signature beyond that of the transaction. When `tracker` sees nothing and the session has a signer, the
    /// peer is asked at last.
    ///
    /// # Errors
    /// As [`Transaction::submit_and_wait`], and [`ClientError::TrackerFull`].
    pub async fn submit_and_track(self, tracker: &CommitTracker) -> Result<Committed, ClientError> {
        let signed = self.signed()?;
        let status = by_tracking(&signed, tracker).await?;
        committed(&signed, status)
    }
}

fn committed(transaction: &Transaction, status: CommitStatus) -> Result<Committed, ClientError> {
    let CommitStatus { transaction_id, block_number, .. } = status.valid()?;
    Ok(Committed { transaction_id, result: transaction.result().to_vec(), block_number })
}

/// Submits, and asks the peer for the verdict.
async fn by_asking(transaction: &Transaction) -> Result<CommitStatus, ClientError> {
    let commit = Commit::new(transaction.session(), transaction.channel(), transaction.transaction_id()).signed()?;
    let status = resolve(transaction, Source::Peer(&commit)).await?;
    first_verdict(status, Some(&commit)).await
}

/// Submits, and waits for the block.
async fn by_tracking(transaction: &Transaction, tracker: &CommitTracker) -> Result<CommitStatus, ClientError> {
    // Watching begins before sending, so that no block can pass unseen in between.
    let mut watch = tracker.watch(transaction.transaction_id())?;
    let session = transaction.session();
    let question = || Commit::new(session, transaction.channel(), transaction.transaction_id());
    let commit = session.has_signer().then(question);
    match (resolve(transaction, Source::Blocks(&mut watch)).await, &commit) {
        (Ok(status), commit) => first_verdict(status, commit.as_ref()).await,
        // The stream may be what is broken: the peer still knows.
        (Err(unknown @ ClientError::Indeterminate { .. }), Some(commit)) => {
            commit.status_within(session.resubmission().wait).await.map_err(|_| unknown)
        }
        (Err(error), _) => Err(error),
    }
}

/// Where the verdict comes from.
enum Source<'a> {
    Peer(&'a Commit),
    Blocks(&'a mut Watch),
}

impl Source<'_> {
    async fn wait(&mut self, limit: Duration) -> Result<CommitStatus, ClientError> {
        match self {
            Self::Peer(commit) => commit.status_within(limit).await,
            Self::Blocks(watch) => watch.within(limit).await,
        }
    }
}

async fn resolve(transaction: &Transaction, mut source: Source<'_>) -> Result<CommitStatus, ClientError> {
    let patience = *transaction.session().resubmission();
    let mut pause = patience.pause;
    let mut may_be_ordered = false;
    let mut attempts = 0;
    loop {
        attempts += 1;
        let is_last = attempts >= patience.attempts;
        let mut wait = patience.wait;
        let mut last = None;
        match transaction.send().await {
            Ok(()) => may_be_ordered = true,
            Err(error) => {
                let unknown = advice::is_unknown_outcome(&error);
                let is_ordered = error.advice() == Advice::LookUp;
                may_be_ordered |= unknown && error.advice() != Advice::BackOff;
                if !unknown && !may_be_ordered {
                    return Err(ClientError::Submit(error));
                }
                last = Some(ClientError::Submit(error));
                if !is_last && !is_ordered {
                    // Perhaps nothing was ordered; sending again is cheaper than waiting in full for nothing.
                    wait = wait.min(pause);
                }
            }
        }
        let waiting_since = Instant::now();
        if may_be_ordered {
            match source.wait(wait).await {
                Ok(status) => return Ok(status),
                Err(error) if !error.advice().is_transient() => return Err(error),
                Err(error) => last = Some(error),
            }
        }
        let last = last.expect("either sending or waiting failed");
        if is_last && may_be_ordered {
            let transaction_id = transaction.transaction_id().to_owned();
            return Err(ClientError::Indeterminate { transaction_id, attempts, last: Box::new(last) });
        }
        if is_last {
            return Err(last);
        }
        tracing::warn!(
            fabric.transaction_id = transaction.transaction_id(),
            fabric.attempts = attempts,
            "outcome unknown, the identical envelope is sent again: {last}"
        );
        tokio::time::sleep(pause.saturating_sub(waiting_since.elapsed())).await;
        pause = PAUSE_MAX.min(pause * 2);
    }
}

/// A transaction id that was sent twice may stand in two blocks; what counts is the first, and the peer knows it.
async fn first_verdict(status: CommitStatus, commit: Option<&Commit>) -> Result<CommitStatus, ClientError> {
    match commit {
        Some(commit) if status.code == TxValidationCode::DuplicateTxid as i32 => commit.status().await,
        _ => Ok(status),
    }
}
