//! When a block is cut, by Fabric's `BatchSize`. Pure bookkeeping: the caller keeps the clock and the queue.

use fabric_config::BatchLimits;

use super::message::Message;

/// The messages of the next block.
#[derive(Debug, Default)]
pub(super) struct Cutter {
    pending: Vec<Message>,
    pending_bytes: usize,
}

impl Cutter {
    /// Takes a message and gives back the batches that are complete now, at most two.
    pub(super) fn ordered(&mut self, message: Message, limits: &BatchLimits) -> Vec<Vec<Message>> {
        let preferred = limits.preferred_max_bytes as usize;
        let mut batches = Vec::new();
        if message.size > preferred || message.is_update {
            // A large message travels alone, and so does a new configuration.
            batches.extend(self.cut());
            batches.push(vec![message]);
            return batches;
        }
        if self.pending_bytes + message.size > preferred {
            batches.extend(self.cut());
        }
        self.pending_bytes += message.size;
        self.pending.push(message);
        if self.pending.len() >= limits.max_message_count as usize {
            batches.extend(self.cut());
        }
        batches
    }

    /// Whether messages are waiting.
    pub(super) fn is_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Everything that waits, if anything does.
    pub(super) fn cut(&mut self) -> Option<Vec<Message>> {
        self.pending_bytes = 0;
        let batch = std::mem::take(&mut self.pending);
        (!batch.is_empty()).then_some(batch)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use fabric_protos::common::Envelope;

    use super::*;
    use crate::budget::Budget;

    fn limits(max_message_count: u32) -> BatchLimits {
        BatchLimits {
            max_message_count,
            absolute_max_bytes: 1000,
            preferred_max_bytes: 100,
            timeout: Duration::from_secs(1),
        }
    }

    fn message(bytes: usize) -> Message {
        let share = Budget::new(1).try_take(1).expect("room");
        Message::new(&Envelope { payload: vec![0; bytes - 1], signature: vec![0; 1] }, 0, share)
    }

    /// Feeds messages of the given sizes; returns the sizes of the batches in messages, and what is left.
    fn cut(count: u32, sizes: &[usize]) -> (Vec<usize>, usize) {
        let mut cutter = Cutter::default();
        let batches = sizes.iter().flat_map(|size| cutter.ordered(message(*size), &limits(count)));
        let batches = batches.map(|batch| batch.len()).collect();
        (batches, cutter.pending.len())
    }

    #[test]
    fn blocks_are_cut_by_count_and_by_size() {
        assert_eq!(cut(3, &[10, 10]), (vec![], 2));
        assert_eq!(cut(3, &[10, 10, 10, 10]), (vec![3], 1));
        assert_eq!(cut(1, &[10, 10]), (vec![1, 1], 0));
        // The message that would overflow begins the next block.
        assert_eq!(cut(10, &[60, 40, 1]), (vec![2], 1));
        // A message above the preferred size is alone, after what waited.
        assert_eq!(cut(10, &[10, 101, 10]), (vec![1, 1], 1));
        assert_eq!(cut(10, &[101]), (vec![1], 0));
        assert_eq!(cut(10, &[100]), (vec![], 1));
    }

    #[test]
    fn cutting_empties_the_queue() {
        let mut cutter = Cutter::default();
        assert!(cutter.cut().is_none());
        cutter.ordered(message(10), &limits(10));
        assert!(cutter.is_pending());
        assert_eq!(cutter.cut().map(|batch| batch.len()), Some(1));
        assert!(!cutter.is_pending() && cutter.pending_bytes == 0);
    }
}
