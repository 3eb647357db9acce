//! Where messages of gRPC begin and end in the body of a request: a flag, the length in four bytes, the message.

use std::ops::AddAssign;

/// The flag and the length.
const PREFIX_BYTES: usize = 5;

/// How a body is divided into messages.
#[derive(Debug)]
pub(super) enum Framing {
    /// Messages of gRPC.
    Messages(Prefix),
    /// The whole body is one message.
    Whole,
}

/// How far the message is that is arriving.
#[derive(Debug, Default)]
pub(super) struct Prefix {
    bytes: [u8; PREFIX_BYTES],
    filled: usize,
    /// Bytes of the message that are still to come; counts when the prefix is filled.
    missing: usize,
}

/// What came of a part of a body.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Step {
    /// Bytes of messages that began, as they announced them.
    pub(super) announced: usize,
    /// Bytes of messages that are complete, as they had announced them.
    pub(super) complete: usize,
    /// Messages that are complete.
    pub(super) messages: usize,
}

impl AddAssign for Step {
    fn add_assign(&mut self, other: Self) {
        self.announced = self.announced.saturating_add(other.announced);
        self.complete = self.complete.saturating_add(other.complete);
        self.messages += other.messages;
    }
}

impl Framing {
    /// Reads a part of the body.
    pub(super) fn read(&mut self, mut part: &[u8]) -> Step {
        let Self::Messages(prefix) = self else {
            return Step { announced: part.len(), ..Step::default() };
        };
        let mut step = Step::default();
        while !part.is_empty() {
            step += prefix.read(&mut part);
        }
        step
    }

    /// Whether nothing of a message lies here that is not complete.
    pub(super) fn is_between(&self) -> bool {
        matches!(self, Self::Messages(Prefix { filled: 0, .. }))
    }
}

impl Prefix {
    /// Reads up to the end of the prefix or of the message.
    fn read(&mut self, part: &mut &[u8]) -> Step {
        let mut step = Step::default();
        if self.filled < PREFIX_BYTES {
            let (taken, rest) = part.split_at(part.len().min(PREFIX_BYTES - self.filled));
            self.bytes[self.filled..self.filled + taken.len()].copy_from_slice(taken);
            self.filled += taken.len();
            *part = rest;
            if self.filled < PREFIX_BYTES {
                return step;
            }
            self.missing = self.length();
            step.announced = self.missing;
        }
        let taken = part.len().min(self.missing);
        *part = &part[taken..];
        self.missing -= taken;
        if self.missing == 0 {
            step.complete = self.length();
            step.messages = 1;
            self.filled = 0;
        }
        step
    }

    fn length(&self) -> usize {
        let [_, length @ ..] = self.bytes;
        usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_found_however_they_are_cut() {
        let body = b"\0\0\0\0\x03abc\0\0\0\0\0\0\0\0\0\x02de";
        for size in 1..=body.len() {
            let (mut framing, mut sum) = (Framing::Messages(Prefix::default()), Step::default());
            body.chunks(size).for_each(|part| sum += framing.read(part));
            assert_eq!(sum, Step { announced: 5, complete: 5, messages: 3 }, "parts of {size}");
            assert!(framing.is_between());
        }
    }

    #[test]
    fn a_message_is_announced_before_it_is_complete() {
        let mut framing = Framing::Messages(Prefix::default());
        assert_eq!(framing.read(b"\0\0\0\x01"), Step::default());
        assert!(!framing.is_between());
        assert_eq!(framing.read(b"\0a"), Step { announced: 256, ..Step::default() });
        assert_eq!(framing.read(&[b'a'; 254]), Step::default());
        assert_eq!(framing.read(b"a\0"), Step { complete: 256, messages: 1, ..Step::default() });
        assert!(!framing.is_between(), "the next one has begun");
    }

    #[test]
    fn any_other_body_is_one_message() {
        let mut framing = Framing::Whole;
        assert_eq!(framing.read(b"{}"), Step { announced: 2, ..Step::default() });
        assert!(!framing.is_between());
    }
}
